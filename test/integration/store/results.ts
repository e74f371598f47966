/** Results for scripts, which have no mocha around them. */
import type { UnitResult } from '../../../server/store/write-queue.ts';
import type { Issue } from '../../../workers/protocol/detector-protocol.ts';

/** A unit of one file with issues in lines 0 to `count`; the same for the same arguments. */
export function fileResult(file: string, count: number, fingerprint = `of ${file}`): UnitResult {
  const issues = Array.from({ length: count }, (_, line): Issue => ({
    ...{ detector: 'eslint', file, message: `${fingerprint}: problem in line ${line}`, rule: 'some-rule' },
    ...{ severity: 'warning', fixable: false, fingerprint: `${file}:${line}` },
    range: { start: { line, character: 2 }, end: { line, character: 9 } },
  }));
  const files = new Map(count === 0 ? [] : [[file, issues]]);
  return { detector: 'eslint', unit: file, fingerprint, engine: 'eslint 10', files };
}
