/**
 * Whether an earlier answer of a tool that reads the disk still stands: an unsaved text changes nothing for it, but may
 * hide that its file was saved before.
 */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { CheckRequest } from '../protocol/detector-protocol.ts';

/** The last time that a detector read the disk. */
export interface LastRead {
  /** Of the check. */
  readonly revision: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * Whether all that changed are unsaved texts.
 * @param since revision of the result that the engine has; undefined: none
 */
export async function isAsRead(
  { root, changed, overlays }: Pick<CheckRequest, 'root' | 'changed' | 'overlays'>,
  last: LastRead | undefined,
  since: number | undefined,
): Promise<boolean> {
  const unsaved = new Set(overlays.map(({ file }) => file));
  if (!isHad(last, since) || changed?.every((file) => unsaved.has(file)) !== true) return false;
  const saved = await Promise.all([...unsaved].map((file) => wasSaved(path.join(root, file), last.at)));
  return !saved.includes(true);
}

/** Whether the engine has the answer that was made from it: answers get lost on the way. */
export function isHad(last: LastRead | undefined, since: number | undefined): last is LastRead {
  return last !== undefined && since !== undefined && last.revision <= since;
}

/** @param moment milliseconds since the epoch */
export async function wasSaved(file: string, moment: number): Promise<boolean> {
  // A new file shows in its folder, and so does one that is gone.
  const there = (await stat(file).catch(() => undefined)) ?? (await stat(path.dirname(file)).catch(() => undefined));
  // Times of files have fractions; the moment has none.
  return there === undefined || Math.floor(Math.max(there.mtimeMs, there.ctimeMs)) > moment;
}
