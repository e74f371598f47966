/** The check of a VSIX finds what a careless change would put into it, or leave out. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { problemsOf, type PackedFile } from '../../../scripts/vsix/check.mjs';
import { pageOf } from '../../../scripts/vsix/readme.mjs';
import { nativePackages, ownTarget, targets, type Target } from '../../../scripts/vsix/targets.mjs';

const root = path.resolve(import.meta.dirname, '../../..');

const product = [
  'package.json',
  'package.nls.json',
  'l10n/bundle.l10n.json',
  'l10n/bundle.l10n.pt-br.json',
  'readme.md',
  'changelog.md',
  'LICENSE.txt',
  'media/icon.png',
  'media/view.svg',
  'media/walkthrough/problems.md',
  'dist/client.cjs',
  'dist/dashboard/page.js',
  'dist/dashboard/style.css',
  'dist/server.mjs',
  'dist/host.mjs',
  'dist/cli.mjs',
  'dist/store-thread.mjs',
  'dist/metrics.mjs',
  'dist/recheck/browser.js',
  'dist/chunk-ABC123.mjs',
  'schemas/bulkhead.config.schema.json',
  'docs/rules/circular/import-cycle.md',
  'node_modules/oxc-parser/package.json',
  'node_modules/oxc-parser/src-js/index.js',
  'node_modules/oxc-resolver/package.json',
];

const nativeFiles = (os: string, cpu: string, binding: string): string[] => [
  'dist/typescript7/package.json',
  `node_modules/@oxc-parser/binding-${binding}/package.json`,
  `node_modules/@oxc-parser/binding-${binding}/parser.${binding}.node`,
  `node_modules/@oxc-resolver/binding-${binding}/package.json`,
  `node_modules/@oxc-resolver/binding-${binding}/resolver.${binding}.node`,
  `node_modules/@typescript/typescript-${os}-${cpu}/package.json`,
  `node_modules/@typescript/typescript-${os}-${cpu}/lib/tsc${os === 'win32' ? '.exe' : ''}`,
  `node_modules/@typescript/typescript-${os}-${cpu}/lib/lib.es5.d.ts`,
];

const webAssembly = [
  'node_modules/@oxc-parser/binding-wasm32-wasi/package.json',
  'node_modules/@oxc-parser/binding-wasm32-wasi/parser.wasm32-wasi.wasm',
  'node_modules/@oxc-resolver/binding-wasm32-wasi/package.json',
  'node_modules/@oxc-resolver/binding-wasm32-wasi/resolver.wasm32-wasi.wasm',
  'node_modules/@emnapi/core/index.js',
  'dist/typescript/package.json',
  'dist/typescript/lib/typescript.js',
  'dist/typescript/lib/lib.es5.d.ts',
];

function filesOf({ os, cpu, binding, native }: Target): string[] {
  return [...product, ...(native ? nativeFiles(os, cpu, binding) : webAssembly)];
}

function check(name: string, files: readonly string[], bytes = 1024, mode = 0o100755): string[] {
  const target = targets[name];
  assert.ok(target);
  const packed: PackedFile[] = files.map((file) => ({ name: file, size: 10, mode }));
  return problemsOf(name, target, packed, bytes);
}

describe('the check of a VSIX', () => {
  for (const [name, target] of Object.entries(targets)) {
    describe(name, () => {
      const files = filesOf(target);

      it('accepts a complete package', () => assert.deepEqual(check(name, files), []));

      it('reports every missing file of its native packages and its TypeScript', () => {
        const needed = files.filter((file) => /binding-|\/typescript/.test(file));
        assert.ok(needed.length >= 7);
        for (const file of needed) {
          assert.deepEqual(
            check(
              name,
              files.filter((other) => other !== file),
            ),
            [`${file} is missing.`],
          );
        }
      });

      it('refuses the native packages of every other target', () => {
        for (const other of Object.values(targets)) {
          const own = nativePackages(target);
          for (const foreign of nativePackages(other).filter((each) => !own.includes(each))) {
            const file = `node_modules/${foreign}/package.json`;
            assert.deepEqual(check(name, [...files, file]), [`${file} is not for ${name}.`]);
          }
        }
      });

      it('refuses a package that is too large', () => {
        const bytes = (target.maxMegabytes + 1) * 1024 * 1024;
        assert.equal(check(name, files, bytes).length, 1);
      });
    });
  }

  it('refuses sources, source maps, the library and other packages', () => {
    const files = [...product, ...nativeFiles('linux', 'x64', 'linux-x64-gnu')];
    for (const file of [
      'server/lsp/main.ts',
      'dist/cli.mjs.map',
      'dist/library/ABC123.cjs',
      'node_modules/eslint/package.json',
    ]) {
      assert.deepEqual(check('linux-x64', [...files, file]), [`${file} must not be there.`]);
    }
  });

  it('refuses a program without execute permission', () => {
    const files = [...product, ...nativeFiles('darwin', 'arm64', 'darwin-arm64')];
    assert.deepEqual(check('darwin-arm64', files, 1024, 0o100644), [
      'node_modules/@typescript/typescript-darwin-arm64/lib/tsc is not executable.',
    ]);
  });

  it('refuses an empty file where a program is needed', () => {
    const target = targets['linux-x64'];
    assert.ok(target);
    const packed = filesOf(target).map((name) => ({ name, size: name.endsWith('.node') ? 0 : 10, mode: 0o100755 }));
    assert.equal(problemsOf('linux-x64', target, packed, 1024).length, 2);
  });
});

describe('the targets of VSIX files', () => {
  const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { os?: string[]; cpu?: string[]; libc?: string[] }>;
  };

  it('name packages that are published for them', () => {
    for (const [name, target] of Object.entries(targets)) {
      for (const each of nativePackages(target)) {
        const locked = packages[`node_modules/${each}`];
        assert.ok(locked, `${each} of ${name} is not in package-lock.json`);
        if (target.native) assert.deepEqual([locked.os, locked.cpu], [[target.os], [target.cpu]], each);
        if (locked.libc) assert.deepEqual(locked.libc, [target.libc], each);
      }
    }
  });

  it('have one for this machine', () => assert.ok(Object.hasOwn(targets, ownTarget())));
});

describe('the page of the extension', () => {
  it('has its pictures in it, and no link that leads nowhere', () => {
    const text = pageOf(path.join(root, 'client/README.md'), root);
    assert.ok(!text.includes('!['), 'VS Code shows no picture of the package');
    assert.match(text, /\n\| harbour\.ts \| error \| Expected '===' and instead saw '=='\. \| eslint: eqeqeq \|\n/);
    assert.throws(() => pageOf(path.join(root, 'README.md'), root), /cannot be opened from the package/);
  });
});
