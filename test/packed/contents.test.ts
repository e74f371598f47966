/** What is in the tarball, and what it installs. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { publint } from 'publint';
import { publicEntries } from '../../scripts/entries.mjs';
import { repository } from '../support/workspace.ts';
import { installation } from './support/installation.ts';

const allowed = [
  /^(?:package\.json|README\.md|CHANGELOG\.md|LICENSE)$/,
  /^bin\/bulkhead\.cjs$/,
  /^docs\/rules\/[\w/-]+\.md$/,
  /^schemas\/[\w.]+\.json$/,
  /^dist\/[\w-]+\.mjs$/,
  // npm packs `main` always: it is how editors load the same package.
  /^dist\/(?:client|index|workers|serialize|drivers\/[\w-]+|library\/\w+)\.cjs$/,
  /^dist\/types\/(?:package\.json|[\w/-]+\.d\.ts)$/,
  /^dist\/recheck\/(?:LICENSE|browser\.js)$/,
  /^dist\/typescript7\/(?:LICENSE|NOTICE\.txt|package\.json|[\w/.-]+\.(?:js|cjs|json|txt))$/,
];

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
}

describe('the package', function () {
  this.timeout(300_000);
  let folder: string;
  let packageFolder: string;
  before(() => {
    folder = installation().folder;
    packageFolder = path.join(folder, 'node_modules', 'bulkhead');
  });

  it('has the files that users need, and no others', () => {
    const files = filesIn(packageFolder);
    assert.deepEqual(
      files.filter((file) => !allowed.some((pattern) => pattern.test(file))),
      [],
    );
    const entries = publicEntries().flatMap(({ output, source }) => [
      path.posix.normalize(output),
      `dist/types/${source.replace(/\.ts$/, '.d.ts')}`,
    ]);
    const needed = ['bin/bulkhead.cjs', 'dist/cli.mjs', 'dist/host.mjs', 'dist/store-thread.mjs', ...entries];
    assert.deepEqual(
      needed.filter((file) => !files.includes(file)),
      [],
    );
  });

  it('installs the native parts of this platform and nothing that is bundled', () => {
    const names = readdirSync(path.join(folder, 'node_modules'));
    const expected = ['@oxc-parser', '@oxc-project', '@oxc-resolver', '@types', '@typescript'];
    assert.deepEqual(
      names.filter((name) => !name.startsWith('.')).sort(),
      [...expected, 'bulkhead', 'oxc-parser', 'oxc-resolver', 'undici-types'].sort(),
    );
  });

  it('installs only its own command', () => {
    const commands = readdirSync(path.join(folder, 'node_modules', '.bin')).map((file) => path.parse(file).name);
    assert.deepEqual([...new Set(commands)], ['bulkhead']);
  });

  it('names every native program of TypeScript 7 as an optional dependency', () => {
    const read = (file: string): { optionalDependencies: unknown } =>
      JSON.parse(readFileSync(path.join(repository, file), 'utf8')) as { optionalDependencies: unknown };
    assert.deepEqual(
      read('package.json').optionalDependencies,
      read('node_modules/typescript7/package.json').optionalDependencies,
    );
  });

  it('passes publint', async () => {
    const { messages } = await publint({ pkgDir: packageFolder, pack: false, level: 'warning' });
    // The manifest of TypeScript 7 in dist/ is read by TypeScript 7 itself; nobody imports it by name.
    const own = messages.filter(({ code }) => code !== 'NESTED_PACKAGE_JSON_FIELD_IGNORED');
    assert.deepEqual(own, []);
  });

  it('brings validators that are compiled, and no compiler', () => {
    const compilers = filesIn(path.join(packageFolder, 'dist'))
      .filter((file) => /^[\w-]+\.[cm]js$/.test(file))
      .filter((file) => /\bnew Function\(/.test(readFileSync(path.join(packageFolder, 'dist', file), 'utf8')));
    assert.deepEqual(compilers, []);
  });

  it('has no source maps and no sources', () => {
    assert.ok(!existsSync(path.join(packageFolder, 'server')));
    assert.ok(!filesIn(packageFolder).some((file) => file.endsWith('.map')));
  });
});
