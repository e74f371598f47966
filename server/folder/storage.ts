/** Where the results of a folder are stored between sessions, and where processes that have it open meet. Stateless. */
import { storeDirFor } from '../store/location.ts';
import { whyForeign } from '../ownership.ts';
import { openStore, type Store } from '../store/store.ts';

/** The user's cache folder, or a folder that the editor reserves for a workspace. */
export type StorageLocation = 'user-cache' | { readonly dir: string };

export interface FolderStorage {
  readonly store: Store;
  /** Absolute path; the same for all processes that have the folder open, wherever their stores are. */
  readonly sharedDir: string;
}

export type StorageLog = (level: 'warn' | 'info', message: string) => void;

/**
 * Does not reject if the disk is broken: the store then works in memory and logs why.
 * @returns undefined: another user may have put there what lies there, so nothing is stored and nothing shared
 */
export async function openStorage(
  root: string,
  location: StorageLocation = 'user-cache',
  log?: StorageLog,
): Promise<FolderStorage | undefined> {
  const sharedDir = await storeDirFor(root);
  const dir = location === 'user-cache' ? sharedDir : await storeDirFor(root, { storageDir: location.dir });
  const flaw = (await whyForeign(sharedDir)) ?? (dir === sharedDir ? undefined : await whyForeign(dir));
  if (flaw !== undefined) {
    log?.('warn', `Stored results are not used: ${flaw}. Nothing is stored, and nothing is shared with other processes. Remove it, or make it yours alone.`); // prettier-ignore
    return undefined;
  }
  const store = await openStore({ dir, locksDir: sharedDir, ...(log === undefined ? {} : { log }) });
  return { store, sharedDir };
}
