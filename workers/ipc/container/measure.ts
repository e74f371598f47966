/** What containers of an image keep, measured with the canary. Stateless. */
import { canaryEnvironment, measureWith, readAttempts, runCanary } from '../sandbox/canary.ts';
import type { SandboxReport } from '../sandbox/canary.ts';
import { runArguments } from './arguments.ts';
import type { ContainerPlan } from './arguments.ts';
import { ask } from './engine.ts';
import { ContainerError, containerFailure } from './failures.ts';
import { containerName, thisOwner } from './orphans.ts';
import type { ContainerPolicy } from './policy.ts';
import type { Preflight } from './preflight.ts';
import { userOf } from './user.ts';

/** An engine takes its time for the first container. */
const CANARY_MS = 60_000;

/** @param planWith these paths to be read besides */
export async function measureContainer(
  preflight: Preflight,
  planWith: (read: readonly string[]) => ContainerPlan,
  policy: ContainerPolicy,
): Promise<SandboxReport> {
  try {
    const engine = await preflight.check(planWith([]).limits, policy);
    return await measureWith(async (source, readable) => {
      const name = containerName(thisOwner());
      const args = runArguments(planWith([readable]), engine, thisOwner(), name, userOf(), source);
      const { stdout, lines } = await runCanary(engine.command, args, canaryEnvironment(), CANARY_MS);
      if (readAttempts(stdout) !== undefined) return { stdout };
      await ask(engine.command, ['rm', '--force', name]).catch(() => undefined);
      return { failure: containerFailure(lines) };
    });
  } catch (error) {
    if (error instanceof ContainerError) return { state: 'none', failure: error.failure };
    throw error;
  }
}
