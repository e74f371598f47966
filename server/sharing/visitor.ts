/**
 * Sharing for a process that runs only a moment (a check in the terminal): it never leads, and takes from the leader
 * only what was compared with the disk after it asked. Lives as long as that check.
 */
import { readAddress } from './address.ts';
import type { Follower } from './follower.ts';

export interface Visit {
  /** Undefined: the leader could not say that its results are those of the disk as it is now. */
  leader(): Promise<Follower | undefined>;
  close(): void;
}

/**
 * @param dir folder that all processes that analyse this root have in common
 * @returns undefined: no process leads, or the results of the one that does may differ from ours
 */
export async function visit(dir: string): Promise<Visit | undefined> {
  const address = await readAddress(dir);
  if (address === undefined) return undefined;
  // Loaded only where there is a leader, so that a check in the terminal starts faster without one.
  const [{ Follower: Connection }, { greetingOf }] = await Promise.all([
    import('./follower.ts'),
    import('./messages.ts'),
  ]);
  const ignore = (): void => {};
  const follower = await Connection.connect(address, greetingOf(), { changed: ignore, analyze: ignore });
  if (follower?.usable !== true) {
    follower?.close();
    return undefined;
  }
  const left = new AbortController();
  const confirmed = follower.confirm(left.signal);
  return {
    leader: async () => ((await confirmed) ? follower : undefined),
    close: () => {
      left.abort();
      follower.close();
    },
  };
}
