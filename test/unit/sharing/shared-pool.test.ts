import assert from 'node:assert/strict';
import type { Follower } from '../../../server/sharing/follower.ts';
import { normalized, type CheckReply } from '../../../server/sharing/messages.ts';
import { Journal } from '../../../server/journal.ts';
import { sharedPool } from '../../../server/sharing/shared-pool.ts';
import type { CheckOutcome, CheckTask } from '../../../server/pool/types.ts';
import type { CheckEvent, CheckRequest } from '../../../workers/protocol/detector-protocol.ts';
import { fileUnit, issue, planOf, ScriptedPool } from '../engine/support.ts';

const done: CheckOutcome = { kind: 'done', result: { durationMs: 1, files: 1, issues: 1 }, quarantined: [] };

/** A leader that answers as the test says. */
function leader(
  answer: (request: CheckRequest, onEvent: (event: CheckEvent) => void) => Partial<CheckReply>,
): Follower {
  const follower = {
    usable: true,
    check: (request: CheckRequest, _signal: AbortSignal, onEvent: (event: CheckEvent) => void) =>
      Promise.resolve({ refused: [], quarantined: [], problems: [], ...answer(request, onEvent) }),
    plan: () => Promise.resolve(undefined),
  };
  return follower as unknown as Follower;
}

function taskOf(request: Partial<CheckRequest>, events: CheckEvent[] = []): CheckTask {
  return {
    request: {
      ...{ detector: 'd', root: '/r', options: {}, revision: 1, overlays: [], first: [] },
      units: [fileUnit('a.ts'), fileUnit('b.ts')],
      ...request,
    },
    priority: 'open',
    signal: new AbortController().signal,
    onEvent: (event) => void events.push(event),
  };
}

/** Whom to ask is found out in a few turns. */
const asking = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('sharing: pool', () => {
  it('sends checks of files on disk to the leader, and those of unsaved text to its own workers', async () => {
    const own = new ScriptedPool(() => Promise.resolve(planOf([])));
    const pool = sharedPool(own, () => leader(() => ({})));
    const outcome = await pool.check(taskOf({}));
    assert.deepEqual(outcome.kind === 'done' && [...(outcome.borrowed ?? [])], ['a.ts', 'b.ts']);
    assert.equal(own.checks.length, 0);
    const typed = pool.check(taskOf({ overlays: [{ file: 'a.ts', text: '', version: 1 }] }));
    await asking();
    await own.checks[0]?.finish(done);
    assert.deepEqual(await typed, done);
  });

  it('has its own workers plan if the plan of the leader lacked files', async () => {
    const [theirs, ours] = [planOf([fileUnit('a.ts')]), planOf([fileUnit('a.ts'), fileUnit('b.ts')])];
    const own = new ScriptedPool(() => Promise.resolve(ours));
    const asked = Object.assign(leader(() => ({})), { plan: () => Promise.resolve(theirs) }); // prettier-ignore
    const pool = sharedPool(own, () => asked);
    const request = { detector: 'd', root: '/r', options: {} };
    const { signal } = new AbortController();
    assert.equal(await pool.plan(request, signal), theirs);
    assert.equal(await pool.plan(request, signal, true), ours);
  });

  it('passes its own workers the changes from the time when the leader answered or failed to', async () => {
    const own = new ScriptedPool(() => Promise.resolve(planOf([])));
    const journal = new Journal();
    const stop = new AbortController();
    let asked: Follower | undefined;
    const pool = sharedPool(own, () => asked);
    const check = async (file: string, signal?: AbortSignal): Promise<CheckOutcome> => {
      journal.append([{ file, kind: 'changed' }]);
      const task = taskOf({ revision: journal.mark() });
      const changedSince = (revision: number): readonly string[] => [...(journal.since(revision)?.keys() ?? [])];
      const outcome = pool.check({ ...task, changedSince, ...(signal ? { signal } : {}) });
      await asking();
      await own.checks.at(-1)?.finish(done);
      return outcome;
    };
    await check('before.ts');
    asked = leader(() => ({}));
    await check('a.ts');
    asked = leader(() => {
      stop.abort();
      return {};
    });
    assert.deepEqual(await check('b.ts', stop.signal), { kind: 'cancelled' });
    asked = undefined;
    await check('c.ts');
    await check('d.ts');
    assert.deepEqual(
      own.checks.map(({ changed }) => changed),
      [undefined, ['a.ts', 'b.ts', 'c.ts'], ['d.ts']],
    );
  });

  it('checks units itself that the leader refuses, and drops their partial results', async () => {
    const own = new ScriptedPool(() => Promise.resolve(planOf([])));
    const events: CheckEvent[] = [];
    const tell = (onEvent: (event: CheckEvent) => void, unit: string, file: string): void => {
      onEvent({ kind: 'begin', unit, file });
      onEvent({ kind: 'issues', unit, file, issues: [issue('d', file, 1)] });
      onEvent({ kind: 'done', unit, file });
    };
    const pool = sharedPool(own, () =>
      leader((_request, onEvent) => {
        tell(onEvent, 'a.ts', 'a.ts');
        tell(onEvent, 'b.ts', 'b.ts');
        tell(onEvent, 'b.ts', 'other.ts');
        return { refused: ['b.ts'] };
      }),
    );
    const check = pool.check(taskOf({}, events));
    await asking();
    assert.deepEqual(own.checks[0]?.files, ['b.ts']);
    events.length = 0;
    await own.checks[0]?.answer('b.ts', 'b.ts', [issue('d', 'b.ts', 2)]);
    await own.checks[0]?.finish(done);
    const outcome = await check;
    assert.deepEqual(outcome.kind === 'done' && [...(outcome.borrowed ?? [])], ['a.ts']);
    // The last word about `other.ts`: its unit has nothing to say of it any more.
    assert.deepEqual(events.slice(-2), [
      { kind: 'begin', unit: 'b.ts', file: 'other.ts' },
      { kind: 'done', unit: 'b.ts', file: 'other.ts' },
    ]);
  });

  it('treats equivalent options as equal', () => {
    assert.equal(normalized({ engine: 'auto', rules: {}, exclude: [] }), normalized({ exclude: [] }));
    assert.equal(normalized({ a: { x: 1, y: 2 }, b: 1 }), normalized({ b: 1, a: { y: 2, x: 1 } }));
    assert.notEqual(normalized({ engine: 'native' }), normalized({}));
    assert.notEqual(normalized({ exclude: ['a', 'b'] }), normalized({ exclude: ['b', 'a'] }));
  });
});
