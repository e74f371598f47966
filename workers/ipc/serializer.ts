/** Values to bytes and back. A serializer is stateless and shared by all lines that use it. */
import { deserialize, serialize } from 'node:v8';

/** Makes text or bytes of a message, and a message of bytes. Stateless. */
export interface Serializer {
  /** Both sides must use serializers of the same name; checked when the worker starts. */
  readonly name: string;
  /** `lines`: `encode` returns no line feed, and a line feed ends it. `length`: four bytes of length come first. */
  readonly framing: 'lines' | 'length';
  /** @throws anything when the value cannot be encoded; it becomes a SerializationError. */
  encode(value: unknown): string | Uint8Array;
  /** `bytes` is only valid during the call: copy what is kept. */
  decode(bytes: Buffer): unknown;
}

/** The default. What JSON cannot say (undefined in arrays, Map, bigint, cycles) does not cross the line. */
export const jsonSerializer: Serializer = {
  name: 'json',
  framing: 'lines',
  encode: (value) => JSON.stringify(value),
  decode: (bytes) => JSON.parse(bytes.toString('utf8')) as unknown,
};

/** The structured clone algorithm: Map, Set, Date, bigint, typed arrays and cycles cross too; slower than JSON. */
export const binarySerializer: Serializer = {
  name: 'binary',
  framing: 'length',
  encode: (value) => serialize(value),
  // A copy, because the typed arrays of the result would keep pointing into the socket's buffer.
  decode: (bytes) => deserialize(Uint8Array.prototype.slice.call(bytes)) as unknown,
};

export const builtInSerializers: ReadonlyMap<string, Serializer> = new Map([
  [jsonSerializer.name, jsonSerializer],
  [binarySerializer.name, binarySerializer],
]);
