/**
 * Random messages, interleavings, cancels and kills. Whatever happens: every request settles exactly once, with its own
 * result or a reason that is true; its events are in order, all there when it succeeds, and none comes afterwards.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CancelledError, ClosedError, CrashedError, MessageTimeoutError } from '../../../workers/ipc/index.ts';
import type { DriverName } from '../../../workers/ipc/index.ts';
import { checkAsync } from './seed.ts';
import { isAlive, soon, start, until } from './support.ts';
import type { TestClient } from './support.ts';

type Step =
  | { readonly kind: 'echo'; readonly value: unknown }
  | { readonly kind: 'count'; readonly count: number; readonly slow: boolean; readonly cancelAt: number | undefined }
  | { readonly kind: 'hang'; readonly timeout: number }
  | { readonly kind: 'turn' };

/** JSON knows no -0; the thread and inline lines, which clone, keep it. What is asked here is not that difference. */
const plain = fc.jsonValue({ maxDepth: 2 }).map((value): unknown => JSON.parse(JSON.stringify(value)));

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('echo' as const), value: plain }),
  fc.record({
    kind: fc.constant('count' as const),
    count: fc.nat(700),
    slow: fc.boolean(),
    cancelAt: fc.option(fc.nat(300), { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('hang' as const), timeout: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ kind: fc.constant('turn' as const) }),
);

interface Outcome {
  settled: number;
  events: number;
  eventsAfterwards: number;
  result?: unknown;
  error?: unknown;
}

/** Starts the request of a step and keeps the books of it. */
function run(worker: TestClient, { outcome, step: todo }: { outcome: Outcome; step: Step }): Promise<void> {
  const settle = (change: Partial<Outcome>): void => {
    outcome.settled += 1;
    Object.assign(outcome, change);
  };
  let sent: Promise<unknown>;
  if (todo.kind === 'echo') {
    sent = worker.send('echo', todo.value);
  } else if (todo.kind === 'count') {
    const controller = new AbortController();
    const onEvent = ({ n }: { n: number }): void | Promise<void> => {
      assert.equal(n, outcome.events, 'events are in order');
      outcome.events += 1;
      if (outcome.settled > 0) outcome.eventsAfterwards += 1;
      if (n === todo.cancelAt) controller.abort();
      if (todo.slow && n % 50 === 0) return new Promise((resolve) => setImmediate(resolve));
    };
    sent = worker.send('count', { count: todo.count }, { signal: controller.signal, onEvent });
  } else if (todo.kind === 'hang') {
    sent = worker.send('untilCancelled', undefined, { timeout: todo.timeout });
  } else {
    settle({});
    return new Promise((resolve) => setImmediate(resolve));
  }
  return sent.then(
    (result) => settle({ result }),
    (error: unknown) => settle({ error }),
  );
}

function judge({ outcome, step: todo }: { outcome: Outcome; step: Step }, mayEnd: boolean): void {
  assert.equal(outcome.settled, 1);
  assert.equal(outcome.eventsAfterwards, 0);
  const ended = outcome.error instanceof CrashedError || outcome.error instanceof ClosedError;
  if (ended) return assert.ok(mayEnd, String(outcome.error));
  if (todo.kind === 'echo') assert.deepEqual(outcome.result, todo.value);
  if (todo.kind === 'hang') assert.ok(outcome.error instanceof MessageTimeoutError);
  if (todo.kind !== 'count') return;
  if (todo.cancelAt !== undefined && todo.cancelAt < todo.count) {
    assert.ok(outcome.error instanceof CancelledError);
    assert.equal(outcome.events, todo.cancelAt + 1);
  } else {
    assert.equal(outcome.result, todo.count);
    assert.equal(outcome.events, todo.count);
  }
}

for (const driver of ['child-process', 'stdio', 'worker-threads', 'inline'] as const satisfies DriverName[]) {
  describe(`properties: ${driver}`, () => {
    it('every request settles once and truly, in any interleaving', async () => {
      const worker = await start(driver);
      try {
        await checkAsync(
          fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
            const books = steps.map((todo) => ({
              step: todo,
              outcome: { settled: 0, events: 0, eventsAfterwards: 0 },
            }));
            const all: Promise<void>[] = [];
            for (const book of books) {
              const done = run(worker, book);
              if (book.step.kind === 'turn') await done;
              else all.push(done);
            }
            await soon(Promise.all(all), 'all requests to settle');
            for (const book of books) judge(book, false);
          }),
          { numRuns: 60 },
        );
        await until(() => worker.inWork === 0, 'the worker has answered what was given up too');
      } finally {
        await worker.close();
      }
    });

    it('also when the worker is killed, crashes or is closed in the midst of it', async () => {
      const end = fc.constantFrom('kill', 'crash', 'close', 'exit');
      await checkAsync(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 15 }), end, fc.nat(15), async (steps, how, at) => {
          const worker = await start(driver);
          const books = steps.map((todo) => ({
            step: todo,
            outcome: { settled: 0, events: 0, eventsAfterwards: 0 },
          }));
          const all: Promise<unknown>[] = [];
          const stop = (): void => {
            if (how === 'close' || driver === 'inline') all.push(worker.close({ drainMs: 5 }));
            else if (how === 'kill') all.push(worker.kill());
            else if (how === 'exit') all.push(worker.send('exit', { code: 0 }).catch(() => undefined));
            else if (worker.pid === undefined) all.push(worker.send('die', { how: 'throw' }).catch(() => undefined));
            else process.kill(worker.pid, 'SIGKILL');
          };
          for (const [index, book] of books.entries()) {
            if (index === at % books.length) stop();
            const done = run(worker, book);
            if (book.step.kind === 'turn') await done;
            else all.push(done);
          }
          await soon(Promise.all(all), 'all requests to settle');
          await soon(worker.exited, 'the end');
          for (const book of books) judge(book, true);
          if (worker.pid !== undefined) assert.equal(isAlive(worker.pid), false);
        }),
        { numRuns: driver === 'child-process' ? 25 : 12 },
      );
    });
  });
}
