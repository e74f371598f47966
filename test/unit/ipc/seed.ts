/**
 * Randomness that can be repeated: the same seed in every run, so that a landing does not depend on luck; `IPC_SEED=n`
 * sets another, `IPC_SEED=random` looks for what no seed has met yet. The seed is printed.
 */
import fc from 'fast-check';

const wanted = process.env['IPC_SEED'] ?? '78366432';
export const seed = wanted === 'random' ? Date.now() % 2 ** 31 : Number(wanted);
let told = false;

export function tellSeed(): void {
  if (told) return;
  told = true;
  process.stdout.write(`    (random tests run with IPC_SEED=${seed})\n`);
}

/** Runs a property with the seed; a failure names seed and path. */
export function check<T>(property: fc.IProperty<T>, parameters: fc.Parameters<T> = {}): void {
  tellSeed();
  fc.assert(property, { seed, ...parameters });
}

export async function checkAsync<T>(property: fc.IAsyncProperty<T>, parameters: fc.Parameters<T> = {}): Promise<void> {
  tellSeed();
  await fc.assert(property, { seed, ...parameters });
}

/** Numbers in [0, 1), mulberry32 over the seed and a name. */
export function seeded(name: string): () => number {
  tellSeed();
  let state = seed;
  for (const character of name) state = Math.imul(state ^ character.charCodeAt(0), 0x9e3779b1);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
