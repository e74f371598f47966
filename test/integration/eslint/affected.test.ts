/** Issues of a file that follow from another file: live, and over sessions. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine } from '../../../server/engine/engine.ts';
import { createPool } from '../../../server/pool/pool.ts';
import type { Pool } from '../../../server/pool/types.ts';
import { openStore } from '../../../server/store/store.ts';
import { replay } from './replay.ts';
import { makeWorkspace, removeWorkspaces, type Files } from './workspaces.ts';

const TYPED = `import tseslint from 'typescript-eslint';
export default [{
  files: ['**/*.ts'],
  plugins: { '@typescript-eslint': tseslint.plugin },
  languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
  rules: { '@typescript-eslint/no-floating-promises': 'error', '@typescript-eslint/no-deprecated': 'error' },
}];
`;
const typedFiles: Files = {
  'package.json': '{ "name": "w", "type": "module" }',
  'package-lock.json': '{}',
  'tsconfig.json':
    '{ "compilerOptions": { "strict": true, "module": "nodenext", "target": "es2022", "lib": ["es2022"], "types": [], "skipLibCheck": true, "stripInternal": true, "noEmit": true } }',
  'eslint.config.js': TYPED,
  'callee.ts': '/** @internal */\nexport function callee() { return 1; }\n',
  'middle.ts': "export { callee } from './callee.js';\n",
  'caller.ts': "import { callee } from './middle.js';\ncallee();\n",
  'other.ts': 'export const other = 1;\n',
};
const typedPackages = ['typescript-eslint', 'typescript', '@typescript-eslint'];

const FOLLOWING = `import importX from 'eslint-plugin-import-x';
export default [{
  plugins: { 'import-x': importX },
  rules: { 'import-x/named': 'error', 'import-x/no-cycle': 'error' },
}];
`;
const followingFiles: Files = {
  'package.json': '{ "name": "w", "type": "module" }',
  'package-lock.json': '{}',
  'eslint.config.js': FOLLOWING,
  'a.js': 'export const one = 1;\nexport function work() {\n  return one;\n}\n',
  'b.js': "import { one } from './a.js';\nexport const two = one + 1;\n",
  'c.js': "import { two } from './b.js';\nexport const three = two + 1;\n",
  'alone.js': 'export const alone = 1;\n',
};

/** One session over a workspace, with all it asks its workers. */
class Session implements AsyncDisposable {
  readonly root: string;
  readonly engine: Engine;
  readonly #pool: Pool;
  readonly #close: () => Promise<void>;
  /** Files asked for since {@link asked} was last called. */
  #asked: string[] = [];

  private constructor(root: string, pool: Pool, engine: Engine, close: () => Promise<void>) {
    this.root = root;
    this.engine = engine;
    this.#pool = pool;
    this.#close = close;
    const { check } = pool;
    pool.check = (task) => {
      this.#asked.push(...task.request.units.map((unit) => unit.file));
      return check.call(pool, task);
    };
  }

  static async open(root: string, storeDir?: string): Promise<Session> {
    const pool = createPool({ maxWorkers: 2 });
    const store = storeDir === undefined ? undefined : await openStore({ dir: storeDir });
    const settings = { detectors: new Map([['eslint', {}]]), trusted: true, exclude: [] };
    const engine = new Engine(root, pool, settings, { store });
    const session = new Session(root, pool, engine, async () => void (await store?.close()));
    // What is analysed now was written a moment ago, as it is in real life: clocks of file systems are coarse.
    await sleep(40);
    engine.analyzeAll();
    await engine.idle();
    return session;
  }

  issues(): readonly string[] {
    return this.engine.issues().map((issue) => `${issue.file} ${issue.rule}`);
  }

  asked(): readonly string[] {
    const files = this.#asked;
    this.#asked = [];
    return files;
  }

  async save(files: Files): Promise<void> {
    for (const [file, text] of Object.entries(files)) await writeFile(path.join(this.root, file), text);
    await sleep(40);
    this.engine.filesChanged(Object.keys(files).map((file) => ({ file, kind: 'changed' })));
    await this.engine.idle();
  }

  async type(file: string, text: string, version: number): Promise<void> {
    this.engine.setOverlay(file, { text, version });
    this.engine.filesChanged([{ file, kind: 'changed' }]);
    await this.engine.idle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.engine.dispose();
    await this.#pool.dispose();
    await this.#close();
  }
}

const PROMISE = '/** @internal */\nexport async function callee() { return 1; }\n';

describe('eslint: issues that follow from other files', function () {
  this.timeout(300_000);
  after(removeWorkspaces);
  let storeDir: string;
  beforeEach(async () => {
    storeDir = await mkdtemp(path.join(os.tmpdir(), 'bulkhead-store-'));
  });
  afterEach(() => rm(storeDir, { recursive: true, force: true }));

  it('a type changes two modules away: typed rules see it, unsaved and saved, and back', async () => {
    const root = makeWorkspace(typedFiles, 'eslint', typedPackages);
    await using session = await Session.open(root);
    assert.deepEqual(session.issues(), []);
    session.asked();

    await session.type(
      'callee.ts',
      '/** @internal */\nexport function callee() { const sum = 1 + 1; return sum; }\n',
      2,
    );
    assert.deepEqual(session.asked(), ['callee.ts'], 'nobody can see what happens within a function');

    await session.type('callee.ts', PROMISE, 3);
    assert.deepEqual(session.issues(), ['caller.ts @typescript-eslint/no-floating-promises']);
    assert.deepEqual(session.asked(), ['callee.ts', 'middle.ts', 'caller.ts'], 'the nearest first, and no others');

    session.engine.setOverlay('callee.ts', undefined);
    await session.save({ 'callee.ts': PROMISE });
    assert.deepEqual(session.issues(), ['caller.ts @typescript-eslint/no-floating-promises']);
    await session.save({ 'callee.ts': '/** @deprecated */\nexport function callee() { return 1; }\n' });
    assert.deepEqual(session.issues(), [
      'caller.ts @typescript-eslint/no-deprecated',
      'middle.ts @typescript-eslint/no-deprecated',
    ]);
  });

  it('a global type changes: files that do not import it are checked again', async () => {
    const root = makeWorkspace(
      {
        ...typedFiles,
        'global.ts': 'declare global { function anywhere(): number; }\nexport {};\n',
        'other.ts': 'anywhere();\nexport {};\n',
      },
      'eslint',
      typedPackages,
    );
    await using session = await Session.open(root);
    assert.deepEqual(session.issues(), []);
    await session.save({ 'global.ts': 'declare global { function anywhere(): Promise<number>; }\nexport {};\n' });
    assert.deepEqual(session.issues(), ['other.ts @typescript-eslint/no-floating-promises']);
  });

  it('exports and imports change: rules that follow imports see it when it is saved', async () => {
    const root = makeWorkspace(followingFiles, 'eslint', ['eslint-plugin-import-x']);
    await using session = await Session.open(root);
    assert.deepEqual(session.issues(), []);
    session.asked();

    await session.save({ 'a.js': 'export const one = 1;\nexport function work() {\n  return one + 1;\n}\n' });
    assert.deepEqual(session.asked(), ['a.js'], 'imports and exports are the same');

    await session.save({ 'a.js': 'export const uno = 1;\n' });
    assert.deepEqual(session.issues(), ['b.js import-x/named']);
    assert.ok(!session.asked().includes('alone.js'));

    await session.save({ 'a.js': "import { three } from './c.js';\nexport const one = () => three;\n" });
    assert.deepEqual(session.issues(), ['a.js import-x/no-cycle', 'b.js import-x/no-cycle', 'c.js import-x/no-cycle']);

    await session.save({ 'a.js': 'export const one = 1;\n' });
    assert.deepEqual(session.issues(), []);
  });

  it('a file goes and comes back', async () => {
    const root = makeWorkspace(followingFiles, 'eslint', ['eslint-plugin-import-x']);
    await using session = await Session.open(root);
    await rm(path.join(root, 'a.js'));
    session.engine.filesChanged([{ file: 'a.js', kind: 'deleted' }]);
    await session.engine.idle();
    assert.deepEqual(session.issues(), []);
    await writeFile(path.join(root, 'a.js'), 'export const uno = 1;\n');
    session.engine.filesChanged([{ file: 'a.js', kind: 'created' }]);
    await session.engine.idle();
    assert.deepEqual(session.issues(), ['b.js import-x/named']);
  });

  it('after random edits the issues equal those of a cold check', async () => {
    assert.deepEqual(await replay(1, 5, () => {}), []);
  });

  it('between two sessions: only affected files are checked again', async () => {
    const root = makeWorkspace(typedFiles, 'eslint', typedPackages);
    {
      await using session = await Session.open(root, storeDir);
      await session.engine.persist();
    }
    {
      await using session = await Session.open(root, storeDir);
      assert.deepEqual(session.asked(), [], 'nothing has changed');
    }
    await writeFile(path.join(root, 'other.ts'), 'export const other = 2;\n');
    {
      await using session = await Session.open(root, storeDir);
      assert.deepEqual(session.asked(), ['other.ts']);
      await session.engine.persist();
    }
    await writeFile(path.join(root, 'callee.ts'), PROMISE);
    await using session = await Session.open(root, storeDir);
    assert.deepEqual([...session.asked()].sort(), ['callee.ts', 'caller.ts', 'middle.ts']);
    assert.deepEqual(session.issues(), ['caller.ts @typescript-eslint/no-floating-promises']);
  });

  it('results from before an edit in the same session are stored if the edit does not affect them', async () => {
    const root = makeWorkspace(typedFiles, 'eslint', typedPackages);
    {
      await using session = await Session.open(root, storeDir);
      await session.save({
        'callee.ts': '/** @internal */\nexport function callee() { const sum = 2; return sum; }\n',
      });
      await session.engine.persist();
    }
    await using session = await Session.open(root, storeDir);
    assert.deepEqual(session.asked(), []);
  });
});
