import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { StoreError } from '../../../server/store/faults.ts';
import { Locks } from '../../../server/store/locks.ts';
import { openStore, Store } from '../../../server/store/store.ts';
import { DATABASE_NAME } from '../../../server/store/database-file.ts';
import { endPrewarmedThread, prewarmThread } from '../../../server/store/store-client.ts';
import { Connection } from '../../../server/store/sqlite.ts';
import { collect, content, temporaryFolders } from '../../unit/store/support.ts';
import { startScript } from './processes.ts';
import { fileResult } from './results.ts';

describe('store', function () {
  this.timeout(60_000);
  const folder = temporaryFolders();

  it('returns what was written, at once and after it was reopened', async () => {
    const dir = path.join(folder(), 'deep', 'inside');
    const results = [fileResult('a.ts', 2), fileResult('b.ts', 0), fileResult('c.ts', 12_000), fileResult('d.ts', 1)];
    const bytes = new Uint8Array([0, 1, 255]);
    const check = async (store: Store): Promise<void> => {
      assert.deepEqual((await collect(store.loadUnits())).map(content), results);
      assert.deepEqual(await collect(store.loadUnits({ detector: 'typescript' })), []);
      assert.deepEqual(await collect(store.loadFacts('record')), [
        { file: 'a.ts', hash: '1', body: '{}' },
        { file: 'b.ts', hash: '1', body: bytes },
      ]);
      assert.deepEqual(await store.quarantine.list(), new Map([['key', { file: 'a.ts' }]]));
      assert.deepEqual(await store.quarantine.get('key'), { file: 'a.ts' });
      assert.equal(await store.meta.get('key'), undefined);
      assert.deepEqual(
        (await store.history.list()).map(({ entry }) => entry),
        ['second', 'first'],
      );
    };
    await using store = await openStore({ dir });
    for (const result of results) store.putUnit(result);
    store.putFact('record', { file: 'a.ts', hash: '1', body: '{}' });
    store.putFact('record', { file: 'b.ts', hash: '1', body: bytes });
    store.quarantine.put('key', { file: 'a.ts' });
    store.history.append('first');
    store.history.append('second');
    await check(store);
    await store.close();
    await using again = await openStore({ dir });
    await check(again);
    if (process.platform !== 'win32') assert.equal(statSync(dir).mode & 0o077, 0, 'others can read it');
  });

  it('reads the quarantine while thousands of results are written, and loses none of them', async () => {
    const dir = folder();
    const large = fileResult('large.ts', 30_000);
    {
      await using store = await openStore({ dir });
      store.putUnit(large);
      const flushed = store.flush();
      let [written, told] = [false, 0];
      void flushed.then(() => (written = true));
      for (let key = 0; !written; key += 1) {
        store.quarantine.put(String(key), key);
        assert.equal((await store.quarantine.list()).size, key + 1);
        told += written ? 0 : 1;
      }
      assert.ok(told > 0);
    }
    await using store = await openStore({ dir });
    const [unit] = await collect(store.loadUnits());
    assert.ok(unit && isDeepStrictEqual(content(unit), large), 'not compared by assert, whose report would be huge');
  });

  it('reports its state, verifies, and clears everything', async () => {
    await using store = await openStore({ dir: folder() });
    store.putUnit(fileResult('a.ts', 2));
    store.meta.put('key', 1);
    assert.deepEqual(await store.verify(), { structure: [], records: 2, damaged: 0 });
    assert.ok(await store.snapshot());
    const { mode, units, notes, pendingWrites, snapshotAt, setAside } = await store.stats();
    assert.deepEqual([mode, units, notes, pendingWrites, setAside], ['disk', 1, 1, 0, []]);
    assert.ok(snapshotAt !== undefined && Date.now() - snapshotAt < 60_000);
    await store.clear();
    const after = await store.stats();
    assert.deepEqual([after.units, after.notes, after.snapshotAt], [0, 0, undefined]);
  });

  it('keeps hashes of files between sessions', async () => {
    const [dir, root] = [folder(), folder('root')];
    const names = Array.from({ length: 700 }, (_, index) => `${index}.ts`);
    for (const name of names) writeFileSync(path.join(root, name), name);
    const hashes = async (): Promise<ReadonlyMap<string, string>> => {
      await using store = await openStore({ dir });
      return await store.hashInputs(root, [...names, 'missing.ts']);
    };
    const first = await hashes();
    assert.equal(first.size, 700);
    writeFileSync(path.join(root, '7.ts'), 'x.ts');
    const second = await hashes();
    assert.notEqual(second.get('7.ts'), first.get('7.ts'));
    assert.deepEqual(new Map(second).set('7.ts', ''), new Map(first).set('7.ts', ''));
  });

  it('does not keep the process alive, and writes what is queued before it ends', async () => {
    const dir = folder();
    const script = `
      import { openStore } from ${JSON.stringify(new URL('../../../server/store/store.ts', import.meta.url).href)};
      const store = await openStore({ dir: ${JSON.stringify(dir)} });
      store.meta.put('key', 'left to the end');`;
    const printed = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      timeout: 30_000,
      encoding: 'utf8',
    });
    assert.equal(printed, '');
    await using store = await openStore({ dir });
    assert.deepEqual(await store.meta.list(), new Map([['key', 'left to the end']]));
  });

  it('uses the prewarmed thread, which only the first store gets, and which keeps no process alive', async () => {
    prewarmThread();
    const dirs = [folder(), folder()];
    for (const dir of dirs) {
      await using store = await openStore({ dir });
      store.putUnit(fileResult('a.ts', 1));
      assert.equal((await collect(store.loadUnits())).length, 1);
      assert.equal(store.degraded, undefined);
      await store.flush();
      assert.ok(existsSync(path.join(dir, DATABASE_NAME)));
    }
    prewarmThread();
    endPrewarmedThread();
    await using store = await openStore({ dir: dirs[0] ?? '' });
    assert.equal((await collect(store.loadUnits())).length, 1);
    const line = new URL('../../../server/store/store-client.ts', import.meta.url).href;
    const script = `import { prewarmThread } from ${JSON.stringify(line)}; prewarmThread();`;
    const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 30_000 });
    assert.equal(status, 0);
  });

  it('closes once, and rejects calls afterwards', async () => {
    const store = await openStore({ dir: folder() });
    await Promise.all([store.close(), store.close()]);
    store.putUnit(fileResult('a.ts', 1));
    await assert.rejects(store.stats(), { name: 'StoreError', code: 'CLOSED' });
  });

  it('repairs a damaged file and reports it once', async () => {
    const dir = folder();
    writeFileSync(path.join(dir, DATABASE_NAME), 'nonsense'.repeat(1000));
    const messages: string[] = [];
    await using store = await openStore({ dir, log: (_level, message) => void messages.push(message) });
    store.putUnit(fileResult('a.ts', 1));
    assert.equal((await collect(store.loadUnits())).length, 1);
    assert.equal(messages.length, 1);
    assert.equal((await store.stats()).setAside.length, 1);
    assert.equal(store.degraded, undefined);
  });

  it('keeps results in memory if its folder cannot be created, or throws', async () => {
    const file = path.join(folder(), 'file');
    writeFileSync(file, '');
    const dir = path.join(file, 'store');
    const messages: string[] = [];
    await using store = await openStore({ dir, log: (_level, message) => void messages.push(message) });
    store.putUnit(fileResult('a.ts', 1));
    assert.equal((await collect(store.loadUnits())).length, 1);
    assert.deepEqual(messages, [store.degraded]);
    assert.ok(messages[0]?.includes(dir));
    assert.equal(await store.lockTable.read('analysis'), undefined);
    await assert.rejects(openStore({ dir, fallbackToMemory: false }), (error) => {
      assert.ok(error instanceof StoreError && error.code === 'UNAVAILABLE');
      assert.ok(error.message.includes(dir));
      return true;
    });
  });

  it('continues with another thread if its own crashes, and without one if that crashes too', async () => {
    const script = path.join(folder(), 'thread.mjs');
    const library = new URL('../../../workers/ipc/index.ts', import.meta.url).href;
    // Answers nothing but the opening and the first call of each thread's life; the next call ends it.
    writeFileSync(
      script,
      `import { startWorkerServer } from ${JSON.stringify(library)};
       let calls = 0;
       const answer = () => {
         if (++calls === 3) process.exit(7);
         return { result: undefined };
       };
       await startWorkerServer(new Proxy({}, { get: () => answer, getOwnPropertyDescriptor: () => ({ value: answer, configurable: true }) }));`,
    );
    const messages: string[] = [];
    const store = new Store({ dir: folder(), log: (_level, message) => void messages.push(message) }, script);
    await store.opened();
    for (let time = 0; time < 4; time += 1) {
      store.putUnit(fileResult(`${time}.ts`, 1));
      assert.ok(await store.flush());
    }
    assert.deepEqual(await collect(store.loadUnits()), []);
    assert.deepEqual(await store.quarantine.list(), new Map());
    const root = path.dirname(script);
    assert.deepEqual([...(await store.hashInputs(root, ['thread.mjs', 'none'])).keys()], ['thread.mjs']);
    assert.equal(messages.filter((message) => message.includes('exit code 7')).length, 2);
    assert.match(store.degraded ?? '', /not kept between sessions/);
    await store.close();
  });

  it('keeps results in memory, with one message, if the file system does not answer', async () => {
    const script = path.join(folder(), 'thread.mjs');
    const own = new URL('../../../server/store/store-thread.ts', import.meta.url).href;
    const blocked = path.join(path.dirname(script), 'blocked');
    // Blocked as in a system call, until the store says that it gave up.
    writeFileSync(blocked, '');
    writeFileSync(
      script,
      `import { existsSync } from 'node:fs';
       if (existsSync(${JSON.stringify(blocked)})) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
       await import(${JSON.stringify(own)});`,
    );
    const dir = path.join(folder(), 'hangs');
    const messages: string[] = [];
    const log = (_level: string, message: string): void => {
      messages.push(message);
      rmSync(blocked, { force: true });
    };
    const options = { dir, openTimeoutMs: 100, log };
    await using store = new Store(options, script);
    await store.opened();
    assert.match(store.degraded ?? '', /file system did not answer for 0.1 s\. Results are kept in memory/);
    assert.deepEqual(messages, [store.degraded]);
    store.putUnit(fileResult('a.ts', 3));
    assert.equal((await collect(store.loadUnits())).length, 1);
    assert.equal((await store.stats()).mode, 'memory');
    assert.equal(await store.lockTable.read('analysis'), undefined);
    assert.ok(!existsSync(dir), 'the folder was touched');
    writeFileSync(blocked, '');
    const impatient = new Store({ ...options, fallbackToMemory: false }, script);
    await assert.rejects(impatient.opened(), { name: 'StoreError', code: 'UNAVAILABLE' });
  });

  it('waits for another process that writes, and loses nothing', async () => {
    const dir = folder();
    await using store = await openStore({ dir });
    const other = new Connection(path.join(dir, DATABASE_NAME));
    other.exec('BEGIN IMMEDIATE');
    store.putUnit(fileResult('a.ts', 1));
    assert.equal(await store.flush(1500), false);
    other.exec('COMMIT');
    other.close();
    assert.ok(await store.flush());
    assert.equal((await collect(store.loadUnits())).length, 1);
    assert.equal(store.degraded, undefined);
  });

  it('loses nothing on disk if two of three processes are killed while all write', async () => {
    for (let round = 0; round < 3; round += 1) {
      const dir = folder();
      const writers = ['one', 'two'].map((name) => startScript('writer.ts', [dir, name]));
      await using store = await openStore({ dir, openTimeoutMs: 60_000 });
      // Somewhere in the middle of their work, another place in each round.
      await Promise.all(writers.map((writer, index) => writer.line(`acked ${3 + round * 2 + index}`)));
      store.putUnit(fileResult('mine', 3));
      await Promise.all(writers.map((writer) => writer.kill()));
      const units = new Map((await collect(store.loadUnits())).map((unit) => [unit.unit, unit]));
      for (const [index, { lines }] of writers.entries()) {
        assert.deepEqual(
          lines.filter((line) => line.startsWith('log') || line === 'late'),
          [],
        );
        const name = index === 0 ? 'one' : 'two';
        for (const line of lines.filter((text) => text.startsWith('acked '))) {
          for (let unit = 0; unit < 10; unit += 1) {
            assert.ok(units.has(`${name}/${line.slice(6)}/${unit}`), `${name} ${line} was lost`);
          }
        }
      }
      for (const unit of units.values()) {
        if (unit.unit === 'shared') assert.match(unit.fingerprint, /^(?:one|two) \d+$/);
        const issues = [...unit.files.values()].flat();
        assert.deepEqual(content(unit), fileResult(unit.unit, issues.length, unit.fingerprint));
      }
      assert.ok(units.has('mine'));
      assert.deepEqual((await store.verify()).structure, []);
      assert.equal((await store.stats()).damagedRecords, 0);
    }
  });

  it('is created by several processes at once', async () => {
    const dir = folder();
    const writers = ['a', 'b', 'c', 'd'].map((name) => startScript('writer.ts', [dir, name, '2']));
    await Promise.all(writers.map((writer) => writer.ended()));
    await using store = await openStore({ dir, openTimeoutMs: 60_000 });
    assert.equal((await collect(store.loadUnits())).length, 4 * 20 + 1);
    assert.deepEqual(
      writers.flatMap(({ lines }) => lines.filter((line) => line.startsWith('log'))),
      [],
    );
    assert.deepEqual(
      readdirSync(dir).filter((name) => name.includes('damaged')),
      [],
    );
  });

  // A disk of two megabytes in a mount namespace: most Linux systems make one without asking anybody. Where none can be
  // made: a limit for the size of files, and a folder without the permission to write. Windows has neither.
  if (process.platform !== 'win32') {
    const namespace = ['unshare', '--user', '--map-root-user', '--mount'];
    const limit = ['sh', '-c', 'ulimit -f 1000 && exec "$0" "$@"'];
    const mounts = canMount([...namespace, 'mount', '-t', 'tmpfs', 'tmpfs', os.tmpdir()]);
    for (const mode of ['full', 'read-only'] as const) {
      it(`keeps results in memory if the disk is ${mode}, with one message, and reads what is there`, async () => {
        const disk = path.join(folder('disk'), 'mounted');
        mkdirSync(disk);
        if (!mounts)
          console.log(`      no disk can be mounted here: ${mode === 'full' ? 'ulimit -f' : 'chmod'} instead`);
        const prefix = mounts ? namespace : mode === 'full' ? limit : [];
        const script = startScript('tight-disk.ts', [mode, disk, mounts ? 'mount' : 'limit'], prefix);
        await script.ended();
        assert.deepEqual(script.lines, ['passed']);
        if (mounts) assert.deepEqual(readdirSync(disk), [], 'the small disk is seen outside');
        else for (const at of [disk, path.join(disk, 'store')]) chmodSync(at, 0o700);
      });
    }
  }
});

