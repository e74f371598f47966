import assert from 'node:assert/strict';
import { classifyChange, changeTriggersOf, installationOf } from '../../../server/engine/change-triggers.ts';
import { InstallationChanges } from '../../../server/folder/installation-changes.ts';
import type { FileChange } from '../../../server/journal.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

describe('changes of what is installed', () => {
  const stands: readonly (readonly [file: string, place: string | undefined])[] = [
    ['node_modules', 'node_modules'],
    ['packages/a/node_modules', 'packages/a/node_modules'],
    ['node_modules/.package-lock.json', 'node_modules/.package-lock.json'],
    ['node_modules/.modules.yaml', 'node_modules/.modules.yaml'],
    ['node_modules/.yarn-state.yml', 'node_modules/.yarn-state.yml'],
    ['node_modules/.yarn-integrity', 'node_modules/.yarn-integrity'],
    ['node_modules/react', 'node_modules'],
    ['node_modules/@types', 'node_modules'],
    ['node_modules/@types/react', 'node_modules'],
    ['node_modules/@types/react/package.json', 'node_modules'],
    ['node_modules/.pnpm/a@1/node_modules/a/package.json', 'node_modules/.pnpm/a@1/node_modules'],
    ['node_modules/tiny/index.d.ts', 'node_modules/tiny/index.d.ts'],
    ['node_modules/.prisma/client/index.d.ts', 'node_modules/.prisma/client/index.d.ts'],
    ['node_modules/.cache/x/index.d.ts', undefined],
    ['node_modules/.vite/deps/package.json', undefined],
    ['node_modules/react/index.js', undefined],
    ['node_modules/react/src/package.json', undefined],
    ['src/node_modules.ts', undefined],
    ['.git/index', undefined],
  ];
  for (const [file, place] of stands) {
    it(`${file}: ${place ?? 'none'}`, () => assert.equal(installationOf(file), place));
  }

  it('mean to every detector what another lock file means', () => {
    for (const detector of ['typescript', 'eslint', 'import', 'package', 'circular', 'isolation', 'knip']) {
      const triggers = changeTriggersOf(detector);
      const expected = classifyChange(triggers, 'yarn.lock', new Set());
      assert.notEqual(expected, 'none');
      assert.equal(classifyChange(triggers, 'node_modules/.package-lock.json', new Set()), expected, detector);
    }
    assert.equal(classifyChange(changeTriggersOf('eslint'), 'node_modules/.cache/a.js', new Set()), 'none');
  });

  describe('held back', () => {
    let clock: SimulatedClock;
    let delivered: (readonly FileChange[])[];
    let changes: InstallationChanges;

    beforeEach(() => {
      clock = new SimulatedClock();
      delivered = [];
      changes = new InstallationChanges((some) => delivered.push(some), clock);
    });

    it('are one change once the last file is written, however many there were', async () => {
      const waiting: string[] = [];
      assert.deepEqual(changes.take([{ file: 'src/a.ts', kind: 'changed' }]), [{ file: 'src/a.ts', kind: 'changed' }]);
      await changes.settled;
      for (let index = 0; index < 3000; index += 1) {
        const rest = changes.take([{ file: `node_modules/p${index}/package.json`, kind: 'created' }]);
        assert.deepEqual(rest, []);
        if (index % 100 === 0) await clock.advance(1000);
      }
      void changes.settled.then(() => waiting.push('settled'));
      assert.deepEqual(delivered, []);
      changes.take([{ file: 'node_modules/.package-lock.json', kind: 'created' }]);
      await clock.advance(399);
      assert.deepEqual([delivered.length, waiting.length], [0, 0]);
      await clock.advance(1);
      await changes.settled;
      assert.deepEqual(delivered, [
        [
          { file: 'node_modules', kind: 'changed' },
          { file: 'node_modules/.package-lock.json', kind: 'created' },
        ],
      ]);
      await new Promise(setImmediate);
      assert.deepEqual(waiting, ['settled']);
    });

    it('are no end of an installation if they are declarations, which then tell nothing new', async () => {
      changes.take([{ file: 'node_modules/a/package.json', kind: 'created' }]);
      changes.take([{ file: 'node_modules/a/index.d.ts', kind: 'created' }]);
      await clock.advance(1499);
      assert.equal(delivered.length, 0);
      await clock.advance(1);
      assert.deepEqual(delivered.splice(0), [[{ file: 'node_modules', kind: 'changed' }]]);
      const generated: FileChange = { file: 'node_modules/.prisma/client/index.d.ts', kind: 'changed' };
      changes.take([generated]);
      await clock.advance(400);
      assert.deepEqual(delivered, [[generated]]);
    });

    it('take with them what the same command writes elsewhere', async () => {
      const lock: FileChange = { file: 'package-lock.json', kind: 'changed' };
      assert.deepEqual(changes.take([lock]), [lock], 'nothing is under way');
      changes.take([{ file: 'node_modules/.package-lock.json', kind: 'changed' }]);
      const rest = changes.take([lock, { file: 'package.json', kind: 'changed' }, { file: 'a.ts', kind: 'changed' }]);
      assert.deepEqual(rest, [{ file: 'a.ts', kind: 'changed' }]);
      await clock.advance(400);
      assert.deepEqual(
        delivered.map((some) => some.map(({ file }) => file)),
        [['node_modules/.package-lock.json', 'package-lock.json', 'package.json']],
      );
    });

    it('are delivered without a marker too, a moment after the last', async () => {
      changes.take([{ file: 'node_modules/a', kind: 'created' }]);
      await clock.advance(1400);
      changes.take([{ file: 'node_modules/b', kind: 'created' }]);
      await clock.advance(1499);
      assert.equal(delivered.length, 0);
      await clock.advance(1);
      assert.deepEqual(delivered, [[{ file: 'node_modules', kind: 'changed' }]]);
    });

    it('are delivered after a minute even if they never end', async () => {
      for (let second = 0; second < 61; second += 1) {
        changes.take([{ file: 'node_modules/a', kind: 'created' }]);
        await clock.advance(1000);
      }
      assert.equal(delivered.length, 1);
    });
  });
});
