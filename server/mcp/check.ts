/** The tool `check`: some files, what looks at each, and their issues. Pure. */
import { clipped, fitting, type Answer } from './budget.ts';
import type { Answerable } from './freshness.ts';
import { countsOf, entryOf, freshnessOf, headLines, lineOf } from './problems.ts';

/** A file that was asked about. */
export interface CheckedFile {
  readonly file: string;
  /** Of the text that was checked. Absent: there is no such file. */
  readonly hash: string | undefined;
  readonly detectors: readonly string[];
}

const levels = [
  { message: 300, name: 200, files: 20 },
  { message: 120, name: 120, files: 20 },
  { message: 40, name: 40, files: 2 },
  { message: 20, name: 20, files: 1 },
] as const;
const bare = { message: 0, name: 0, files: 0 } as const;

export function checkAnswer(files: readonly CheckedFile[], known: Answerable, maxTokens: number): Answer {
  const wanted = new Set(files.map(({ file }) => file));
  const issues = known.issues.filter(({ file }) => wanted.has(file));
  const isSettled = known.state === 'complete' || known.state === 'incomplete';
  const unchecked = isSettled ? files.filter(({ detectors }) => detectors.length === 0) : [];
  return fitting<(typeof levels)[number] | typeof bare>(maxTokens, issues.length, levels, bare, (count, detail) => {
    const head = {
      ...freshnessOf(known, detail),
      ...(isSettled || issues.length > 0 ? { counts: countsOf(issues) } : {}),
      ...(unchecked.length === 0 ? {} : { unchecked: unchecked.length }),
      ...(count < issues.length ? { omitted: issues.length - count } : {}),
    };
    const entries = issues.slice(0, count).map((issue) => entryOf(issue, detail));
    const shown = files.slice(0, detail.files).map(({ file, hash = 'no file', detectors }) => `${clipped(file, detail.name)} ${hash}${isSettled ? ` ${clipped(detectors.join(','), detail.name) || 'unchecked'}` : ''}`); // prettier-ignore
    const untrusted = {
      ...(shown.length === 0 ? {} : { files: shown }),
      ...(entries.length === 0 && !isSettled ? {} : { issues: entries }),
    };
    const notes = unchecked.length === 0 ? [] : [`${unchecked.length} files are not checked by any detector.`];
    return {
      text: [...headLines(known, head, issues), ...notes, ...shown, ...entries.map(lineOf)].join('\n'),
      structured: { ...head, untrusted },
    };
  });
}
