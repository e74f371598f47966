/**
 * Where sockets are: each in a private directory of its own, which goes with it, whoever of host, worker and guard is
 * the one to tidy up. On Windows they are named pipes and there is no file.
 */
import { mkdtempSync, rmSync, rmdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DriverError } from '../errors.ts';

export interface SocketPlace {
  readonly path: string;
  /** The directory goes with the socket. */
  readonly ownsDirectory: boolean;
  /** Removes the socket's file. May be called any number of times. */
  release(): void;
  /** Leaves the file to a worker that outlives us. */
  leave(): void;
}

/** `sun_path` with its final zero. */
const PATH_LIMITS: Readonly<Partial<Record<NodeJS.Platform, number>>> = { linux: 108, android: 108 };
const SHORTEST_PATH_LIMIT = 104;

const LONGEST_NAME = 'iw-4294967295-XXXXXX/s';

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
    `The socket path has ${Buffer.byteLength(socketPath)} bytes, the system allows ${limit}: '${socketPath}'. Choose a shorter one.`,
  );
}

/** Sockets whose directories are ours to remove when this process ends. */
const owned = new Set<string>();
let removesAtExit = false;

export function claimSocketPath(given: string | undefined): SocketPlace {
  const nothing = (): void => undefined;
  if (given !== undefined) {
    checkSocketPath(given);
    return { path: given, ownsDirectory: false, release: () => removeSocket(given, false), leave: nothing };
  }
  if (process.platform === 'win32') {
    const name = `\\\\.\\pipe\\iw-${process.pid}-${crypto.randomUUID()}`;
    return { path: name, ownsDirectory: false, release: nothing, leave: nothing };
  }
  // `mkdtemp` makes it for this user alone (0700).
  const socketPath = path.join(mkdtempSync(path.join(baseDirectory(), `iw-${process.pid}-`)), 's');
  owned.add(socketPath);
  if (!removesAtExit) {
    removesAtExit = true;
    process.once('exit', () => {
      for (const left of owned) removeSocket(left, true);
    });
  }
  return {
    path: socketPath,
    ownsDirectory: true,
    release: () => {
      if (owned.delete(socketPath)) removeSocket(socketPath, true);
    },
    leave: () => void owned.delete(socketPath),
  };
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
