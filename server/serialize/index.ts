/**
 * `bulkhead/serialize`: JSON of large values without stalling the event loop, cut to a size if asked.
 *
 * It works in slices on the loop of its caller, not in a worker: a value must be copied to reach a worker, and copying
 * takes as long as `JSON.stringify` does (docs/serialize.md has the figures).
 */
import { setImmediate } from 'node:timers/promises';
import { Writer } from './writer.ts';

/** Options of all functions. */
export interface SerializeOptions {
  /** UTF-8 bytes that the result may have, at least 2. Absent: as many as it needs. */
  readonly maxSize?: number;
  /** Whether a value that is too long is shortened (the default) or is an error. */
  readonly truncate?: boolean;
  /** Two spaces for each level, as with `JSON.stringify(value, null, 2)`. Absent: one line. */
  readonly pretty?: boolean;
  readonly signal?: AbortSignal;
  /** Told once, at the end. */
  readonly onMetrics?: (metrics: SerializeMetrics) => void;
}

/** What every result says. */
export interface Serialized {
  /** Whether something is left out. Notes in the JSON say what. */
  readonly truncated: boolean;
  /** UTF-8 bytes of the whole value. */
  readonly originalSize: number;
}

/** A result as a string. */
export interface SerializedText extends Serialized {
  /** Valid JSON. */
  readonly text: string;
}

/** A result as bytes. */
export interface SerializedBytes extends Serialized {
  /** Valid JSON in UTF-8. */
  readonly bytes: Uint8Array;
}

/** How it went. */
export interface SerializeMetrics {
  /** From the call to the end, milliseconds. */
  readonly durationMs: number;
  /** Times that it made way for others. */
  readonly pauses: number;
  /** UTF-8 bytes of the whole value. */
  readonly originalSize: number;
  readonly truncated: boolean;
  /** Why it failed. */
  readonly error?: unknown;
}

/** The JSON is longer than `maxSize`, and `truncate` is false. */
export class SerializedTooLong extends Error {
  override readonly name = 'SerializedTooLong';
  readonly code = 'ERR_SERIALIZED_TOO_LONG';
}

/** Time after which it makes way for others, milliseconds. */
const SLICE_MS = 2;
/** UTF-16 code units of one chunk. */
const CHUNK = 65_536;

/**
 * JSON of a value.
 *
 * @throws {RangeError} `maxSize` is less than 2
 * @throws {SerializedTooLong} it is longer than `maxSize`, and `truncate` is false
 * @throws the reason of `signal` when aborted
 */
export async function serializeAsync(value: unknown, options: SerializeOptions = {}): Promise<SerializedText> {
  let text = '';
  const end = await run(value, options, (chunk) => void (text += chunk));
  return { text, ...end };
}

/** Like {@link serializeAsync}, for a file or a socket: the JSON is nowhere one string. */
export async function serializeToBytes(value: unknown, options: SerializeOptions = {}): Promise<SerializedBytes> {
  const chunks: Uint8Array[] = [];
  const end = await run(value, options, (chunk) => void chunks.push(Buffer.from(chunk)));
  return { bytes: Buffer.concat(chunks), ...end };
}

/** One value after the other. A value that fails does not concern the others. Never throws. */
export async function serializeBatch(
  values: Iterable<unknown>,
  options: SerializeOptions = {},
): Promise<readonly PromiseSettledResult<SerializedText>[]> {
  const results: PromiseSettledResult<SerializedText>[] = [];
  for (const value of values) results.push(...(await Promise.allSettled([serializeAsync(value, options)])));
  return results;
}

/**
 * The JSON of a value in chunks of about 64 K characters. It goes on when its reader asks for more, so a slow file or
 * socket holds it back.
 *
 * @throws as {@link serializeAsync}; a value that is too long fails at the place where it is too long
 */
export async function* serializeChunks(
  value: unknown,
  options: SerializeOptions = {},
): AsyncGenerator<string, void, undefined> {
  const writer = writerOf(value, options);
  const startedAt = performance.now();
  let [pauses, sliceEnd, chunk] = [0, startedAt + SLICE_MS, ''];
  const tell = (error?: unknown): void =>
    options.onMetrics?.({
      durationMs: performance.now() - startedAt,
      pauses,
      originalSize: writer.size,
      truncated: writer.truncated,
      ...(error === undefined ? {} : { error }),
    });
  try {
    for (let text = next(writer, options); text !== undefined; text = next(writer, options)) {
      chunk += text;
      if (chunk.length >= CHUNK) {
        yield chunk;
        chunk = '';
      }
      if (performance.now() < sliceEnd) continue;
      pauses += 1;
      await setImmediate();
      options.signal?.throwIfAborted();
      sliceEnd = performance.now() + SLICE_MS;
    }
    if (chunk !== '') yield chunk;
  } catch (error) {
    tell(error);
    throw error;
  }
  tell();
}

async function run(value: unknown, options: SerializeOptions, write: (chunk: string) => void): Promise<Serialized> {
  let end: Serialized = { truncated: false, originalSize: 0 };
  const onMetrics = (metrics: SerializeMetrics): void => {
    end = { truncated: metrics.truncated, originalSize: metrics.originalSize };
    options.onMetrics?.(metrics);
  };
  for await (const chunk of serializeChunks(value, { ...options, onMetrics })) write(chunk);
  return end;
}

function writerOf(value: unknown, { maxSize = Infinity, pretty = false, signal }: SerializeOptions): Writer {
  // Not even an empty string has less.
  if (Number.isNaN(maxSize) || maxSize < 2)
    throw new RangeError(`maxSize is ${String(maxSize)}; JSON has at least 2 bytes.`);
  signal?.throwIfAborted();
  return new Writer(value, { maxSize, indent: pretty ? '  ' : '' });
}

function next(writer: Writer, { truncate = true, maxSize }: SerializeOptions): string | undefined {
  const text = writer.next();
  if (writer.truncated && !truncate) throw new SerializedTooLong(`The JSON has more than ${String(maxSize)} bytes.`);
  return text;
}
