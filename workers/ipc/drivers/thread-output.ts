/** Reading what a thread prints, without keeping the process alive for it. */
import type { Readable } from 'node:stream';

/**
 * Node lets whoever reads the output of a thread be kept alive by it, whether the thread itself does so or not. There is
 * no option against that, only the field by which Node keeps it from its own reader.
 * @returns whether this Node has the field
 */
export function holdNothing(output: Readable): boolean {
  const key = Object.getOwnPropertySymbols(output).find(({ description }) => description === 'kIncrementsPortRef');
  if (key === undefined) return false;
  (output as unknown as Record<symbol, unknown>)[key] = false;
  return true;
}
