/**
 * The tool `fix`: which edits there are, and writing them.
 *
 * Invariant: a file is written only if it is in the folder, in UTF-8, and still has the text that the fixes were computed for.
 */
import { randomUUID } from 'node:crypto';
import { realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Issue, Position } from '../../workers/protocol/detector-protocol.ts';
import { textHash } from '../../workers/protocol/fingerprint.ts';
import { readBytes } from '../../workers/protocol/read-file.ts';
import { safeEditsOf, type FileEdit } from '../fixes.ts';
import { clipped, fitting, type Answer } from './budget.ts';
import type { Freshness } from './freshness.ts';
import { freshnessOf } from './problems.ts';

export interface FileFix {
  readonly file: string;
  readonly edits: readonly FileEdit[];
  /** Text before and after. */
  readonly before: string;
  readonly after: string;
}

export interface Refusal {
  readonly file: string;
  readonly why: string;
}

export interface FixPlan {
  readonly fixes: readonly FileFix[];
  readonly refused: readonly Refusal[];
}

const MARK = '\uFEFF';

/** The edits of the issues' fixes, file by file. @param root absolute path, without symbolic links */
export async function planFixes(root: string, issues: readonly Issue[]): Promise<FixPlan> {
  const plans = await Promise.all(
    [...Map.groupBy(issues, ({ file }) => file)].map(async ([file, own]): Promise<FileFix | Refusal> => {
      const edits = safeEditsOf(own);
      if (edits.length === 0) return { file, why: 'It has no safe fix within the file. See explain.' };
      try {
        const before = await currentText(root, file);
        const isCurrent = own.every(
          ({ fixes, fixedTexts }) => fixes === undefined || fixedTexts?.[file] === textHash(before),
        );
        if (!isCurrent) return { file, why: 'It has changed since it was analysed. Ask again.' };
        return { file, edits, before, after: edited(before, edits) };
      } catch (error) {
        return { file, why: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
  return {
    fixes: plans.filter((plan) => 'edits' in plan),
    refused: plans.filter((plan) => 'why' in plan),
  };
}

/** Writes each file whose text is still the same, all of it or nothing. @returns what was not written */
export async function applyFixes(root: string, fixes: readonly FileFix[]): Promise<readonly Refusal[]> {
  const refused = await Promise.all(
    fixes.map(async ({ file, before, after }): Promise<readonly Refusal[]> => {
      try {
        if ((await currentText(root, file)) !== before) return [{ file, why: 'It has changed meanwhile. Ask again.' }];
        await replace(await placeOf(root, file), after);
        return [];
      } catch (error) {
        return [{ file, why: error instanceof Error ? error.message : String(error) }];
      }
    }),
  );
  return refused.flat();
}

export function fixAnswer(known: Freshness, { fixes, refused }: FixPlan, applied: boolean, maxTokens: number): Answer {
  const entries = [
    ...refused.map(({ file, why }) => (length: number) => ({
      file: clipped(file, length),
      refused: clipped(why, length),
    })),
    ...fixes.flatMap(({ file, edits, before }) =>
      edits.map(({ range, newText }) => (length: number) => ({
        file: `${clipped(file, length)}:${range.start.line + 1}:${range.start.character + 1}`,
        old: clipped(before.slice(offsetOf(before, range.start), offsetOf(before, range.end)), length),
        new: clipped(newText, length),
      })),
    ),
  ];
  return fitting<number>(maxTokens, entries.length, [400, 120, 60, 30], 0, (count, length) => {
    const shown = entries.slice(0, count).map((entry) => entry(length));
    const facts = {
      applied,
      ...freshnessOf(known, { message: length }),
      files: fixes.length,
      edits: fixes.reduce((sum, { edits }) => sum + edits.length, 0),
      refused: refused.length,
      ...(count < entries.length ? { omitted: entries.length - count } : {}),
    };
    const verb = applied ? 'Applied' : 'Preview:';
    return {
      text: [`${verb} ${facts.edits} edits in ${facts.files} files, ${facts.refused} files refused.`, ...shown.map((entry) => JSON.stringify(entry))].join('\n'), // prettier-ignore
      structured: { ...facts, untrusted: { entries: shown } },
    };
  });
}

/** @throws Error that says why the file must not be edited */
async function currentText(root: string, file: string): Promise<string> {
  const bytes = await readBytes(await placeOf(root, file));
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    return text.decode(bytes);
  } catch {
    throw new Error('It is not UTF-8.');
  }
}

/** The file itself, whatever links lead to it. @throws Error when it is outside of the folder */
async function placeOf(root: string, file: string): Promise<string> {
  const place = await realpath(path.resolve(root, file));
  const relative = path.relative(root, place);
  if (relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative))
    throw new Error('It is outside of the folder.');
  return place;
}

/** Readers see the old text or the new one, and nothing in between. */
async function replace(place: string, text: string): Promise<void> {
  const { mode } = await stat(place);
  const beside = path.join(path.dirname(place), `.${path.basename(place).slice(0, 100)}.${randomUUID()}.tmp`);
  try {
    await writeFile(beside, text, { mode, flag: 'wx' });
    await rename(beside, place);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

/** Positions do not count a byte order mark. */
function edited(text: string, edits: readonly FileEdit[]): string {
  let result = text;
  const places = edits.map(({ range, newText }) => ({ start: offsetOf(text, range.start), end: offsetOf(text, range.end), newText })); // prettier-ignore
  for (const { start, end, newText } of places.toSorted((one, other) => other.start - one.start || other.end - one.end))
    result = result.slice(0, start) + inStyleOf(text, newText) + result.slice(end);
  return result;
}

/** A file keeps its line ends. */
function inStyleOf(text: string, newText: string): string {
  const isWindows = /\r\n/.test(text) && !/[^\r]\n/.test(text);
  return isWindows ? newText.replaceAll(/\r?\n/g, '\r\n') : newText;
}

function offsetOf(text: string, { line, character }: Position): number {
  let start = text.startsWith(MARK) ? MARK.length : 0;
  const ends = /\r\n|\n|\r/g;
  for (let at = 0; at < line; at += 1) {
    const end = ends.exec(text);
    if (end === null) return text.length;
    start = end.index + end[0].length;
  }
  return Math.min(start + character, text.length);
}
