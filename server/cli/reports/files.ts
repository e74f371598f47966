/** Writes reports into files: whole, or not at all. */
import { closeSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeDirectory } from '../../make-directory.ts';
import { chunksOf } from './chunks.ts';

/** The report could not be written. The message names the file and the cause. */
export class ReportError extends Error {
  override readonly name = 'ReportError';
}

/** Replaces the file only when everything is written, so that a run that is killed leaves the one before. @throws ReportError */
export function writeReport(file: string, pieces: Iterable<string>): void {
  const unfinished = `${file}.${String(process.pid)}.tmp`;
  try {
    makeDirectory(path.dirname(file));
    const descriptor = openSync(unfinished, 'w');
    try {
      for (const chunk of chunksOf(pieces)) writeFileSync(descriptor, chunk);
    } finally {
      closeSync(descriptor);
    }
    renameSync(unfinished, file);
  } catch (error) {
    rmSync(unfinished, { force: true });
    const cause = error instanceof Error ? error.message : String(error);
    throw new ReportError(`The report ${file} could not be written: ${cause}`, { cause: error });
  }
}
