/** The typed errors of the library. Each has a `code`, so that they can be told apart across bundles and realms too. */
import type { WorkerExit } from './exit.ts';

/** Tells the classes apart where `instanceof` cannot. */
export type WorkerErrorCode =
  | 'ERR_WORKER_DRIVER'
  | 'ERR_WORKER_SPAWN'
  | 'ERR_WORKER_STARTUP_TIMEOUT'
  | 'ERR_WORKER_CONNECT_TIMEOUT'
  | 'ERR_WORKER_MESSAGE_TIMEOUT'
  | 'ERR_WORKER_CANCELLED'
  | 'ERR_WORKER_CRASHED'
  | 'ERR_WORKER_PROTOCOL'
  | 'ERR_WORKER_FRAME_TOO_LARGE'
  | 'ERR_WORKER_SERIALIZATION'
  | 'ERR_WORKER_MIDDLEWARE'
  | 'ERR_WORKER_UNKNOWN_MESSAGE'
  | 'ERR_WORKER_CLOSED'
  | 'ERR_WORKER_QUEUE_FULL';

/** What all errors of the library are, except for those of handlers. */
export abstract class WorkerError extends Error {
  abstract readonly code: WorkerErrorCode;
}

/** A driver is missing or cannot do what was asked of it, or an option means nothing; the message says what to do. */
export class DriverError extends WorkerError {
  override readonly name = 'DriverError';
  readonly code = 'ERR_WORKER_DRIVER';
}

/** The worker could not be started, or ended before it was ready. `exit` is there when it did start. */
export class SpawnError extends WorkerError {
  override readonly name = 'SpawnError';
  readonly code = 'ERR_WORKER_SPAWN';
  readonly exit: WorkerExit | undefined;

  constructor(message: string, options?: ErrorOptions & { exit?: WorkerExit }) {
    super(message, options);
    this.exit = options?.exit;
  }
}

/** The worker was not ready in time; it has been killed. */
export class StartupTimeoutError extends WorkerError {
  override readonly name = 'StartupTimeoutError';
  readonly code = 'ERR_WORKER_STARTUP_TIMEOUT';
  readonly exit: WorkerExit | undefined;

  constructor(message: string, options?: ErrorOptions & { exit?: WorkerExit }) {
    super(message, options);
    this.exit = options?.exit;
  }
}

/** The worker runs but its socket could not be reached in time. */
export class ConnectTimeoutError extends WorkerError {
  override readonly name = 'ConnectTimeoutError';
  readonly code = 'ERR_WORKER_CONNECT_TIMEOUT';
}

/** No answer in time; the worker was told to stop working on it. */
export class MessageTimeoutError extends WorkerError {
  override readonly name = 'MessageTimeoutError';
  readonly code = 'ERR_WORKER_MESSAGE_TIMEOUT';
}

/** The caller's signal was aborted; `cause` is the signal's reason. In the worker: the reason of `context.signal`. */
export class CancelledError extends WorkerError {
  override readonly name = 'CancelledError';
  readonly code = 'ERR_WORKER_CANCELLED';
}

/** The worker ended while this request was in flight. */
export class CrashedError extends WorkerError {
  override readonly name = 'CrashedError';
  readonly code = 'ERR_WORKER_CRASHED';
  readonly exit: WorkerExit;

  constructor(message: string, exit: WorkerExit) {
    super(message, exit.error === undefined ? undefined : { cause: exit.error });
    this.exit = exit;
  }
}

/** The other side sent what is no message of this protocol. */
export class ProtocolError extends WorkerError {
  override readonly name = 'ProtocolError';
  readonly code = 'ERR_WORKER_PROTOCOL';
}

/** A message is larger than `maxFrameBytes`. */
export class FrameTooLargeError extends WorkerError {
  override readonly name = 'FrameTooLargeError';
  readonly code = 'ERR_WORKER_FRAME_TOO_LARGE';
}

/** A value cannot cross the line, or the bytes that came are no value. */
export class SerializationError extends WorkerError {
  override readonly name = 'SerializationError';
  readonly code = 'ERR_WORKER_SERIALIZATION';
}

/** A middleware threw or returned something that is no message; `cause` is what it threw. */
export class MiddlewareError extends WorkerError {
  override readonly name = 'MiddlewareError';
  readonly code = 'ERR_WORKER_MIDDLEWARE';
}

/** The worker has no handler for this type of message. */
export class UnknownMessageError extends WorkerError {
  override readonly name = 'UnknownMessageError';
  readonly code = 'ERR_WORKER_UNKNOWN_MESSAGE';
}

/** The client was closed, killed or disconnected. */
export class ClosedError extends WorkerError {
  override readonly name = 'ClosedError';
  readonly code = 'ERR_WORKER_CLOSED';
  readonly exit: WorkerExit | undefined;

  constructor(message: string, exit?: WorkerExit) {
    super(message);
    this.exit = exit;
  }
}

/** A pool has as many tasks waiting as it may have; the task was not taken. */
export class QueueFullError extends WorkerError {
  override readonly name = 'QueueFullError';
  readonly code = 'ERR_WORKER_QUEUE_FULL';
}

/**
 * What a handler threw, rebuilt on the host: name, message, stack (the worker's), code, cause and the error's own
 * fields. `instanceof` tells it from the library's own errors.
 */
export class RemoteError extends Error {
  [field: string]: unknown;

  constructor(name: string, message: string, options?: ErrorOptions) {
    super(message, options);
    Object.defineProperty(this, 'name', { value: name, configurable: true, writable: true, enumerable: false });
  }
}
