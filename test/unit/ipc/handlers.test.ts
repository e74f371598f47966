/** Handlers: which methods of which objects are found, and what `this` is in them. */
import assert from 'node:assert/strict';
import vm from 'node:vm';
import { createWorker, UnknownMessageError } from '../../../workers/ipc/index.ts';
import { HandlerTable } from '../../../workers/ipc/handler-table.ts';
import type { ServiceMessages } from '../../fixtures/ipc/service.ts';
import { fixture, rejection } from './support.ts';

describe('handlers', () => {
  it('are an object’s own and inherited methods, but none that every object has', () => {
    class Base {
      base(): void {}
    }
    class Derived extends Base {
      own = (): void => undefined;
      value = 1;
      method(): void {}
    }
    const foreign = vm.runInNewContext('new (class { method() {} })()') as object;
    const bare = Object.assign(Object.create(null) as object, { method: () => 1 });
    for (const owner of [new Derived(), foreign, bare]) assert.ok(new HandlerTable(owner).find('method'));
    for (const name of ['own', 'base']) assert.ok(new HandlerTable(new Derived()).find(name));
    for (const owner of [new Derived(), foreign, bare, {}]) {
      for (const name of ['value', 'constructor', 'toString', 'hasOwnProperty', '__proto__', '__defineGetter__', 'no'])
        assert.equal(new HandlerTable(owner).find(name), undefined, name);
    }
  });

  for (const driver of ['child-process', 'stdio', 'worker-threads', 'inline'] as const) {
    it(`may be an instance of a class: ${driver}`, async () => {
      const worker = await createWorker<ServiceMessages>({ script: fixture('service.ts'), driver });
      await worker.send('add', 2);
      await worker.send('add', 3);
      assert.equal(await worker.send('total'), 5);
      assert.equal(await worker.send('inherited'), 'base');
      assert.ok((await rejection(worker.send('constructor' as 'total'))) instanceof UnknownMessageError);
      await worker.close();
    });
  }
});
