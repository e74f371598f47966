/** Issues as they are stored: JSON lists of limited length, by file. Stateless. */
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import type { EncodedPart } from './operations.ts';

/** About 100 KB: each is encoded and parsed without holding up the loop. */
const ISSUES_PER_PART = 500;

/** Part by part, so that the caller can let others run between. Files without issues give none. */
export function* partsOf(files: ReadonlyMap<string, readonly Issue[]>): Generator<EncodedPart> {
  for (const [file, issues] of files) {
    for (let part = 0; part * ISSUES_PER_PART < issues.length; part += 1) {
      const some = issues.slice(part * ISSUES_PER_PART, (part + 1) * ISSUES_PER_PART);
      yield { file, part, body: JSON.stringify(some) };
    }
  }
}

/** @param parts in the order of their numbers within each file */
export function addIssues(files: Map<string, readonly Issue[]>, parts: readonly EncodedPart[]): void {
  for (const { file, body } of parts) {
    // Its checksum says that it is what `partsOf` made.
    const issues = JSON.parse(body) as readonly Issue[];
    const before = files.get(file);
    files.set(file, before ? [...before, ...issues] : issues);
  }
}
