import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { recordOf, storedInputs } from '../../../server/pool/quarantine-storage.ts';
import { Quarantine, type QuarantineContext } from '../../../server/pool/quarantine.ts';
import type { ExitKind, QuarantinedInput, QuarantineStorage } from '../../../server/pool/types.ts';
import type { CheckRequest, Unit } from '../../../workers/protocol/detector-protocol.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const unit: Unit = { id: 'a.ts', kind: 'file', group: 'g', file: 'a.ts' };
const other: Unit = { ...unit, id: 'b.ts', file: 'b.ts' };
const context: QuarantineContext = { version: '1', limitMb: 1_024, configFiles: ['eslint.config.js'] };

/** Plain data by key, as a store keeps it. */
class MemoryStorage implements QuarantineStorage {
  readonly records = new Map<string, unknown>();
  lists = 0;

  list(): Promise<ReadonlyMap<string, unknown>> {
    this.lists += 1;
    return Promise.resolve(new Map(this.records));
  }

  put(key: string, value: unknown): void {
    this.records.set(key, JSON.parse(JSON.stringify(value)));
  }

  remove(key: string): void {
    this.records.delete(key);
  }
}

describe('quarantine', () => {
  let root: string;
  let clock: SimulatedClock;
  let storage: MemoryStorage;

  beforeEach(async () => {
    root = await mkdtemp(path.join(os.tmpdir(), 'bulkhead-quarantine-'));
    clock = new SimulatedClock();
    storage = new MemoryStorage();
    await writeFile(path.join(root, 'a.ts'), 'poison');
    await writeFile(path.join(root, 'eslint.config.js'), 'export default []');
  });

  afterEach(() => rm(root, { recursive: true, force: true }));

  /** As another process would: nothing but the storage is shared. */
  const open = (on: QuarantineStorage = storage): Quarantine => {
    const quarantine = new Quarantine({ clock });
    quarantine.open(root, on);
    return quarantine;
  };
  const request = (extra: Partial<CheckRequest> = {}): CheckRequest => ({
    detector: 'lint',
    root,
    options: {},
    revision: 1,
    units: [unit, other],
    overlays: [],
    first: [],
    ...extra,
  });
  const inputOf = (kind: ExitKind, of = unit): QuarantinedInput => ({
    detector: 'lint',
    root,
    unit: of,
    file: of.file,
    reason: { kind, message: 'm', stderr: [] },
    limitMb: 1_024,
    since: 1,
  });
  const add = async (quarantine: Quarantine, extra: Partial<CheckRequest> = {}, input = inputOf('hang')) => {
    quarantine.add(input, request(extra), context);
    await quarantine.settled();
  };
  const skipped = async (
    quarantine: Quarantine,
    extra: Partial<CheckRequest> = {},
    changed: Partial<QuarantineContext> = {},
  ): Promise<readonly string[]> => {
    const { units, quarantined } = await quarantine.sift(request(extra), { ...context, ...changed });
    assert.equal(units.length + quarantined.length, 2);
    return quarantined.map(({ file }) => file);
  };
  const skips = async (...values: Parameters<typeof skipped>): Promise<boolean> => {
    const files = await skipped(...values);
    assert.ok(!files.includes('b.ts'), 'others pass');
    return files.length === 1;
  };
  const unsaved = { overlays: [{ file: 'a.ts', text: 'unsaved poison', version: 2 }] };

  it('survives a restart, without a path of the machine', async () => {
    await add(open());
    assert.doesNotMatch(JSON.stringify([...storage.records]), new RegExp(path.basename(root)));
    const second = open();
    assert.equal(await skips(second), true);
    assert.deepEqual(second.list(), [inputOf('hang')]);
    assert.deepEqual(await storedInputs(storage, root), [inputOf('hang')]);
  });

  it('lives as long as the pool if there is no storage', async () => {
    const quarantine = new Quarantine({ clock });
    assert.equal(quarantine.isEmpty(root), true);
    await add(quarantine);
    assert.equal(await skips(quarantine), true);
    assert.equal(await skips(quarantine), true);
    assert.equal(quarantine.isEmpty('elsewhere'), true);
  });

  it('writes a closed root to its storage', async () => {
    const quarantine = new Quarantine({ clock });
    const close = quarantine.open(root, storage);
    quarantine.add(inputOf('hang'), request(), context);
    await close();
    assert.equal(storage.records.size, 1);
    assert.deepEqual(quarantine.list(), []);
    quarantine.open(root, storage);
    assert.equal(await skips(quarantine), true);
  });

  it('closes only what it opened: a root that is opened again stays open, and the first storage gets all of its entries', async () => {
    const quarantine = new Quarantine({ clock });
    const close = quarantine.open(root, storage);
    quarantine.add(inputOf('hang'), request(), context);
    const next = new MemoryStorage();
    quarantine.open(root, next);
    await close();
    assert.equal(storage.records.size, 1);
    await add(quarantine);
    assert.equal(next.records.size, 1);
    assert.equal(await skips(quarantine), true);
  });

  const frees: readonly [string, (quarantine: Quarantine) => Promise<boolean>][] = [
    ['its content', async (quarantine) => (await writeFile(path.join(root, 'a.ts'), 'cured'), skips(quarantine))],
    ['the detector', (quarantine) => skips(quarantine, {}, { version: '2' })],
    ['the options', (quarantine) => skips(quarantine, { options: { fix: true } })],
    [
      'the configuration',
      async (quarantine) => (await writeFile(path.join(root, 'eslint.config.js'), 'x'), skips(quarantine)),
    ],
    ['its existence', async (quarantine) => (await rm(path.join(root, 'a.ts')), skips(quarantine))],
  ];
  for (const [what, skipsAfter] of frees) {
    it(`ends when ${what} changes, and does not come back`, async () => {
      const quarantine = open();
      await add(quarantine);
      assert.equal(await skips(quarantine), true);
      assert.equal(await skipsAfter(quarantine), false);
      assert.deepEqual(quarantine.list(), []);
      assert.equal(storage.records.size, 0);
      assert.equal(await skips(open()), false);
    });
  }

  it('ends when the limit is raised, only for inputs that ran out of memory', async () => {
    for (const [kind, expected] of [
      ['oom-heap', false],
      ['rss-limit', false],
      ['hang', true],
    ] as const) {
      const quarantine = open();
      await add(quarantine, {}, inputOf(kind));
      assert.equal(await skips(quarantine, {}, { limitMb: 2_048 }), expected, kind);
    }
  });

  it('takes an unknown version for the same', async () => {
    const quarantine = open();
    await add(quarantine);
    assert.equal(await skips(quarantine, {}, { version: undefined }), true);
  });

  it('is released by the user', async () => {
    const quarantine = open();
    await add(quarantine);
    assert.deepEqual(
      quarantine.release(({ file }) => file === 'b.ts'),
      [],
    );
    assert.equal(quarantine.release(() => true).length, 1);
    assert.equal(await skips(quarantine), false);
    assert.equal(await skips(open()), false);
  });

  describe('of unsaved text', () => {
    it('stays in its window until the text is saved', async () => {
      const quarantine = open();
      await add(quarantine, unsaved);
      assert.equal(storage.records.size, 0);
      assert.equal(await skips(quarantine, unsaved), true);
      await writeFile(path.join(root, 'a.ts'), 'unsaved poison');
      assert.equal(await skips(quarantine), true);
      await quarantine.settled();
      assert.equal(await skips(open()), true);
    });

    it('releases the input in the window with the text, and in no other', async () => {
      await add(open());
      const [typing, reading] = [open(), open()];
      assert.equal(await skips(typing, unsaved), false);
      assert.deepEqual(typing.list(), []);
      assert.equal(await skips(reading), true);
      assert.equal(await skips(typing), true, 'it is as on disk again');
      assert.equal(typing.list().length, 1);
    });

    it('is skipped in addition to the file on disk, which others still skip', async () => {
      await add(open());
      const quarantine = open();
      assert.equal(await skips(quarantine, unsaved), false);
      await add(quarantine, unsaved);
      for (let round = 0; round < 2; round += 1) assert.equal(await skips(quarantine, unsaved), true);
      assert.equal(await skips(open()), true);
    });

    it('counts as saved if it equals the disk', async () => {
      const quarantine = open();
      const equal = { overlays: [{ file: 'a.ts', text: 'poison', version: 1 }] };
      await add(quarantine, equal);
      assert.equal(await skips(quarantine, equal), true);
      assert.equal(await skips(open()), true);
    });
  });

  describe('of several processes', () => {
    it('is in force in all of them from their next check', async () => {
      const [one, two] = [open(), open()];
      assert.equal(await skips(two), false);
      await add(one);
      assert.equal(await skips(two), true);
      one.release(() => true);
      assert.equal(await skips(two), false);
      assert.deepEqual(two.list(), []);
    });

    it('loses no input that they add at the same time', async () => {
      const [one, two] = [open(), open()];
      await Promise.all([add(one), add(two, {}, inputOf('hang', other))]);
      for (const process of [one, two, open()]) assert.deepEqual(await skipped(process), ['a.ts', 'b.ts']);
    });

    it('does not restore an input that was released while the storage was read', async () => {
      const quarantine = open();
      await add(quarantine);
      const sifting = quarantine.sift(request(), context);
      quarantine.release(() => true);
      assert.deepEqual((await sifting).quarantined, []);
      assert.equal(await skips(quarantine), false);
    });
  });

  describe('with a storage that fails', () => {
    it('retries an input whose record is lost, and keeps one that was never stored', async () => {
      const quarantine = open();
      await add(quarantine);
      assert.equal(await skips(quarantine), true);
      storage.records.clear();
      assert.equal(await skips(quarantine), false, 'lost');
      const forgetful: QuarantineStorage = { list: () => Promise.resolve(new Map()), put: () => {}, remove: () => {} };
      const rejecting: QuarantineStorage = { ...forgetful, list: () => Promise.reject(new Error('closed')) };
      for (const failing of [forgetful, rejecting]) {
        const own = open(failing);
        await add(own);
        for (let round = 0; round < 3; round += 1) assert.equal(await skips(own), true);
      }
    });

    it('ignores records of an unknown format', async () => {
      await add(open());
      const [[key, sound] = ['', {}]] = storage.records;
      const { key: hash, ...rest } = sound as Record<string, unknown>;
      const strange = [null, 7, 'x', [], {}, rest, { ...rest, key: 7 }, { ...rest, key: hash, version: 7 }];
      for (const field of ['detector', 'file', 'unit', 'reason']) {
        strange.push({ ...rest, key: hash, [field]: undefined }, { ...rest, key: hash, [field]: null });
      }
      for (const value of strange) {
        storage.records.set(key, value);
        assert.equal(recordOf(value, root), undefined);
        assert.equal(await skips(open()), false, JSON.stringify(value));
      }
    });

    it('waits only once for a storage that does not answer', async () => {
      let answer = (_: ReadonlyMap<string, unknown>): void => {};
      let lists = 0;
      const slow: QuarantineStorage = {
        list: () => ((lists += 1), new Promise((resolve) => (answer = resolve))),
        put: () => {},
        remove: () => {},
      };
      const quarantine = open(slow);
      let done = false;
      const first = skips(quarantine).finally(() => (done = true));
      await turn();
      assert.equal(done, false);
      await clock.advance(2_000);
      assert.equal(await first, false);
      assert.equal(await skips(quarantine), false, 'not waited for again');
      assert.equal(lists, 1);
      await add(open());
      answer(new Map(storage.records));
      await turn();
      const next = skips(quarantine);
      await turn();
      answer(new Map(storage.records));
      assert.equal(await next, true);
      assert.equal(clock.timers, 0);
    });
  });
});
