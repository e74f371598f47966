/**
 * Whether a folder can be believed: what lies in it is read, executed upon and answered with, so nobody but this user may
 * have put it there. Stateless.
 */
import { lstatSync, type Stats } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import path from 'node:path';

export interface User {
  readonly uid: number;
  readonly gid: number;
}

const WRITABLE_BY_GROUP = 0o020;
const WRITABLE_BY_ALL = 0o002;

/** Undefined on Windows, where the folders of a user are closed to others. */
function thisUser(): User | undefined {
  const uid = process.getuid?.();
  return uid === undefined ? undefined : { uid, gid: process.getgid?.() ?? uid };
}

export interface ForeignOptions {
  /** Default: the one that runs this process. */
  readonly user?: User | undefined;
  /** False: the folder is in one that everybody uses, such as that of temporary files. Default: true. */
  readonly withParent?: boolean;
}

/**
 * @param dir absolute; it, the folder that it is in, and its entries are looked at. What does not exist yet is fine
 * @returns what is wrong, as a sentence about a path; undefined: all is this user's
 */
export async function whyForeign(
  dir: string,
  { user = thisUser(), withParent = true }: ForeignOptions = {},
): Promise<string | undefined> {
  if (user === undefined) return undefined;
  const outer = withParent ? await flawOf(path.dirname(dir), user) : undefined;
  if (outer !== undefined) return `${path.dirname(dir)} ${outer}`;
  const own = await flawOf(dir, user);
  if (own !== undefined) return `${dir} ${own}`;
  const isClosed = ((await stat(dir).catch(() => undefined))?.mode ?? 0) % 0o100 === 0;
  for (const name of await readdir(dir).catch(() => [])) {
    const file = path.join(dir, name);
    const flaw = await flawOf(file, user, isClosed);
    if (flaw !== undefined) return `${file} ${flaw}`;
  }
  return undefined;
}

/**
 * Whether others may put something into the folder, or it is theirs. Does not look at what is in it or around it.
 * @throws the error of the file system
 */
export function isForeign(dir: string, user: User | undefined = thisUser()): boolean {
  return user !== undefined && flawIn(lstatSync(dir), user, false) !== undefined;
}

/** @param isClosed nobody else reaches it, whatever its own permissions are */
async function flawOf(file: string, user: User, isClosed = false): Promise<string | undefined> {
  // A link may be another user's although what it leads to is not.
  for (const look of [lstat, stat]) {
    const status = await look(file).catch(() => undefined);
    const flaw = status && flawIn(status, user, isClosed);
    if (flaw !== undefined) return flaw;
  }
  return undefined;
}

function flawIn(status: Stats, { uid, gid }: User, isClosed: boolean): string | undefined {
  if (status.uid !== uid) return `belongs to another user (${status.uid})`;
  if (isClosed || status.isSymbolicLink()) return undefined;
  // Many systems give each user a group of their own, with the same number.
  const isOwnGroup = status.gid === gid && gid === uid;
  const isOpen = (status.mode & WRITABLE_BY_ALL) !== 0 || (!isOwnGroup && (status.mode & WRITABLE_BY_GROUP) !== 0);
  return isOpen ? 'can be written by other users' : undefined;
}
