/** A short question to the process that leads the analysis of a folder, by a process that analyses nothing itself. Stateless. */
import path from 'node:path';
import { storeDirFor } from '../store/location.ts';
import { readAddress } from './address.ts';
import { greetingOf, type EditedParams, type EditedReply } from './messages.ts';

export interface RunningAnalysis {
  /** Absolute path of the folder that is analysed. */
  readonly root: string;
  readonly address: string;
}

/**
 * The analysis that runs for a folder.
 * @param folders absolute paths, the one that is preferred first
 * @returns undefined: none runs for any of them
 */
export async function runningAnalysis(folders: readonly string[]): Promise<RunningAnalysis | undefined> {
  const found = await Promise.all(
    folders.map(async (root) => {
      const address = await readAddress(await storeDirFor(root));
      return address === undefined ? undefined : { root, address };
    }),
  );
  return found.find((analysis) => analysis !== undefined);
}

/** The folder itself, then those above it. */
export function upwards(folder: string): readonly string[] {
  const folders = [folder];
  for (let above = path.dirname(folder); above !== folders.at(-1); above = path.dirname(above)) folders.push(above);
  return folders;
}

/**
 * @returns `gone`: nobody answers at the address; `other`: it is another version of Bulkhead
 * @throws when the connection ends before the answer
 */
export async function askAboutEdit(
  { address }: RunningAnalysis,
  params: EditedParams,
): Promise<EditedReply | 'gone' | 'other'> {
  const { Follower } = await import('./follower.ts');
  const ignore = (): void => {};
  const follower = await Follower.connect(address, greetingOf(), { changed: ignore, analyze: ignore });
  if (follower === undefined) return 'gone';
  try {
    return follower.understood ? await follower.edited(params) : 'other';
  } finally {
    follower.close();
  }
}
