/** Which of the editor's folders are opened: a folder within another is part of its analysis, and some are too large. */
import { access, stat } from 'node:fs/promises';
import { realpathSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isWalked } from '../../workers/protocol/files.ts';
import { configurationFile } from '../configuration/read.ts';
import { isWithin } from '../is-within.ts';

export interface RootChoice {
  readonly open: readonly string[];
  /** For the user: why a folder is not opened, and the way out. */
  readonly refusals: readonly string[];
}

/**
 * @param roots real paths
 * @param exclude patterns of files that are not analysed; a folder among them is no part of the folder above it
 */
export async function chooseRoots(roots: readonly string[], exclude: readonly string[] = []): Promise<RootChoice> {
  const open: string[] = [];
  const refusals: string[] = [];
  for (const root of roots.toSorted((one, other) => one.length - other.length)) {
    const covering = await Promise.all(open.map((outer) => covers(outer, root, exclude)));
    if (covering.some(Boolean)) continue;
    const refusal = await refusalOf(root);
    if (refusal === undefined) open.push(root);
    else refusals.push(refusal);
  }
  return { open, refusals };
}

async function covers(outer: string, inner: string, exclude: readonly string[]): Promise<boolean> {
  if (!isWithin(outer, inner)) return false;
  return isWalked(outer, path.relative(outer, inner).split(path.sep).join('/'), { exclude });
}

/** Editors open the home folder or the whole disk when they find no project, and some the file that was opened. */
async function refusalOf(root: string): Promise<string | undefined> {
  const isFile = await stat(root).then(
    (found) => found.isFile(),
    () => false,
  );
  if (isFile) return `Bulkhead does not analyse ${root}, because it is a file. Open the folder of a project instead.`;
  const isDisk = path.dirname(root) === root;
  if (!isDisk && !isWithin(root, homeFolder())) return undefined;
  const isWanted = await access(path.join(root, configurationFile)).then(
    () => true,
    () => false,
  );
  if (isWanted) return undefined;
  const what = isDisk
    ? 'the root of a disk'
    : root === homeFolder()
      ? 'your home folder'
      : 'a folder above your home folder';
  return (
    `Bulkhead does not analyse ${root}, because it is ${what}. Open the folder of a project instead. ` +
    `If you mean all of it, create the file ${path.join(root, configurationFile)} with the content {}, and restart the server.`
  );
}

function homeFolder(): string {
  const home = os.homedir();
  try {
    return realpathSync(home);
  } catch {
    return home;
  }
}
