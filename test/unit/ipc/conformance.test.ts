/** One contract, all drivers: the same tests for each. */
import assert from 'node:assert/strict';
import {
  CancelledError,
  ClosedError,
  CrashedError,
  MessageTimeoutError,
  RemoteError,
  SerializationError,
  SpawnError,
  StartupTimeoutError,
  UnknownMessageError,
} from '../../../workers/ipc/index.ts';
import type { LogEntry } from '../../../workers/ipc/index.ts';
import type { AnyWorkerOptions } from '../../../workers/ipc/options.ts';
import { silentLogger } from '../../../workers/ipc/logger.ts';
import { fixture, rejection, soon, start, until } from './support.ts';
import { realContainers, subjects } from './subjects.ts';
import type { TestClient } from './support.ts';

for (const subject of [...subjects, ...(await realContainers())]) {
  const isolated = subject.driver !== 'inline';
  const open = (options: AnyWorkerOptions = {}): Promise<TestClient> =>
    soon(start(subject.driver, { ...subject.options, ...options }), 'the worker');

  describe(`conformance: ${subject.title}`, () => {
    let client: TestClient;
    const logs: LogEntry[] = [];
    before(async () => {
      client = await open({ onLog: (entry) => logs.push(entry) });
    });
    after(async () => {
      assert.equal((await client.close()).expected, true);
    });

    describe('messages', () => {
      it('answers with the value of the handler', async () => {
        const value = { text: 'grüße, 世界 🚢', list: [1, null, true], nested: { deep: [{ x: 0.1 }] } };
        assert.deepEqual(await client.send('echo', value), value);
      });

      it('carries undefined as payload and as result', async () => {
        assert.equal(await client.send('echo', undefined), undefined);
      });

      it('carries every character, however it is cut on the way', async () => {
        const text = 'äöü€🚢\n\r\u2028\0'.repeat(60_000);
        assert.equal(await client.send('echo', text), text);
      });

      it('keeps a key named __proto__ an ordinary key', async () => {
        const answer = (await client.send('echo', JSON.parse('{"__proto__":{"polluted":true}}'))) as object;
        assert.equal(Object.hasOwn(answer, '__proto__'), true);
        assert.equal(({} as { polluted?: boolean }).polluted, undefined);
      });

      it('answers a thousand requests in flight, each with its own', async () => {
        const answers = await Promise.all(Array.from({ length: 1000 }, (_, n) => client.send('echo', n)));
        assert.deepEqual(
          answers,
          Array.from({ length: 1000 }, (_, n) => n),
        );
      });

      it('tells the sender of an unknown type, logs it, and stays up', async () => {
        logs.length = 0;
        const error = await rejection(client.send('nonsense' as 'echo', 1));
        assert.ok(error instanceof UnknownMessageError);
        assert.match(error.message, /nonsense/);
        assert.equal(await client.send('echo', 1), 1);
        assert.ok(logs.some((entry) => entry.message.includes('nonsense')));
      });

      it('has no handler for names every object has', async () => {
        for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
          assert.ok((await rejection(client.send(name as 'echo', 1))) instanceof UnknownMessageError, name);
        }
      });

      it('delivers notifications and says nothing back, even if they fail', async () => {
        logs.length = 0;
        client.notify('note', 'one');
        client.notify('note', 'throw');
        client.notify('note', 'two');
        assert.deepEqual(await client.send('notes'), ['one', 'two']);
        assert.ok(logs.some((entry) => entry.level === 'error' && entry.message.includes('a note failed')));
      });

      it('delivers log lines of a handler with their request', async () => {
        logs.length = 0;
        await client.send('log', 'careful');
        const entry = logs.find(({ message }) => message === 'careful');
        assert.equal(entry?.level, 'warn');
        assert.equal(entry.source, 'worker');
        assert.notEqual(entry.tx, undefined);
      });

      it('gives the worker data of its start', async () => {
        const other = await open({ workerData: { colour: 'green' } });
        assert.deepEqual(await other.send('startup'), { colour: 'green' });
        await other.close();
      });

      if (subject.clones) {
        it('carries what the structured clone algorithm does', async () => {
          const value = {
            map: new Map([[1, new Set(['a'])]]),
            big: 12n,
            date: new Date(0),
            bytes: new Uint8Array([1, 2, 255]),
          };
          const answer = (await client.send('echo', value)) as typeof value;
          assert.deepEqual(answer.map, value.map);
          assert.equal(answer.big, 12n);
          assert.deepEqual(answer.date, value.date);
          assert.deepEqual([...answer.bytes], [1, 2, 255]);
        });
      }
    });

    describe('errors', () => {
      it('cross the line with name, message, stack, code, cause and fields', async () => {
        const error = await rejection(client.send('fail', { kind: 'odd' }));
        assert.ok(error instanceof RemoteError);
        assert.equal(error.name, 'OddError');
        assert.equal(error.message, 'odd indeed');
        assert.match(error.stack ?? '', /fixtures.ipc.worker/);
        assert.equal(error['code'], 'E_ODD');
        assert.deepEqual(error['place'], { file: 'a.ts', line: 3 });
        assert.ok(error.cause instanceof RemoteError);
        assert.equal(error.cause.name, 'TypeError');
        assert.equal(error.cause.cause, 'deep');
      });

      it('may be values that are no errors', async () => {
        const error = await rejection(client.send('fail', { kind: 'value' }));
        assert.equal(error.message, 'only text');
        assert.equal(error['thrown'], 'only text');
      });

      it('may be several at once', async () => {
        const error = await rejection(client.send('fail', { kind: 'aggregate' }));
        assert.equal(error.name, 'AggregateError');
        assert.deepEqual(
          (error['errors'] as Error[]).map((inner) => inner.name),
          ['RangeError', 'Error'],
        );
      });

      it('may carry what cannot cross, which is left behind', async () => {
        const error = await rejection(client.send('fail', { kind: 'function field' }));
        assert.equal(error.message, 'has a function');
        assert.equal(error['kept'], 1);
        assert.equal(error['call'], undefined);
      });

      it('may be their own cause', async () => {
        const error = await rejection(client.send('fail', { kind: 'cycle' }));
        assert.equal(error.message, 'a cycle');
        assert.equal((error.cause as Error).message, 'a cycle');
      });

      it('of encoding come to the sender, and the line stays up', async () => {
        const value: Record<string, unknown> = { call: () => 1 };
        value['self'] = value;
        assert.ok((await rejection(client.send('echo', value))) instanceof SerializationError);
        assert.ok((await rejection(client.send('circular'))) instanceof SerializationError);
        assert.equal(await client.send('echo', 1), 1);
      });
    });

    describe('events', () => {
      it('come in order and before the result', async () => {
        const seen: number[] = [];
        const result = await client.send('count', { count: 5000 }, { onEvent: ({ n }) => void seen.push(n) });
        assert.equal(result, 5000);
        assert.deepEqual(
          seen,
          Array.from({ length: 5000 }, (_, n) => n),
        );
      });

      it('arrive although nobody awaits them in the worker', async () => {
        let seen = 0;
        await client.send('burst', { events: 20_000 }, { onEvent: () => void (seen += 1) });
        assert.equal(seen, 20_000);
      });

      it('need no listener', async () => {
        assert.equal(await client.send('count', { count: 10_000 }), 10_000);
      });

      it('come one by one to a listener that takes its time, and the result waits for it', async () => {
        const seen: number[] = [];
        let active = 0;
        await client.send(
          'count',
          { count: 50 },
          {
            onEvent: async ({ n }) => {
              active += 1;
              assert.equal(active, 1);
              await new Promise((resolve) => setImmediate(resolve));
              active -= 1;
              seen.push(n);
            },
          },
        );
        assert.deepEqual(
          seen,
          Array.from({ length: 50 }, (_, n) => n),
        );
      });

      it('are an async iterable that ends with the result', async () => {
        const stream = client.stream('count', { count: 300 });
        const seen: number[] = [];
        for await (const { n } of stream) seen.push(n);
        assert.equal(seen.length, 300);
        assert.equal(await stream.result, 300);
      });

      it('of an iterable that is left early cancel the request', async () => {
        for await (const event of client.stream('untilCancelled')) {
          assert.equal(event, 'working');
          break;
        }
        assert.equal(await client.send('lastCancel'), 'CancelledError');
      });

      it('give an error to the one who iterates', async () => {
        const stream = client.stream('fail', { kind: 'plain' });
        assert.match(
          (
            await rejection(
              (async () => {
                for await (const _ of stream);
              })(),
            )
          ).message,
          /plain/,
        );
      });

      it('fail the request if their listener does, and cancel it in the worker', async () => {
        const bad = new Error('listener');
        assert.equal(
          await rejection(
            client.send('untilCancelled', undefined, {
              onEvent: () => {
                throw bad;
              },
            }),
          ),
          bad,
        );
        assert.equal(await client.send('lastCancel'), 'CancelledError');
        const later = new Error('listener, later');
        assert.equal(
          await rejection(client.send('untilCancelled', undefined, { onEvent: () => Promise.reject(later) })),
          later,
        );
      });

      it('wait in the worker while the reader is slow', async () => {
        // An unread stream of 1,000,000: if the worker were not slowed, it would soon be through.
        const controller = new AbortController();
        const gate = Promise.withResolvers<void>();
        let seen = 0;
        const sent = client.send(
          'count',
          { count: 1_000_000, size: 100 },
          {
            signal: controller.signal,
            onEvent: () => {
              seen += 1;
              return gate.promise;
            },
          },
        );
        const settled = rejection(sent);
        assert.equal(await client.send('echo', 'still here'), 'still here');
        assert.equal(seen, 1);
        controller.abort();
        assert.ok((await settled) instanceof CancelledError);
        gate.resolve();
        assert.equal(await client.send('echo', 'and now'), 'and now');
        assert.equal(seen, 1);
      });
    });

    describe('cancel and timeout', () => {
      it('settles at once and aborts the signal in the worker', async () => {
        const controller = new AbortController();
        const sent = client.send('untilCancelled', undefined, {
          signal: controller.signal,
          onEvent: () => controller.abort(new Error('enough')),
        });
        const error = await soon(rejection(sent), 'the cancel');
        assert.ok(error instanceof CancelledError);
        assert.equal((error.cause as Error).message, 'enough');
        assert.equal(await client.send('lastCancel'), 'CancelledError');
      });

      it('rejects an acknowledged cancel when the worker has stopped, and not before', async () => {
        const controller = new AbortController();
        const begun = Promise.withResolvers<void>();
        // It does not look at its signal until it is done.
        const sent = client.send(
          'spin',
          { ms: 200 },
          { signal: controller.signal, cancel: 'acknowledged', onEvent: () => begun.resolve() },
        );
        await begun.promise;
        controller.abort(new Error('enough'));
        const error = await soon(rejection(sent), 'the cancel');
        assert.ok(error instanceof CancelledError);
        assert.equal((error.cause as Error).message, 'enough');
        assert.equal(client.inWork, 0);
      });

      it('lets no event through after an acknowledged cancel was asked for', async () => {
        const controller = new AbortController();
        const seen: number[] = [];
        const sent = client.send(
          'count',
          { count: 1_000, delayMs: 1 },
          {
            signal: controller.signal,
            cancel: 'acknowledged',
            onEvent: ({ n }) => {
              seen.push(n);
              if (n === 2) controller.abort();
            },
          },
        );
        assert.ok((await rejection(sent)) instanceof CancelledError);
        assert.deepEqual(seen, [0, 1, 2]);
      });

      it('rejects with how the worker ended if it ends before it acknowledges a cancel', async () => {
        const other = await open();
        const controller = new AbortController();
        const sent = other.send('untilCancelled', undefined, { signal: controller.signal, cancel: 'acknowledged' });
        const killed = other.kill();
        controller.abort();
        assert.ok(!((await rejection(sent)) instanceof CancelledError));
        await killed;
      });

      it('sends nothing with a signal that is aborted already', async () => {
        const error = await rejection(client.send('note', 'never', { signal: AbortSignal.abort() }));
        assert.ok(error instanceof CancelledError);
        assert.ok(!(await client.send('notes')).includes('never'));
      });

      it('lets no event through after it settled', async () => {
        const controller = new AbortController();
        const events: string[] = [];
        const sent = client.send('untilCancelled', undefined, {
          signal: controller.signal,
          onEvent: (event) => {
            events.push(event);
            controller.abort();
          },
        });
        await rejection(sent);
        await client.send('lastCancel');
        assert.deepEqual(events, ['working']);
      });

      it('of a timed-out request cancels it in the worker, and the line stays up', async () => {
        const error = await rejection(client.send('untilCancelled', undefined, { timeout: 30 }));
        assert.ok(error instanceof MessageTimeoutError);
        assert.equal(await client.send('lastCancel'), 'CancelledError');
      });

      it('takes timeouts by type of message over the general one', async () => {
        const other = await open({ timeouts: { message: 60_000, messages: { untilCancelled: 20 } } });
        assert.ok((await rejection(other.send('untilCancelled'))) instanceof MessageTimeoutError);
        assert.equal(await other.send('echo', 1, { timeout: 0 }), 1);
        await other.close();
      });

      it('counts what the worker still works on', async () => {
        const controller = new AbortController();
        const sent = client.send('untilCancelled', undefined, { signal: controller.signal });
        assert.equal(client.inWork, 1);
        controller.abort();
        assert.equal(client.inWork, 1);
        await rejection(sent);
        await until(() => client.inWork === 0, 'the worker has answered what was given up');
      });
    });

    describe('the end', () => {
      it('by close waits for what is in flight', async () => {
        const other = await open();
        const sent = other.send('count', { count: 20, delayMs: 2 });
        const closed = other.close();
        assert.equal(other.state, 'closing');
        assert.ok((await rejection(other.send('echo', 1))) instanceof ClosedError);
        assert.equal(await sent, 20);
        const exit = await closed;
        assert.equal(exit.expected, true);
        assert.equal(exit.kind, 'closed');
        assert.equal(other.state, 'closed');
      });

      it('by close cancels what does not come to an end', async () => {
        const other = await open();
        const sent = rejection(other.send('untilCancelled'));
        const exit = await soon(other.close({ drainMs: 10 }), 'the close');
        assert.ok((await sent) instanceof ClosedError);
        assert.equal(exit.expected, true);
      });

      it('by close twice is the same end', async () => {
        const other = await open();
        const [one, two] = await Promise.all([other.close(), other.close()]);
        assert.equal(one, two);
        assert.equal(await other.close(), one);
      });

      it('by kill settles what is in flight', async () => {
        const other = await open();
        const sent = rejection(other.send('untilCancelled'));
        const exit = await other.kill();
        assert.equal(exit.kind, 'killed');
        assert.equal(exit.expected, true);
        assert.ok((await sent) instanceof ClosedError);
        assert.throws(() => other.notify('note', 'x'), ClosedError);
      });

      it('comes with await using', async () => {
        let other: TestClient;
        {
          await using scoped = await open();
          other = scoped;
          assert.equal(await scoped.send('echo', 1), 1);
        }
        assert.equal(other.state, 'closed');
      });

      if (isolated) {
        it('by close ends a worker that left a timer running', async () => {
          const other = await open();
          await other.send('leaveOpen');
          assert.equal((await soon(other.close(), 'the close')).kind, 'closed');
        });

        it('with exit code 0 in the middle of a request is a crash', async () => {
          const other = await open();
          const events: number[] = [];
          const sent = other.send('exit', { code: 0, events: 3 }, { onEvent: (n) => void events.push(n) });
          const error = await soon(rejection(sent), 'the crash');
          assert.ok(error instanceof CrashedError);
          assert.equal(error.exit.exitCode, 0);
          assert.equal(error.exit.kind, 'exit');
          assert.deepEqual(events, [0, 1, 2]);
          assert.equal((await other.exited).expected, false);
          assert.ok((await rejection(other.send('echo', 1))) instanceof ClosedError);
        });

        it('by an exception outside of any handler', async () => {
          for (const how of ['throw', 'reject'] as const) {
            const other = await open();
            const events: string[] = [];
            const error = await soon(
              rejection(other.send('die', { how }, { onEvent: (event) => void events.push(event) })),
              how,
            );
            assert.ok(error instanceof CrashedError);
            assert.equal(error.exit.exitCode, 1);
            assert.deepEqual(events, ['last words']);
            assert.match([...error.exit.stderrTail, error.exit.error?.message].join('\n'), /outside/);
          }
        });

        it('is known although a loop never ends', async () => {
          const other = await open({ timeouts: { unresponsive: 1000 } });
          const error = await soon(rejection(other.send('spin', { ms: 600_000 })), 'the end of the loop');
          assert.ok(error instanceof CrashedError);
          assert.equal(error.exit.kind, 'unresponsive');
        });
      }
    });

    describe('the start', () => {
      it('fails with the reason when the script throws', async () => {
        const error = await soon(rejection(open({ script: fixture('throws-at-load.ts') })), 'the failure');
        assert.ok(error instanceof SpawnError);
        assert.match(error.message, /thrown at load/);
        assert.equal(error.exit?.exitCode, 1);
      });

      it('fails when the script does not exist', async () => {
        const error = await soon(rejection(open({ script: fixture('not-there.ts') })), 'the failure');
        assert.ok(error instanceof SpawnError);
        assert.match(error.message, /not-there/);
      });

      it('fails when nobody starts a server', async () => {
        const error = await soon(
          rejection(open({ script: fixture('never-ready.ts'), timeouts: { startup: 500 } })),
          'the failure',
        );
        assert.ok(error instanceof StartupTimeoutError);
        assert.equal(error.exit?.kind, 'startup-timeout');
      });

      it('can be given up', async () => {
        const controller = new AbortController();
        const starting = open({ script: fixture('never-ready.ts'), signal: controller.signal });
        setTimeout(() => controller.abort(), 20);
        assert.ok((await soon(rejection(starting), 'the failure')) instanceof CancelledError);
      });

      it('is tried again as often as asked, not more', async () => {
        const warnings: string[] = [];
        const error = await soon(
          rejection(
            open({
              script: fixture('throws-at-load.ts'),
              retry: { maxRetries: 2, delayMs: 5 },
              logger: { ...silentLogger, warn: (message) => void warnings.push(message) },
            }),
          ),
          'the failure',
        );
        assert.ok(error instanceof SpawnError);
        assert.equal(warnings.length, 2);
      });
    });
  });
}
