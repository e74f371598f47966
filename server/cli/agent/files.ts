/**
 * The files of a folder that agents read, as they are and as they shall be. All are planned before any is written; if one
 * cannot be written, those before it get their text back. Stateless.
 */
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, realpath, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readBytes, UnreadableFile } from '../../../workers/protocol/read-file.ts';
import { UsageError } from '../arguments.ts';

export interface PlannedFile {
  /** Relative to the folder. */
  readonly file: string;
  /** Absent: there is none. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** @returns undefined: there is none @throws UsageError when it must not be edited */
export async function textOf(root: string, file: string): Promise<string | undefined> {
  const absolute = path.join(root, file);
  const place = await realpath(absolute).catch(() => undefined);
  if (place !== undefined && path.relative(root, place).split(path.sep)[0] === '..')
    throw new UsageError(`${file} leads out of the folder, to ${place}. Nothing was changed. Edit that file by hand, or remove the link.`); // prettier-ignore
  let bytes: Uint8Array;
  try {
    bytes = await readBytes(absolute);
  } catch (error) {
    if (error instanceof UnreadableFile && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined;
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)} Nothing was changed.`, { cause: error }); // prettier-ignore
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new UsageError(`${file} is not UTF-8. Nothing was changed. Save it as UTF-8.`, { cause: error });
  }
}

/** @throws UsageError; then nothing is changed */
export async function writeAll(root: string, plans: readonly PlannedFile[]): Promise<void> {
  const written: PlannedFile[] = [];
  try {
    for (const plan of plans) {
      await write(path.join(root, plan.file), plan.after);
      written.push(plan);
    }
  } catch (error) {
    for (const { file, before } of written.reverse()) await write(path.join(root, file), before).catch(() => {});
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}. Nothing was changed.`, { cause: error }); // prettier-ignore
  }
}

/** Removes folders that are empty, the innermost first. @param folders relative to the root */
export async function removeEmpty(root: string, folders: readonly string[]): Promise<void> {
  for (const folder of folders.toSorted((one, other) => other.length - one.length))
    await rmdir(path.join(root, folder)).catch(() => {});
}

/** Readers see the old text or the new one. A link stays one. */
async function write(absolute: string, text: string | undefined): Promise<void> {
  if (text === undefined) return rm(absolute, { force: true });
  const place = await realpath(absolute).catch(() => absolute);
  await mkdir(path.dirname(place), { recursive: true });
  const mode = await stat(place).then(
    (found) => found.mode,
    () => undefined,
  );
  const beside = path.join(path.dirname(place), `.${path.basename(place)}.${randomUUID()}.tmp`);
  try {
    await writeFile(beside, text, { flag: 'wx' });
    if (mode !== undefined) await chmod(beside, mode);
    await rename(beside, place);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}
