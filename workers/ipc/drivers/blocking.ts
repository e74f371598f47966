/**
 * The descriptor below a socket or pipe: whether writes wait until the operating system has taken everything, and whether
 * it is still the same. Node knows both but gives no public name to them; where its handle has none either, writes stay as
 * they are, and it counts as the same.
 */
import { fstatSync, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';

interface WithHandle {
  readonly _handle?: { readonly fd?: number; setBlocking?(blocking: boolean): number } | null;
}

export function setBlocking(stream: Writable, blocking: boolean): void {
  (stream as unknown as WithHandle)._handle?.setBlocking?.(blocking);
}

/**
 * Asks before each write: code of a worker may have closed the descriptor and opened a file that got its number.
 * @returns false: what is written would go into that file
 */
export function sameDescriptor(stream: Writable): () => boolean {
  const identity = (): string | undefined => {
    const fd = (stream as unknown as WithHandle)._handle?.fd;
    if (fd === undefined || fd < 0) return undefined;
    try {
      const { dev, ino } = fstatSync(fd);
      return `${dev}:${ino}`;
    } catch {
      return 'closed';
    }
  };
  const first = identity();
  return () => {
    const now = first === undefined ? undefined : identity();
    return now === undefined || now === first;
  };
}

/** Whatever is at the descriptor now must not get messages. That is the worker's own fault, so it ends by its own signal. */
export function endWithoutLine(): never {
  writeSync(2, 'Code of this worker closed descriptors that are not its own.\n');
  process.abort();
}
