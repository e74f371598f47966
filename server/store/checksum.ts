/** Checksums of whole records. Stateless. */
import { hash } from 'node:crypto';

/** Bytes kept of the SHA-256: accidental damage goes unnoticed once in 2^128. */
const LENGTH = 16;

/**
 * Covers every part with its type and length, so that different lists of parts never have the same text: `['ab', 'c']`
 * differs from `['a', 'bc']`, and `1` from `'1'`. A value of another type matches nothing that Bulkhead writes.
 */
export function checksumOf(parts: readonly unknown[]): Uint8Array {
  const text = parts.map(framed).join('');
  return hash('sha256', text, 'buffer').subarray(0, LENGTH);
}

export function sameChecksum(a: unknown, b: Uint8Array): boolean {
  return a instanceof Uint8Array && Buffer.compare(a, b) === 0;
}

function framed(part: unknown): string {
  if (typeof part === 'string') return `s${part.length}:${part}`;
  if (typeof part === 'number') return `n${part};`;
  if (part instanceof Uint8Array) return `b${part.length}:${hash('sha256', part, 'hex')}`;
  return `?${typeof part};`;
}
