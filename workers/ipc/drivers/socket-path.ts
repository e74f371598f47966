/**
 * Where sockets are: each in a private directory of its own, which goes with it, whoever of host, worker and guard is
 * the one to tidy up. On Windows they are named pipes and there is no file.
 */
import { chownSync, mkdtempSync, rmSync, rmdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DriverError } from '../errors.ts';
import { textOf } from '../realm.ts';

export interface SocketPlace {
  readonly path: string;
  /** The directory goes with the socket. */
  readonly ownsDirectory: boolean;
  /** A worker of ours listens there now: a file that was there before would be somebody else's. */
  taken(): void;
  /** Removes the socket's file, if it is ours. May be called any number of times. */
  release(): void;
  /** Leaves the file to a worker that outlives us. */
  leave(): void;
}

/** `sun_path` with its final zero. */
const PATH_LIMITS: Readonly<Partial<Record<NodeJS.Platform, number>>> = { linux: 108, android: 108 };
const SHORTEST_PATH_LIMIT = 104;

const LONGEST_NAME = 'iw-4294967295-XXXXXX/s';

/**
 * The directories that private directories may be put into, the best first: the system's, unless its name is too long
 * for a socket path, and what every Unix has.
 */
export function baseDirectories(
  platform: NodeJS.Platform = process.platform,
  temporary: string = os.tmpdir(),
): readonly string[] {
  // A worker with a working directory of its own would look for a relative one elsewhere.
  const absolute = path.isAbsolute(temporary) ? temporary : path.resolve(temporary);
  const usable = fits(path.posix.join(absolute, LONGEST_NAME), platform) ? [absolute] : [];
  return [...new Set([...usable, '/tmp', '/var/tmp'])];
}

/** Makes a directory for this user alone (0700). @throws DriverError where there is no place for one */
export function makePrivateDirectory(bases: readonly string[] = baseDirectories()): string {
  const problems: string[] = [];
  for (const base of bases) {
    try {
      return mkdtempSync(path.join(base, `iw-${process.pid}-`));
    } catch (error) {
      problems.push(textOf((error as NodeJS.ErrnoException).message));
    }
  }
  throw new DriverError(
    "There is no directory for the worker's socket. Set the environment variable TMPDIR to a directory in which you " +
      `may write, or pass the option 'socketPath'. Tried: ${problems.join('; ')}.`,
  );
}

function fits(socketPath: string, platform: NodeJS.Platform): boolean {
  return Buffer.byteLength(socketPath) < (PATH_LIMITS[platform] ?? SHORTEST_PATH_LIMIT);
}

/** @throws DriverError when `socketPath` cannot be one */
export function checkSocketPath(socketPath: string, platform: NodeJS.Platform = process.platform): void {
  if (typeof socketPath !== 'string' || socketPath === '') throw new DriverError('The socket path is empty.');
  if (platform === 'win32') {
    if (/^\\\\[.?]\\pipe\\./i.test(socketPath)) return;
    throw new DriverError(`On Windows the socket path must be a named pipe (\\\\.\\pipe\\name), not '${socketPath}'.`);
  }
  if (fits(socketPath, platform)) return;
  const limit = (PATH_LIMITS[platform] ?? SHORTEST_PATH_LIMIT) - 1;
  throw new DriverError(
    `The socket path has ${Buffer.byteLength(socketPath)} bytes, the system allows ${limit}: '${socketPath}'. Choose a shorter one.`,
  );
}

interface Owner {
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

/** A worker that runs as another user could not listen in a directory of ours. */
function giveTo({ uid = -1, gid = -1 }: Owner, directory: string): void {
  try {
    chownSync(directory, uid, gid);
  } catch (error) {
    rmdirSync(directory);
    throw new DriverError(
      `The worker's directory cannot be given to the user ${uid} and the group ${gid}: ${textOf((error as Error).message)}. ` +
        "Only root may start processes as others (options 'uid' and 'gid').",
      { cause: error },
    );
  }
}

/** Sockets whose directories are ours to remove when this process ends. */
const owned = new Set<string>();
let removesAtExit = false;

/**
 * @param given the caller's; undefined for one in a private directory
 * @param user whose directory that shall be, if not this process's user
 * @throws DriverError when `given` cannot be a socket path, or there is no place for one
 */
export function claimSocketPath(given: string | undefined, user: Owner = {}): SocketPlace {
  const nothing = (): void => undefined;
  if (given !== undefined) {
    checkSocketPath(given);
    let isOurs = false;
    return {
      path: given,
      ownsDirectory: false,
      taken: () => void (isOurs = true),
      release: () => {
        if (isOurs) removeSocket(given, false);
        isOurs = false;
      },
      leave: () => void (isOurs = false),
    };
  }
  if (process.platform === 'win32') {
    const name = `\\\\.\\pipe\\iw-${process.pid}-${crypto.randomUUID()}`;
    return { path: name, ownsDirectory: false, taken: nothing, release: nothing, leave: nothing };
  }
  const directory = makePrivateDirectory();
  const socketPath = path.join(directory, 's');
  owned.add(socketPath);
  if (!removesAtExit) {
    removesAtExit = true;
    process.once('exit', () => {
      for (const left of owned) removeSocket(left, true);
    });
  }
  if (user.uid !== undefined || user.gid !== undefined) giveTo(user, directory);
  return {
    path: socketPath,
    ownsDirectory: true,
    taken: nothing,
    release: () => {
      if (owned.delete(socketPath)) removeSocket(socketPath, true);
    },
    leave: () => void owned.delete(socketPath),
  };
}

/** Whether it is in a private directory of this library's, of any process. */
export function isOurs(socketPath: string): boolean {
  return path.basename(socketPath) === 's' && /^iw-\d+-\w{6}$/.test(path.basename(path.dirname(socketPath)));
}

/** Never throws; whoever comes second finds nothing. */
export function removeSocket(socketPath: string, withDirectory: boolean): void {
  if (process.platform === 'win32') return;
  try {
    rmSync(socketPath, { force: true });
    if (withDirectory) rmdirSync(path.dirname(socketPath));
  } catch {
    // Gone already.
  }
}
