/** Errors of other realms stay what they are, and both errors and events know who asked for them. */
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import vm from 'node:vm';
import { createWorker, CrashedError, MessageTimeoutError, RemoteError } from '../../../workers/ipc/index.ts';
import type { DriverName, WorkerClient } from '../../../workers/ipc/index.ts';
import { isError, textOf, toError } from '../../../workers/ipc/realm.ts';
import type { RealmMessages } from '../../fixtures/ipc/realm-messages.ts';
import { fixture, rejection, soon, start } from './support.ts';

const drivers: readonly DriverName[] = ['child-process', 'stdio', 'worker-threads', 'inline'];

describe('errors of other realms', () => {
  it('are told from other values', () => {
    assert.ok(isError(vm.runInNewContext('new Error("x")')));
    assert.ok(isError(vm.runInNewContext('new (class Own extends TypeError {})("x")')));
    assert.ok(isError(new DOMException('x')));
    assert.ok(isError(Object.create(Error.prototype)));
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const value of [undefined, null, 'Error: x', { message: 'x' }, () => new Error('x'), proxy]) {
      assert.ok(!isError(value));
    }
    assert.equal(textOf(proxy), 'a value without a text form');
    assert.equal(toError('x').message, 'x');
  });

  for (const driver of drivers) {
    describe(driver, () => {
      let worker: WorkerClient<RealmMessages>;
      beforeEach(async () => {
        worker = await createWorker<RealmMessages>({ script: fixture('realms.ts'), driver });
      });
      afterEach(() => worker.close());

      it('keep name, message, code, stack, cause and fields', async () => {
        const error = await rejection(worker.send('fail'));
        assert.ok(error instanceof RemoteError);
        assert.equal(error.name, 'TypeError');
        assert.equal(error.message, 'of another realm');
        assert.equal(error['code'], 'E_REALM');
        assert.equal(error['place'], 'a field');
        assert.match(error.stack ?? '', /realm-script\.js:1/);
        assert.ok(error.cause instanceof RemoteError);
        assert.equal(error.cause.name, 'RangeError');
        assert.equal((await rejection(worker.send('reject'))).name, 'SyntaxError');
        const { errors } = (await rejection(worker.send('aggregate'))) as unknown as { errors: Error[] };
        assert.deepEqual(
          errors.map(({ name }) => name),
          ['RangeError', 'Error'],
        );
      });

      it('name the code that sent the message', async () => {
        async function theCaller(): Promise<void> {
          await worker.send('fail');
        }
        const { stack = '' } = await rejection(theCaller());
        assert.match(stack, /realm-script\.js:1[^]*--- sent by ---[^]*at async theCaller/);
      });

      it('events come in the asynchronous context of the sender, late ones too', async () => {
        const context = new AsyncLocalStorage<string>();
        const seen = new Set<string | undefined>();
        const listen = (name: string) =>
          context.run(name, () =>
            worker.send('events', 300, {
              onEvent: async (n) => {
                seen.add(context.getStore());
                if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
                seen.add(context.getStore());
              },
            }),
          );
        await Promise.all([listen('a'), listen('b')]);
        assert.deepEqual([...seen].sort(), ['a', 'b']);
      });
    });
  }

  for (const driver of ['child-process', 'stdio', 'worker-threads'] as const) {
    it(`${driver}: an uncaught one is told as what it was`, async () => {
      const worker = await createWorker<RealmMessages>({ script: fixture('realms.ts'), driver });
      const error = await soon(rejection(worker.send('uncaught')), 'the end');
      assert.ok(error instanceof CrashedError);
      assert.match(error.message, /uncaught of another realm/);
    });
  }

  it('each request that fails together with others names its own sender', async () => {
    const worker = await start('child-process');
    async function first(): Promise<void> {
      await worker.send('untilCancelled');
    }
    async function second(): Promise<void> {
      await worker.send('untilCancelled');
    }
    async function third(): Promise<void> {
      await worker.send('untilCancelled', undefined, { timeout: 10 });
    }
    const failures = Promise.all([rejection(first()), rejection(second()), rejection(third())]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await worker.kill();
    const [one, two, three] = await failures;
    assert.match(one.stack ?? '', /at async first/);
    assert.doesNotMatch(one.stack ?? '', /at async second/);
    assert.match(two.stack ?? '', /at async second/);
    assert.ok(three instanceof MessageTimeoutError);
    assert.match(three.stack ?? '', /at async third/);
  });
});
