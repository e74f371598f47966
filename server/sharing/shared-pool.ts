/**
 * A pool that lets another process do the work if the results are the same: plans, and checks of files on disk. Checks of
 * unsaved text, and everything that the other process refuses, go to this process's own workers. Lives as long as its
 * engine.
 */
import type { CheckEvent, Unit } from '../../workers/protocol/detector-protocol.ts';
import type { Pool } from '../pool/types.ts';
import type { Follower } from './follower.ts';

/** @param leader called for each request, because the leader may change; undefined: no other process does the work */
export function sharedPool(own: Pool, leader: () => Follower | undefined | Promise<Follower | undefined>): Pool {
  return {
    health: () => own.health(),
    onHealth: (listener) => own.onHealth(listener),
    onAvailable: (listener) => own.onAvailable(listener),
    restart: (detector) => own.restart(detector),
    dispose: () => own.dispose(),
    plan: async (request, signal, isDoubted = false) => {
      const follower = isDoubted ? undefined : await unlessAborted(leader(), signal);
      return (await follower?.plan(request, signal)) ?? own.plan(request, signal);
    },
    check: async (task) => {
      const { request, signal, onEvent } = task;
      const follower = request.overlays.length > 0 ? undefined : await unlessAborted(leader(), signal);
      if (follower === undefined || !follower.usable) return own.check(task);
      const startedAt = performance.now();
      const answered = new AnsweredFiles();
      let [files, issues] = [0, 0];
      const { refused, quarantined, problems } = await follower.check(request, signal, (event: CheckEvent) => {
        answered.note(event);
        if (event.kind === 'issues') issues += event.issues.length;
        if (event.kind === 'done') files += 1;
        return onEvent(event);
      });
      if (signal.aborted) return { kind: 'cancelled' };
      const borrowed = new Set(request.units.map(({ id }) => id));
      for (const id of refused) borrowed.delete(id);
      if (borrowed.size > 0) for (const problem of problems) void onEvent({ kind: 'problem', problem });
      if (refused.length === 0) {
        const result = { durationMs: performance.now() - startedAt, files, issues };
        return { kind: 'done', result, quarantined, borrowed };
      }
      const units = request.units.filter(({ id }) => refused.includes(id));
      let fatal = false;
      const rest = await own.check({
        ...task,
        request: { ...request, units },
        onEvent: (event) => {
          if (event.kind === 'done') answered.forget(event);
          if (event.kind === 'problem') fatal ||= event.problem.fatal;
          return onEvent(event);
        },
      });
      if (rest.kind === 'cancelled') return rest;
      const skipped = new Set(rest.quarantined.map(({ unit }) => unit.id));
      if (rest.kind === 'done' && !fatal) {
        // Our own check did not report these files, so they have no issues any more.
        for (const event of answered.ends(units.filter(({ id }) => !skipped.has(id)))) void onEvent(event);
      }
      return { ...rest, quarantined: [...quarantined, ...rest.quarantined], borrowed };
    },
  };
}

/** Files that the leader reported before it refused the unit. */
class AnsweredFiles {
  readonly #files = new Map<string, Set<string>>();

  note(event: CheckEvent): void {
    if (event.kind !== 'done') return;
    const files = this.#files.get(event.unit) ?? new Set();
    this.#files.set(event.unit, files.add(event.file));
  }

  forget({ unit, file }: { readonly unit: string; readonly file: string }): void {
    this.#files.get(unit)?.delete(file);
  }

  *ends(units: readonly Unit[]): Generator<CheckEvent> {
    for (const { id: unit } of units) {
      for (const file of this.#files.get(unit) ?? []) {
        yield { kind: 'begin', unit, file };
        yield { kind: 'done', unit, file };
      }
    }
  }
}

async function unlessAborted<Value>(
  value: Value | undefined | Promise<Value | undefined>,
  signal: AbortSignal,
): Promise<Value | undefined> {
  if (!(value instanceof Promise)) return value;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const stop = (): void => resolve(undefined);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([value, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
