/**
 * The analysis of a process that runs for a moment (a check in the terminal): it never leads, and takes from whoever
 * leads only what was compared with the disk after it began. Lives as long as that check.
 */
import type { Pool } from '../pool/types.ts';
import { readAddress } from './address.ts';
import { sharedPool } from './shared-pool.ts';

export interface Visit {
  /** For the engine. */
  readonly pool: Pool;
  close(): void;
}

/**
 * @param dir what all processes that analyse the folder have in common
 * @param own does what the leader does not
 * @returns undefined: nobody leads whose results would be ours
 */
export async function visit(dir: string, own: Pool): Promise<Visit | undefined> {
  const address = await readAddress(dir);
  if (address === undefined) return undefined;
  // Loaded only where somebody leads: a check in the terminal begins with nothing it does not need.
  const [{ Follower }, { greetingOf }] = await Promise.all([import('./follower.ts'), import('./messages.ts')]);
  const nothing = (): void => {};
  const follower = await Follower.connect(address, greetingOf(), { changed: nothing, analyze: nothing });
  if (follower?.usable !== true) {
    follower?.close();
    return undefined;
  }
  const left = new AbortController();
  const confirmed = follower.confirm(left.signal);
  return {
    pool: sharedPool(own, async () => ((await confirmed) ? follower : undefined)),
    close: () => {
      left.abort();
      follower.close();
    },
  };
}
