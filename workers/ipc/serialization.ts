/** Messages and errors as data, for who speaks the wire without a worker of the library's. Stateless. */
import { types } from 'node:util';
import { ProtocolError, SerializationError } from './errors.ts';
import { jsonSerializer } from './serializer.ts';
import type { Serializer } from './serializer.ts';
import { fromWireError, toWireError } from './wire-errors.ts';
import type { WireError } from './wire-errors.ts';
import { isUncheckedMessage } from './wire.ts';
import type { UncheckedMessage, WireMessage } from './wire.ts';

/** An error as it crosses the line: plain data, of any depth of causes and of an `AggregateError`'s `errors`. */
export type SerializedError = WireError;

/**
 * One message as text (JSON) or as what `serializer` makes of it, without the framing that goes around it on the wire.
 * @throws SerializationError when it cannot be encoded
 */
export function serializeMessage(message: WireMessage): string;
export function serializeMessage(message: WireMessage, serializer: Serializer): string | Uint8Array;
export function serializeMessage(message: WireMessage, serializer: Serializer = jsonSerializer): string | Uint8Array {
  const { name } = serializer;
  let data: string | Uint8Array;
  try {
    data = serializer.encode(message);
  } catch (error) {
    throw new SerializationError(`A message of type '${message.type}' cannot be encoded as ${name}.`, { cause: error });
  }
  if (typeof data === 'string' || types.isUint8Array(data)) return data;
  throw new SerializationError(`The serializer ${name} returned neither text nor bytes.`);
}

/**
 * The message in one frame. Whether `tx`, `payload` and the like are what they should be is still to be checked.
 * @throws ProtocolError when it cannot be decoded, or is no message: an object with a `type`
 */
export function deserializeMessage(
  data: string | Uint8Array,
  serializer: Serializer = jsonSerializer,
): UncheckedMessage {
  const bytes =
    typeof data === 'string' ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  let message: unknown;
  try {
    message = serializer.decode(bytes);
  } catch (error) {
    throw new ProtocolError(`A frame is not ${serializer.name}: ${excerpt(bytes)}`, { cause: error });
  }
  if (isUncheckedMessage(message)) return message;
  throw new ProtocolError(`A frame is no message, which is an object with a 'type': ${excerpt(bytes)}`);
}

/**
 * An error, or whatever else was thrown, as plain data: name, message, stack, code, cause and own enumerable fields, as
 * far as JSON can carry them. Never throws.
 */
export function serializeError(thrown: unknown): SerializedError {
  return toWireError(thrown);
}

/**
 * The error that {@link serializeError} made data of: a `RemoteError` with its name, message, stack, code, cause and
 * fields; an error of the library's keeps its class. Of anything else, an error that shows it as text. Never throws.
 */
export function deserializeError(serialized: unknown): Error {
  return fromWireError(serialized);
}

/** The beginning of a frame, for a message to people. */
export function excerpt(bytes: Buffer): string {
  const text = bytes.subarray(0, 200).toString('utf8');
  return JSON.stringify(bytes.length > 200 ? `${text}…` : text);
}
