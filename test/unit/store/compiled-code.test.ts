/** Code that V8 compiled is kept for the next process, in a folder that only this user reaches. With real processes. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const module = pathToFileURL(path.resolve('server/store/compiled-code.ts')).href;

describe('compiled code', () => {
  let folder: string;

  beforeEach(async () => {
    folder = path.join(await mkdtemp(path.join(os.tmpdir(), 'bulkhead-compiled-')), 'cache', 'compiled');
  });
  afterEach(() => rm(path.dirname(path.dirname(folder)), { recursive: true, force: true }));

  /** @returns where a process that uses the folder keeps compiled code, and what it tells its children */
  async function use(
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ own: string | null; inherited: string | null }> {
    const text = `
      import { getCompileCacheDir } from 'node:module';
      const { useCompiledCode } = await import(${JSON.stringify(module)});
      useCompiledCode(${JSON.stringify(folder)});
      const told = { own: getCompileCacheDir() ?? null, inherited: process.env.NODE_COMPILE_CACHE ?? null };
      console.log(JSON.stringify(told));`;
    const { NODE_COMPILE_CACHE: _, ...rest } = process.env;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', text], { env: { ...rest, ...env } });
    return JSON.parse(stdout) as { own: string | null; inherited: string | null };
  }

  it('is kept in a folder of this user, for the process and those that it starts', async () => {
    const { own, inherited } = await use();
    assert.ok(own?.startsWith(folder), String(own));
    assert.equal(inherited, folder);
    if (process.platform !== 'win32') assert.equal(statSync(folder).mode & 0o777, 0o700);
  });

  it('is not read from a folder that others reach', async function () {
    if (process.platform === 'win32') this.skip();
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o777);
    assert.deepEqual(await use(), { own: null, inherited: null });
  });

  it('is not put into a folder that others can write', async function () {
    if (process.platform === 'win32') this.skip();
    await mkdir(path.dirname(folder));
    await chmod(path.dirname(folder), 0o777);
    assert.deepEqual(await use(), { own: null, inherited: null });
    assert.equal(existsSync(folder), false);
  });

  it('is where the user wants it, or nowhere', async () => {
    const chosen = path.join(path.dirname(folder), 'chosen');
    const { own, inherited } = await use({ NODE_COMPILE_CACHE: chosen });
    assert.ok(own?.startsWith(chosen), String(own));
    assert.equal(inherited, chosen);
    assert.deepEqual(await use({ NODE_DISABLE_COMPILE_CACHE: '1' }), { own: null, inherited: null });
    assert.equal(existsSync(folder), false);
  });

  it('does without where there can be no folder', async () => {
    await mkdir(path.dirname(folder), { recursive: true });
    await writeFile(folder, '');
    assert.deepEqual(await use(), { own: null, inherited: null });
  });

  it('starts anew when it has grown too large', async () => {
    const { own } = await use();
    assert.ok(own !== null);
    await mkdir(own, { recursive: true });
    await Promise.all(Array.from({ length: 5001 }, (_, index) => writeFile(path.join(own, `old${index}`), '')));
    await use();
    assert.equal(existsSync(own) ? readdirSync(own).filter((name) => name.startsWith('old')).length : 0, 0);
  });
});
