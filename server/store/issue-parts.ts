/** The stored form of issues: JSON lists of limited length, by file. Stateless. */
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import type { EncodedPart } from './operations.ts';

/** About 100 KB, which is encoded or parsed without blocking the event loop noticeably. */
const ISSUES_PER_PART = 500;

/** Yields part by part, so that the caller can yield to the event loop. A file without issues has no part. */
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
    // The checksum proves that `partsOf` made it.
    const issues = JSON.parse(body) as readonly Issue[];
    const before = files.get(file);
    files.set(file, before ? [...before, ...issues] : issues);
  }
}
