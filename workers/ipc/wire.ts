/**
 * The messages as they cross the line, the same for every driver. A request of type `check` is answered by
 * `checkEvent` (any number), then by one `checkResult` or `checkError`. Types with a `$` are the library's own.
 */
import { UnknownMessageError } from './errors.ts';
import type { WireError } from './wire-errors.ts';
import type { LogLevel, TransactionId } from './messages.ts';

export interface WireRequest {
  readonly type: string;
  /** Absent: a notification, never answered. */
  readonly tx?: TransactionId;
  readonly payload?: unknown;
  /** The handler may ask for an input stream, by a call of the type {@link INPUT}. */
  readonly input?: true;
  /** Of a call: the request on whose behalf it is made. */
  readonly for?: TransactionId;
}

export interface WireResult {
  readonly tx: TransactionId;
  /** The type of the request and `Result`. */
  readonly type: string;
  readonly payload?: unknown;
}

export interface WireFailure {
  readonly tx: TransactionId;
  /** The type of the request and `Error`. */
  readonly type: string;
  readonly error: WireError;
}

export interface WireEvents {
  readonly tx: TransactionId;
  /** The type of the request and `Event`. */
  readonly type: string;
  readonly events: readonly unknown[];
}

export type WireControl =
  /** To whoever handles it: stop working on it. It is still answered; nobody listens. */
  | { readonly type: '$cancel'; readonly tx: TransactionId }
  /** To whoever handles it: so many event frames of this request have been consumed. */
  | { readonly type: '$credit'; readonly tx: TransactionId; readonly frames: number }
  /** Host to worker: end. */
  | { readonly type: '$close' }
  /** Host to worker, first of all: this connection is for work. Whoever only looks whether it listens says nothing. */
  | { readonly type: '$connect' }
  /** Worker to host: another host has connected, and this connection ends. */
  | { readonly type: '$replaced' }
  /** Worker to host. */
  | { readonly type: '$log'; readonly tx?: TransactionId; readonly level: LogLevel; readonly message: string };

/** Any message of the wire. Types that begin with a `$` are the library's own. */
export type WireMessage = WireRequest | WireResult | WireFailure | WireEvents | WireControl;

/** First line of every worker, always one line of JSON, whatever the serializer of what follows. */
export interface Handshake {
  readonly ready: number;
  readonly serializer?: string;
  /** Instead of being ready: why it will not work. */
  readonly refused?: string;
  /** Of the worker, for who connects to a process that somebody else started. */
  readonly pid?: number;
}

const HANDSHAKE_KEYS: ReadonlySet<string> = new Set<keyof Handshake>(['ready', 'serializer', 'refused', 'pid']);

/** Undefined for a line that is no handshake. */
export function readHandshake(line: Buffer): Handshake | undefined {
  try {
    const value = JSON.parse(line.toString('utf8')) as { ready?: unknown } | null;
    if (typeof value?.ready !== 'number') return undefined;
    return Object.keys(value).every((key) => HANDSHAKE_KEYS.has(key)) ? (value as Handshake) : undefined;
  } catch {
    return undefined;
  }
}

export const WIRE_VERSION = 1;

/** Why this handshake is none that can be worked with; undefined when all is well. */
export function handshakeProblem(handshake: Handshake, serializer: string): string | undefined {
  if (handshake.refused !== undefined) return handshake.refused;
  if (handshake.ready !== WIRE_VERSION) {
    return `The worker speaks version ${handshake.ready} of the protocol, the host version ${WIRE_VERSION}.`;
  }
  if (handshake.serializer === undefined || handshake.serializer === serializer) return undefined;
  return `The worker uses the serializer '${handshake.serializer}', the host '${serializer}'.`;
}

/** Event frames of one request that may be on their way before the worker waits for credit, unless it flushes. */
export const CREDIT_FRAMES = 16;

/** The names that answer a type of request. */
export interface AnswerTypes {
  readonly event: string;
  readonly result: string;
  readonly error: string;
}

const answerTypes = new Map<string, AnswerTypes>();

/** Kept for the types in use: making three strings for each message would cost more than the lookup. */
export function answersTo(type: string): AnswerTypes {
  const known = answerTypes.get(type);
  if (known !== undefined) return known;
  const made = { event: `${type}Event`, result: `${type}Result`, error: `${type}Error` };
  // A sender of ever new types must not fill our memory.
  if (answerTypes.size < 1000) answerTypes.set(type, made);
  return made;
}

/**
 * The worker's requests to its host, calls, are messages as the host's own are: answered, cancelled and given credit for
 * in the same way. Their transaction ids begin with a `$`, which those of the host must not.
 */
const CALL_PREFIX = '$';

export function callId(count: number): TransactionId {
  return `${CALL_PREFIX}${count}`;
}

/** Whether this is the transaction of a call. */
export function isCall(tx: unknown): tx is string {
  return typeof tx === 'string' && tx.startsWith(CALL_PREFIX);
}

/** The call that asks for the input of a request; its payload is the request's transaction. */
export const INPUT = '$input';

export function isTransactionId(value: unknown): value is TransactionId {
  return typeof value === 'string' || Number.isFinite(value);
}

/** @throws UnknownMessageError for a type of the library's own: nobody has a handler for it, and it means something else */
export function refuseOwnType(type: string): void {
  if (type.startsWith('$'))
    throw new UnknownMessageError(`Types that begin with '$' are the library's own: '${type}'.`);
}

/** An object with a `type`; everything else about it is still to be checked. */
export interface UncheckedMessage {
  readonly type: string;
  readonly tx?: unknown;
  readonly payload?: unknown;
  readonly input?: unknown;
  readonly for?: unknown;
  readonly events?: unknown;
  readonly error?: unknown;
  readonly frames?: unknown;
  readonly level?: unknown;
  readonly message?: unknown;
}

export function isUncheckedMessage(value: unknown): value is UncheckedMessage {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}
