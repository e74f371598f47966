/**
 * Random edits of a generated project whose issues follow from other files: types, exports, cycles, global types. After
 * each step what is shown must be what a cold `eslint .` says. Used by the test beside this and by `bench/eslint/replay.ts`.
 */
import { rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine } from '../../../server/engine/engine.ts';
import type { FileChange } from '../../../server/journal.ts';
import { createPool } from '../../../server/pool/pool.ts';
import type { Unit } from '../../../workers/protocol/detector-protocol.ts';
import { pick, randomFrom, type Random } from '../../support/replay/random.ts';
import { compare, runEslint } from './oracle.ts';
import { makeWorkspace, type Files } from './workspaces.ts';

const CONFIG = `import tseslint from 'typescript-eslint';
import importX from 'eslint-plugin-import-x';
export default [
  { files: ['**/*.js'], plugins: { 'import-x': importX }, rules: { 'import-x/named': 2, 'import-x/no-cycle': 2 } },
  {
    files: ['**/*.ts'],
    plugins: { '@typescript-eslint': tseslint.plugin },
    languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: { '@typescript-eslint/no-floating-promises': 2, '@typescript-eslint/no-deprecated': 2, '@typescript-eslint/await-thenable': 2 },
  },
];
`;
const SETUP: Files = {
  'package.json': '{ "name": "replay", "type": "module" }',
  'package-lock.json': '{}',
  'tsconfig.json':
    '{ "compilerOptions": { "strict": true, "module": "nodenext", "target": "es2022", "lib": ["es2022"], "types": [], "skipLibCheck": true, "noEmit": true } }',
  'eslint.config.js': CONFIG,
};
const PACKAGES = ['typescript-eslint', 'typescript', '@typescript-eslint', 'eslint-plugin-import-x'];
const MODULES = 6;

/** @returns one line for each difference; empty when every step agreed */
export async function replay(seed: number, steps: number, log: (line: string) => void): Promise<readonly string[]> {
  const random = randomFrom(seed);
  const files = new Map<string, string>();
  for (let index = 0; index < MODULES; index += 1) {
    files.set(`m${index}.ts`, typedModule(random));
    files.set(`j${index}.js`, scriptModule(random));
  }
  const root = makeWorkspace({ ...SETUP, ...Object.fromEntries(files) }, 'eslint', PACKAGES);
  const pool = createPool({ maxWorkers: 3 });
  let units: readonly Unit[] = [];
  const { plan } = pool;
  pool.plan = async (...request) => {
    const result = await plan.call(pool, ...request);
    ({ units } = result);
    return result;
  };
  const settings = { detectors: new Map([['eslint', {}]]), trusted: true, exclude: [] };
  const engine = new Engine(root, pool, settings);
  try {
    engine.analyzeAll();
    for (let step = 0; step <= steps; step += 1) {
      const changes = step === 0 ? [] : await edit(random, root, files);
      engine.filesChanged(changes);
      // Now and then the next change comes before this one is answered for.
      if (step < steps && random(3) === 0) continue;
      await engine.idle();
      const { results } = await runEslint(root);
      const present = units.filter(({ file }) => files.has(file) || file in SETUP);
      const { differences } = compare(root, present, engine.issues(), results);
      const count = results.reduce((sum, { messages }) => sum + messages.length, 0);
      log(
        `seed ${seed}, step ${step}: ${changes.map(({ kind, file }) => `${kind} ${file}`).join(', ')}; ${count} issues`,
      );
      if (differences.length > 0) return differences.map((line) => `seed ${seed}, step ${step}: ${line}`);
    }
    return [];
  } finally {
    engine.dispose();
    await pool.dispose();
  }
}

async function edit(random: Random, root: string, files: Map<string, string>): Promise<readonly FileChange[]> {
  const changes: FileChange[] = [];
  for (let count = random(2) + 1; count > 0; count -= 1) {
    const isTyped = random(2) === 0;
    const file = isTyped ? `m${random(MODULES)}.ts` : `j${random(MODULES)}.js`;
    if (changes.some((change) => change.file === file)) continue;
    const known = files.has(file);
    if (known && random(6) === 0) {
      files.delete(file);
      rmSync(path.join(root, file));
      changes.push({ file, kind: 'deleted' });
      continue;
    }
    const text = isTyped ? typedModule(random) : scriptModule(random);
    files.set(file, text);
    await writeFile(path.join(root, file), text);
    changes.push({ file, kind: known ? 'changed' : 'created' });
  }
  // Plugins tell versions of a file by its time, to the millisecond.
  await sleep(5);
  return changes;
}

function typedModule(random: Random): string {
  const [one, other] = [random(MODULES), random(MODULES)];
  const value = pick(random, [
    'export function work() { return 1; }',
    'export function work() { const sum = 1 + 1; return sum; }',
    'export async function work() { return 1; }',
    '/** @deprecated */\nexport function work() { return 1; }',
    `export const work = () => next();`,
    `export { work } from './m${other}.js';`,
    `export * from './m${other}.js';`,
    'export class Worker { run() { return Promise.resolve(1); } }\nexport const work = () => new Worker().run();',
  ]);
  const isGlobal = random(8) === 0;
  const returned = pick(random, ['number', 'Promise<number>']);
  return [
    `import { work as next } from './m${one}.js';`,
    value,
    isGlobal ? `declare global { function anywhere(): ${returned}; }` : '',
    random(2) === 0 ? 'next();' : 'export async function wait() { await next(); }',
    random(4) === 0 ? 'anywhere();' : '',
    '',
  ].join('\n');
}

function scriptModule(random: Random): string {
  const name = (): string => pick(random, ['one', 'two']);
  return [
    `import { ${name()} } from './j${random(MODULES)}.js';`,
    random(4) === 0 ? `export * from './j${random(MODULES)}.js';` : '',
    `export const ${name()} = ${random(100)};`,
    '',
  ].join('\n');
}
