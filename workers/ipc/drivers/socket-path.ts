/**
 * Where sockets are: in one private directory per host process, made with the first socket and removed with the last.
 * On Windows they are named pipes and there is no file.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, rmdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DriverError } from '../errors.ts';

export interface SocketPlace {
  readonly path: string;
  /** The directory goes when it is empty. */
  readonly ownsDirectory: boolean;
  /** Removes the socket's file. May be called any number of times. */
  release(): void;
  /** Leaves the file to a worker that outlives us. */
  leave(): void;
}

/** `sun_path` with its final zero. */
const PATH_LIMITS: Readonly<Partial<Record<NodeJS.Platform, number>>> = { linux: 108, android: 108 };
const SHORTEST_PATH_LIMIT = 104;

const LONGEST_NAME = 'iw-4294967295-XXXXXX/999999.sock';

/** The directory to put private directories into: the system's, unless its name is too long for a socket path. */
export function baseDirectory(platform: NodeJS.Platform = process.platform, temporary: string = os.tmpdir()): string {
  return fits(path.posix.join(temporary, LONGEST_NAME), platform) ? temporary : '/tmp';
}

function fits(socketPath: string, platform: NodeJS.Platform): boolean {
  return Buffer.byteLength(socketPath) < (PATH_LIMITS[platform] ?? SHORTEST_PATH_LIMIT);
}

/** @throws DriverError when `socketPath` cannot be one */
export function checkSocketPath(socketPath: string, platform: NodeJS.Platform = process.platform): void {
  if (platform === 'win32') {
    if (/^\\\\[.?]\\pipe\\./i.test(socketPath)) return;
    throw new DriverError(`On Windows the socket path must be a named pipe (\\\\.\\pipe\\name), not '${socketPath}'.`);
  }
  if (fits(socketPath, platform)) return;
  const limit = (PATH_LIMITS[platform] ?? SHORTEST_PATH_LIMIT) - 1;
  throw new DriverError(
    `The socket path has ${Buffer.byteLength(socketPath)} bytes, the system allows ${limit}: choose a shorter one. '${socketPath}'`,
  );
}

let directory: string | undefined;
/** Sockets in {@link directory} that are ours to remove. */
const owned = new Set<string>();
let made = 0;
let removedAtExit = false;

export function claimSocketPath(given: string | undefined): SocketPlace {
  const nothing = (): void => undefined;
  if (given !== undefined) {
    checkSocketPath(given);
    return { path: given, ownsDirectory: false, release: () => remove(given), leave: nothing };
  }
  if (process.platform === 'win32') {
    const name = `\\\\.\\pipe\\iw-${process.pid}-${randomBytes(8).toString('hex')}`;
    return { path: name, ownsDirectory: false, release: nothing, leave: nothing };
  }
  directory ??= makeDirectory();
  made += 1;
  const socketPath = path.join(directory, `${made}.sock`);
  owned.add(socketPath);
  return {
    path: socketPath,
    ownsDirectory: true,
    release: () => {
      if (!owned.delete(socketPath)) return;
      remove(socketPath);
      if (owned.size === 0) removeDirectory();
    },
    leave: () => {
      if (!owned.delete(socketPath)) return;
      // The directory is the worker's now; the next one gets another.
      if (owned.size === 0) directory = undefined;
    },
  };
}

/** `mkdtemp` makes it for this user alone (0700). */
function makeDirectory(): string {
  if (!removedAtExit) {
    removedAtExit = true;
    process.once('exit', () => {
      for (const socketPath of owned) remove(socketPath);
      removeDirectory();
    });
  }
  return mkdtempSync(path.join(baseDirectory(), `iw-${process.pid}-`));
}

function removeDirectory(): void {
  const gone = directory;
  directory = undefined;
  if (gone === undefined) return;
  try {
    rmdirSync(gone);
  } catch {
    // A detached worker's socket is in it, or a guard was faster.
  }
}

function remove(socketPath: string): void {
  if (process.platform !== 'win32') rmSync(socketPath, { force: true });
}
