/**
 * The caller's `workerData` on its way into another process: any clonable value, as for a thread. A little of it travels
 * with the startup data in the environment, which holds no more; the rest over a pipe of its own.
 */
import { closeSync, readFileSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { deserialize, serialize } from 'node:v8';
import { SerializationError } from '../errors.ts';
import { DATA_FD } from './file-descriptors.ts';

/** Windows allows 32,767 characters for one variable, Linux 128 KB. */
const MOST_IN_ENVIRONMENT = 16 * 1024;

/** Where the data is: these bytes in base64, or all that comes over {@link DATA_FD}. */
export type PackedData = { readonly base64: string } | 'pipe';

export interface OutgoingData {
  readonly packed: PackedData | undefined;
  /** For the pipe. */
  readonly bytes: Buffer | undefined;
}

/** @throws SerializationError for what cannot be cloned */
export function packWorkerData(value: unknown): OutgoingData {
  if (value === undefined) return { packed: undefined, bytes: undefined };
  let bytes: Buffer;
  try {
    bytes = serialize(value);
  } catch (error) {
    throw new SerializationError("The option 'workerData' cannot be cloned into another process.", { cause: error });
  }
  const base64 = bytes.toString('base64');
  if (base64.length <= MOST_IN_ENVIRONMENT) return { packed: { base64 }, bytes: undefined };
  return { packed: 'pipe', bytes };
}

export function sendWorkerData(pipe: Writable | undefined, bytes: Buffer | undefined): void {
  // The worker may be gone before it reads.
  pipe?.on('error', () => undefined);
  if (bytes !== undefined) pipe?.end(bytes);
}

/** In the worker; waits for what still comes. */
export function unpackWorkerData(packed: PackedData): unknown {
  if (packed !== 'pipe') return deserialize(Buffer.from(packed.base64, 'base64'));
  const bytes = readFileSync(DATA_FD);
  closeSync(DATA_FD);
  return deserialize(bytes);
}
