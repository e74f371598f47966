/**
 * Sharing for a short-lived process (a check in the terminal): it never leads, and uses the leader's results only after
 * the leader has compared them with the disk. Lives as long as that check.
 */
import { readAddress } from './address.ts';
import type { Follower } from './follower.ts';

export interface Visit {
  /** Undefined: the leader could not confirm that its results are valid for the disk as it is now. */
  leader(): Promise<Follower | undefined>;
  close(): void;
}

/**
 * @param dir folder that is the same for all processes with this root
 * @param sandboxExcept see {@link Greeting.sandboxExcept}
 * @returns undefined: no process leads, or the leader's results may differ from ours
 */
export async function visit(dir: string, sandboxExcept?: readonly string[]): Promise<Visit | undefined> {
  const address = await readAddress(dir);
  if (address === undefined) return undefined;
  // Loaded only if there is a leader, so that other checks in the terminal start faster.
  const [{ Follower: Connection }, { greetingOf }] = await Promise.all([
    import('./follower.ts'),
    import('./messages.ts'),
  ]);
  const ignore = (): void => {};
  const follower = await Connection.connect(address, greetingOf('', sandboxExcept), {
    changed: ignore,
    analyze: ignore,
  });
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
