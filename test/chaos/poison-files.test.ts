/**
 * A real ESLint with a rule that eats all memory on one file and one that loops for ever on another: everything else
 * is complete in the same run, both files carry their issue, and the next run, of another server too, costs nothing.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'mocha';
import { Engine } from '../../server/engine/engine.ts';
import { detectorTable } from '../../server/pool/detectors.ts';
import type { DetectorTable } from '../../server/pool/worker-entry.ts';
import { createPool } from '../../server/pool/pool.ts';
import type { SupervisedPool } from '../../server/pool/types.ts';
import { openStore } from '../../server/store/store.ts';

const modules = path.join(import.meta.dirname, '../../node_modules');
const FILES = 60;

const CONFIG = `
const hoard = [];
const poison = {
  rules: {
    memory: { create: (context) => ({ Program() {
      if (context.filename.endsWith('memory.js')) for (;;) hoard.push(new Array(10_000).fill(hoard.length + 0.5));
    } }) },
    loop: { create: (context) => ({ Program() {
      if (context.filename.endsWith('loop.js')) for (;;);
    } }) },
  },
};
export default [{ plugins: { poison }, rules: { 'poison/memory': 'error', 'poison/loop': 'error', eqeqeq: 'error' } }];
`;

describe('poison files', function () {
  this.timeout(600_000);

  it('do not affect other files, and cost time only once', async () => {
    const root = await mkdtemp(path.join(os.tmpdir(), 'bulkhead-poison-'));
    try {
      await writePoison(root);
      const first = await analyse(root);
      try {
        const files = first.engine.files();
        const sound = files.filter((file) => first.engine.issuesOf(file).some(({ rule }) => rule === 'eqeqeq'));
        assert.equal(sound.length, FILES, 'every other file is complete');
        assert.deepEqual(quarantineOf(first.engine), ['src/loop.js', 'src/memory.js']);
        const [memory] = first.engine.issuesOf('src/memory.js');
        assert.match(
          memory?.message ?? '',
          /ESLint (ran out of|used too much) memory while checking src\/memory\.js \(limit 300 MB\)/,
        );
        const [loop] = first.engine.issuesOf('src/loop.js');
        assert.match(loop?.message ?? '', /ESLint made no progress while checking src\/loop\.js for 10 s/);
        assert.deepEqual(first.notices, [], 'poison is not charged to ESLint');
        assert.ok(deaths(first.pool) >= 3);

        const before = deaths(first.pool);
        first.engine.analyzeAll();
        await first.engine.idle();
        assert.equal(deaths(first.pool), before, 'the next run does not pay');
        assert.deepEqual(quarantineOf(first.engine), ['src/loop.js', 'src/memory.js']);
      } finally {
        await first.close();
      }

      const second = await analyse(root);
      try {
        assert.equal(deaths(second.pool), 0, 'nor does the next server');
        assert.deepEqual(quarantineOf(second.engine), ['src/loop.js', 'src/memory.js']);
        await writeFile(path.join(root, 'src/loop.js'), 'export const cured = 1 == 1;\n');
        await rm(path.join(root, 'src/memory.js'));
        await rename(path.join(root, 'src/loop.js'), path.join(root, 'src/cured.js'));
        second.engine.filesChanged([
          { file: 'src/loop.js', kind: 'deleted' },
          { file: 'src/memory.js', kind: 'deleted' },
          { file: 'src/cured.js', kind: 'created' },
        ]);
        await second.engine.idle();
        assert.deepEqual(quarantineOf(second.engine), []);
        assert.equal(second.engine.issuesOf('src/cured.js')[0]?.rule, 'eqeqeq');
      } finally {
        await second.close();
      }
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
});

async function writePoison(root: string): Promise<void> {
  await mkdir(path.join(root, 'src'));
  await mkdir(path.join(root, 'node_modules'));
  await symlink(path.join(modules, 'eslint'), path.join(root, 'node_modules/eslint'), 'junction');
  await writeFile(path.join(root, 'package.json'), '{ "type": "module" }');
  await writeFile(path.join(root, 'eslint.config.js'), CONFIG);
  for (let index = 0; index < FILES; index += 1) {
    await writeFile(path.join(root, `src/f${index}.js`), `export const value = ${index} == 1;\n`);
  }
  await writeFile(path.join(root, 'src/memory.js'), 'export const memory = 1;\n');
  await writeFile(path.join(root, 'src/loop.js'), 'export const loop = 1;\n');
}

interface Analysis {
  readonly engine: Engine;
  readonly pool: SupervisedPool;
  readonly notices: readonly unknown[];
  close(): Promise<void>;
}

async function analyse(root: string): Promise<Analysis> {
  const notices: unknown[] = [];
  const { eslint } = detectorTable;
  assert.ok(eslint);
  const detectors: DetectorTable = { eslint: { ...eslint, limits: { progressMs: 10_000, memoryMb: 300 } } };
  const pool = createPool({
    detectors,
    maxWorkers: 2,
    healthIntervalMs: 500,
    onNotice: (notice) => notices.push(notice),
  });
  const store = await openStore({ dir: path.join(root, '.storage') });
  pool.openQuarantine(root, store.quarantine);
  const engine = new Engine(root, pool, { detectors: new Map([['eslint', {}]]), trusted: true, exclude: [] });
  engine.analyzeAll();
  await engine.idle();
  return {
    engine,
    pool,
    notices,
    close: async () => {
      engine.dispose();
      await pool.dispose();
      await store.close();
    },
  };
}

function deaths(pool: SupervisedPool): number {
  return pool
    .errors()
    .filter(({ input }) => input !== undefined)
    .reduce((sum, { count }) => sum + count, 0);
}

function quarantineOf(engine: Engine): readonly string[] {
  return engine.files().filter((file) => engine.issuesOf(file).some(({ rule }) => rule === 'quarantined'));
}
