/**
 * Whether writes to a socket or pipe wait until the operating system has taken everything. Node knows that state but
 * gives no public name to it; where its handle has none either, writes stay as they are.
 */
import type { Writable } from 'node:stream';

interface WithHandle {
  readonly _handle?: { setBlocking?(blocking: boolean): number } | null;
}

export function setBlocking(stream: Writable, blocking: boolean): void {
  (stream as unknown as WithHandle)._handle?.setBlocking?.(blocking);
}
