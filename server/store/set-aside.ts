/** Renames damaged files instead of deleting them, so that they can be examined. Runs in the store's thread. Stateless. */
import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

/** Endings of a database's other files: its log and the index of the log. They move together with it. */
export const companions: readonly string[] = ['-wal', '-shm'];

const DATABASE = /^(?:store|snapshot)(?:-\d+)?\.sqlite$/;
const KEPT = 2;
const MARK = '.damaged-';

/**
 * Renames `<name>` to `<name>.damaged-<time>`, with its companions. Keeps the newest two of those.
 * @returns the new name
 * @throws the error of the file system, for instance when another program holds the file (Windows)
 */
export function setAside(file: string, now: number): string {
  const last = listSetAside(file).at(-1) ?? '';
  const wanted = `${file}${MARK}${new Date(now).toISOString().replaceAll(/[-:.]/g, '')}`;
  // Names sort by age, even within a millisecond or after the clock was set back.
  const target = wanted > last ? wanted : `${last}~`;
  renameSync(file, target);
  // The database first: a log without its database is discarded, and a database without its log is only older.
  for (const ending of companions) {
    try {
      renameSync(file + ending, target + ending);
    } catch {
      // There is none.
    }
  }
  for (const old of listSetAside(file).slice(0, -KEPT)) removeDatabase(old);
  return target;
}

/** Paths of the files that were set aside, the oldest first. */
export function listSetAside(file: string): readonly string[] {
  const prefix = path.basename(file) + MARK;
  const names = readdirSync(path.dirname(file)).filter((name) => name.startsWith(prefix) && !companionOf(name));
  return names.sort().map((name) => path.join(path.dirname(file), name));
}

/** Deletes a database file with its companions. */
export function removeDatabase(file: string): void {
  for (const ending of ['', ...companions]) rmSync(file + ending, { force: true });
}

/** Deletes the databases of versions of Bulkhead that have other tables. @param unusedSince only those that are as old */
export function removeOtherVersions(dir: string, own: readonly string[], unusedSince = Number.POSITIVE_INFINITY): void {
  for (const name of readdirSync(dir)) {
    if (!DATABASE.test(name) || own.includes(name)) continue;
    const file = path.join(dir, name);
    const { mtimeMs = 0 } = statSync(file, { throwIfNoEntry: false }) ?? {};
    if (mtimeMs < unusedSince) removeDatabase(file);
  }
}

/** Distinguishes a file from a later one of the same name. @returns undefined: there is none */
export function identityOf(file: string): string | undefined {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stat && `${stat.dev}:${stat.ino}`;
}

function companionOf(name: string): boolean {
  return companions.some((ending) => name.endsWith(ending));
}
