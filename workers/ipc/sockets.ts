/** Places for sockets, for who starts or reaches workers by other means than `createWorker`. */
import os from 'node:os';
import { getSocketAdapter } from './drivers/socket-adapter.ts';
import { baseDirectories, claimSocketPath } from './drivers/socket-path.ts';

export { getSocketAdapter, unixSocketAdapter, windowsSocketAdapter } from './drivers/socket-adapter.ts';
export type { SocketAdapter } from './drivers/socket-adapter.ts';

/**
 * The directory that sockets are put into, each in a private directory of its own: the system's temporary directory, or
 * `/tmp` where its name is too long for a socket. Absolute; whether one may write there is not checked.
 */
export function getTempDir(): string {
  return process.platform === 'win32' ? os.tmpdir() : (baseDirectories()[0] ?? os.tmpdir());
}

/**
 * A path for a new socket that nobody has: in a new private directory (mode 0700), or a named pipe on Windows. The
 * directory goes with `cleanupSocketPath`, at the latest when this process ends.
 * @throws DriverError where no directory can be made
 */
export function generateSocketPath(): string {
  return claimSocketPath(undefined).path;
}

/** Another name of {@link generateSocketPath}: a path for {@link getSocketAdapter}. @throws DriverError */
export const getSocketPath: () => string = generateSocketPath;

/**
 * Removes the socket at `path`, and its private directory. Nothing happens when it is gone already, and to named pipes.
 * Whoever listens there cannot be reached any more.
 * @throws DriverError for a file that is no socket
 */
export function cleanupSocketPath(path: string): void {
  getSocketAdapter().cleanup(path);
}