/** @param command mounts something and ends */
function canMount(command: readonly string[]): boolean {
  const { status, error } = spawnSync(command[0] ?? '', command.slice(1), { stdio: 'ignore' });
  return error === undefined && status === 0;
}

describe('store: locks between processes', function () {
  this.timeout(60_000);
  const folder = temporaryFolders();

  it('are taken over within 3 s after their owner is killed', async () => {
    const dir = folder();
    const first = startScript('lock-holder.ts', [dir, 'analysis']);
    assert.equal(await first.line('held'), 'held 1');
    const second = startScript('lock-holder.ts', [dir, 'analysis']);
    await second.line('waiting');
    await using store = await openStore({ dir });
    const record = await store.lockTable.read('analysis');
    assert.equal(record?.owner.pid, first.process.pid);
    await first.kill();
    const killedAt = performance.now();
    assert.equal(await second.line('held'), 'held 2');
    const seconds = (performance.now() - killedAt) / 1000;
    assert.ok(seconds < 3, `it took ${seconds} s`);
    await second.kill();
  });

  it('are taken from a dead owner whose process id is in use again', async () => {
    const dir = folder();
    const first = startScript('lock-holder.ts', [dir, 'analysis']);
    await first.line('held');
    await using store = await openStore({ dir });
    const record = await store.lockTable.read('analysis');
    assert.ok(record);
    await first.kill();
    // The id of a process that is alive but started at another time.
    const owner = { ...record.owner, pid: process.pid };
    assert.ok(await store.lockTable.swap({ expected: record, record: { ...record, owner } }));
    const lock = await new Locks({ table: store.lockTable }).tryAcquire('analysis');
    assert.equal(lock?.version, 2);
    assert.equal(await new Locks({ table: store.lockTable }).tryAcquire('analysis'), undefined);
    await lock.release();
  });

  it('admit one process at a time', async () => {
    const dir = folder();
    const journal = path.join(dir, 'journal');
    const scripts = [1, 2, 3].map(() => startScript('lock-holder.ts', [dir, 'x', '10', journal]));
    await Promise.all(scripts.map((script) => script.ended()));
    const lines = readFileSync(journal, 'utf8').trim().split('\n');
    assert.equal(lines.length, 60);
    const expected = Array.from({ length: 30 }, (_, index) => [`enter ${index + 1}`, `leave ${index + 1}`]).flat();
    assert.deepEqual(lines, expected, 'two were in at the same time, or a version was given twice');
  });
});
