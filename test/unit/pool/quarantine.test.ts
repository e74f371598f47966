import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Quarantine, type QuarantineContext } from '../../../server/pool/quarantine.ts';
import type { ExitKind, QuarantinedInput } from '../../../server/pool/types.ts';
import type { CheckRequest, Unit } from '../../../workers/protocol.ts';

const unit: Unit = { id: 'a.ts', kind: 'file', group: 'g', file: 'a.ts' };
const other: Unit = { ...unit, id: 'b.ts', file: 'b.ts' };
const context: QuarantineContext = { version: '1', limitMb: 1_024, configFiles: ['eslint.config.js'] };

describe('quarantine', () => {
  let root: string;
  let storageDir: string;
  let messages: string[];

  beforeEach(async () => {
    root = await mkdtemp(path.join(os.tmpdir(), 'bulkhead-quarantine-'));
    storageDir = path.join(root, 'storage');
    messages = [];
    await writeFile(path.join(root, 'a.ts'), 'poison');
    await writeFile(path.join(root, 'eslint.config.js'), 'export default []');
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((quarantine) => quarantine.settled()));
    await rm(root, { recursive: true, force: true });
  });

  const opened: Quarantine[] = [];
  const open = (): Quarantine => {
    const quarantine = new Quarantine({ storageDir, log: (message) => messages.push(message) });
    opened.push(quarantine);
    return quarantine;
  };
  const request = (extra: Partial<CheckRequest> = {}): CheckRequest => ({
    detector: 'lint',
    root,
    options: {},
    generation: 1,
    units: [unit, other],
    overlays: [],
    first: [],
    ...extra,
  });
  const inputOf = (kind: ExitKind): QuarantinedInput => ({
    detector: 'lint',
    root,
    unit,
    file: 'a.ts',
    reason: { kind, message: 'm', stderr: [] },
    limitMb: 1_024,
    since: 1,
  });
  const skips = async (
    quarantine: Quarantine,
    extra = {},
    changed: Partial<QuarantineContext> = {},
  ): Promise<boolean> => {
    const { units, quarantined } = await quarantine.sift(request(extra), { ...context, ...changed });
    assert.equal(units.length + quarantined.length, 2);
    assert.ok(
      units.some(({ id }) => id === 'b.ts'),
      'others pass',
    );
    return quarantined.length === 1;
  };

  it('survives a restart', async () => {
    const first = open();
    first.add(inputOf('hang'), request(), context);
    await first.settled();
    const second = open();
    assert.equal(await skips(second), true);
    assert.deepEqual(second.list(), [inputOf('hang')]);
    assert.deepEqual(await readdir(storageDir), ['quarantine.json'], 'no draft stays');
  });

  const frees: readonly [string, (quarantine: Quarantine) => Promise<boolean>][] = [
    ['its content', async (quarantine) => (await writeFile(path.join(root, 'a.ts'), 'cured'), skips(quarantine))],
    ['its unsaved content', (quarantine) => skips(quarantine, { overlays: [{ file: 'a.ts', text: 'x', version: 2 }] })],
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
      quarantine.add(inputOf('hang'), request(), context);
      assert.equal(await skips(quarantine), true);
      assert.equal(await skipsAfter(quarantine), false);
      assert.equal(quarantine.empty, true);
      await quarantine.settled();
      assert.equal(await skips(open()), false);
    });
  }

  it('ends when the limit is raised only for what ran out of memory', async () => {
    for (const [kind, skipped] of [
      ['oom-heap', false],
      ['rss-limit', false],
      ['hang', true],
    ] as const) {
      const quarantine = open();
      quarantine.add(inputOf(kind), request(), context);
      assert.equal(await skips(quarantine, {}, { limitMb: 2_048 }), skipped, kind);
    }
  });

  it('an unsaved buffer equal to the disk changes nothing', async () => {
    const quarantine = open();
    quarantine.add(inputOf('hang'), request(), context);
    assert.equal(await skips(quarantine, { overlays: [{ file: 'a.ts', text: 'poison', version: 1 }] }), true);
  });

  it('a version not known yet is taken to be the same', async () => {
    const quarantine = open();
    quarantine.add(inputOf('hang'), request(), context);
    assert.equal(await skips(quarantine, {}, { version: undefined }), true);
  });

  it('is released by the user', async () => {
    const quarantine = open();
    quarantine.add(inputOf('hang'), request(), context);
    assert.deepEqual(
      quarantine.release(({ file }) => file === 'b.ts'),
      [],
    );
    assert.equal(quarantine.release(() => true).length, 1);
    assert.equal(await skips(quarantine), false);
  });

  it('begins anew from a file that is damaged at any byte or of a later format', async () => {
    const first = open();
    first.add(inputOf('hang'), request(), context);
    await first.settled();
    const file = path.join(storageDir, 'quarantine.json');
    const sound = await readFile(file);
    const damaged = [
      ...Array.from({ length: sound.length }, (_, length) => sound.subarray(0, length)),
      Buffer.from(sound.toString().replace('"format": 1', '"format": 99')),
      Buffer.from('[]'),
      Buffer.from('{"format":1,"entries":[null,7,{"key":"x"}]}'),
    ];
    for (const content of damaged) {
      await writeFile(file, content);
      const quarantine = open();
      // A file without its last line break is whole.
      const skipped = await skips(quarantine);
      assert.ok(!skipped || content.length === sound.length - 1);
    }
    assert.ok(messages.some((message) => message.includes('cannot be used')));
  });

  it('works in memory when the folder cannot be written', async () => {
    await writeFile(path.join(root, 'file'), '');
    storageDir = path.join(root, 'file', 'below');
    const quarantine = open();
    quarantine.add(inputOf('hang'), request(), context);
    await quarantine.settled();
    assert.equal(await skips(quarantine), true);
    assert.ok(messages.some((message) => message.includes('cannot be kept')));
  });
});
