/**
 * Sockets as this platform has them: files on Unix, named pipes on Windows. Used by both sides of the child-process
 * driver, so it loads nothing that starts workers.
 */
import { chmodSync, lstatSync } from 'node:fs';
import net from 'node:net';
import { DriverError } from '../errors.ts';
import { checkSocketPath, isOurs, removeSocket } from './socket-path.ts';

/** How a platform listens at a path, connects to it and tidies up. */
export interface SocketAdapter {
  /**
   * A server that begins to listen at `path`; wait for its event `listening`, or `error`. Only this user may connect.
   * @throws DriverError when `path` cannot be one
   */
  createServer(path: string): net.Server;
  /** A socket that begins to connect to `path`; wait for its event `connect`, or `error`. @throws DriverError */
  createClient(path: string): net.Socket;
  /** Removes what is left of a socket, with its private directory. @throws DriverError for a file that is no socket */
  cleanup(path: string): void;
}

/** Sockets as files: Linux, macOS and the other Unix systems. */
export const unixSocketAdapter: SocketAdapter = {
  createServer: (path) => {
    const server = listen(path);
    server.once('listening', () => chmodSync(path, 0o600));
    return server;
  },
  createClient: connect,
  cleanup: (path) => {
    if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === false)
      throw new DriverError(`'${path}' is no socket, so it is not removed.`);
    removeSocket(path, isOurs(path));
  },
};

/** Named pipes, `\\.\pipe\name`: they go by themselves, with the process that listens. */
export const windowsSocketAdapter: SocketAdapter = {
  createServer: listen,
  createClient: connect,
  cleanup: checkSocketPath,
};

/** The one for this platform. */
export function getSocketAdapter(platform: NodeJS.Platform = process.platform): SocketAdapter {
  return platform === 'win32' ? windowsSocketAdapter : unixSocketAdapter;
}

/** Whether anybody listens there. A worker does not take whoever asks for its host. Never rejects. */
export function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(path).unref();
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    // Anything else than a clear no, a lack of permission for one, is taken for a yes.
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT'));
  });
}

function listen(path: string): net.Server {
  checkSocketPath(path);
  return net.createServer().listen(path);
}

function connect(path: string): net.Socket {
  checkSocketPath(path);
  const socket = new PatientSocket();
  socket.connect(path);
  return socket;
}

type Done = (error?: Error | null) => void;

/**
 * Failed writes do not destroy it, as they would another socket: when the other side dies, what it sent before is still
 * to be read. The end of the input tells that nobody takes what is written.
 */
class PatientSocket extends net.Socket {
  override _write(chunk: unknown, encoding: BufferEncoding, done: Done): void {
    super._write(chunk, encoding, () => done());
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], done: Done): void {
    super._writev?.(chunks, () => done());
  }
}
