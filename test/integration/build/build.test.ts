/** The `build` detector: scripts, references and published packages as they are, and a build that runs. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { detector } from '../../../workers/detectors/build/index.ts';
import type { DetectorOptions, Issue } from '../../../workers/protocol/detector-protocol.ts';
import { runDetector } from '../../support/run-detector.ts';
import { workspaceOf } from '../graph/workspace.ts';

type Files = Readonly<Record<string, string | object>>;

const brief = ({ file, range: { start }, rule, message }: Issue): string =>
  `${file}:${start.line + 1} ${rule} ${message}`;

async function issuesIn(files: Files, options: DetectorOptions = {}): Promise<readonly string[]> {
  using workspace = workspaceOf(files);
  const { issues, problems } = await runDetector(detector, workspace.root, options);
  assert.deepEqual(problems, []);
  return issues.map(brief);
}

const scripts = (all: object, more: object = {}): Files => ({ 'package.json': { scripts: all, ...more } });

describe('build', function () {
  this.timeout(30_000);

  it('names scripts that are not there', async () => {
    const found = await issuesIn(
      scripts({
        build: 'npm run bundel && npm run lint -- --fix',
        lint: 'eslint .',
        ci: 'run-s lint build nothing',
        all: 'concurrently "npm:lint" "npm:watch"',
        next: 'node --run Lint',
        strict: 'pnpm run absent',
      }),
    );
    assert.deepEqual(found, [
      "package.json:3 missing-script Script 'build' runs the script 'bundel', which this package does not have. Add it, or correct the name.",
      "package.json:5 missing-script Script 'ci' runs the script 'nothing', which this package does not have. Add it, or correct the name.",
      "package.json:6 missing-script Script 'all' runs the script 'watch', which this package does not have. Add it, or correct the name.",
      "package.json:7 missing-script Script 'next' runs the script 'Lint', which this package does not have. Did you mean 'lint'?",
      "package.json:8 missing-script Script 'strict' runs the script 'absent', which this package does not have. Add it, or correct the name.",
    ]);
  });

  it('does not judge what may be a program, another package, or unknown', async () => {
    const found = await issuesIn({
      ...scripts({
        a: 'yarn tsc && pnpm vitest && bun x && npx tsc',
        b: 'npm run maybe --if-present && npm test && npm start',
        c: 'npm run build -w web && npm --prefix other run x && cd other && npm run y',
        d: 'npm run $TASK && npm run lint:*',
        e: 'turbo run build && nx run web:build && lerna run x',
      }),
      'web/package.json': { name: 'web' },
    });
    assert.deepEqual(found, []);
  });

  it('names files that are not there, and not those that a build makes', async () => {
    const found = await issuesIn({
      ...scripts({
        a: 'node tools/gone.mjs && node tools/here.mjs',
        b: 'tsx tools/gone.ts --flag',
        c: 'tsc -p tools/tsconfig.json && tsc --project=tsconfig.json',
        d: 'cd tools && sh gone.sh',
        e: 'node dist/cli.js && node lib/later.js && node tools/compiled.js && node ./node_modules/x/y.js',
        f: 'node -e "x.js" && node --test && webpack --config webpack.prod.js',
        g: 'cross-env A=1 node --import tsx tools/gone2.ts',
      }),
      '.gitignore': 'dist\n',
      'dist/other.js': '',
      'tsconfig.json': '{}',
      'tools/here.mjs': '',
      'tools/compiled.ts': '',
    });
    assert.deepEqual(
      found.map((line) => line.replace(/ which does not exist.*/, '')),
      [
        "package.json:3 missing-script-file Script 'a' runs the file tools/gone.mjs,",
        "package.json:4 missing-script-file Script 'b' runs the file tools/gone.ts,",
        "package.json:5 missing-script-file Script 'c' names the configuration tools/tsconfig.json,",
        "package.json:6 missing-script-file Script 'd' runs the file tools/gone.sh,",
        "package.json:8 missing-script-file Script 'f' names the configuration webpack.prod.js,",
        "package.json:9 missing-script-file Script 'g' runs the file tools/gone2.ts,",
      ],
    );
  });

  it('names references that lead nowhere', async () => {
    const files = {
      'package.json': { name: 'x' },
      'tsconfig.json':
        '{\n  // solution\n  "references": [\n    { "path": "./a" },\n    { "path": "gone" },\n    { "path": "empty" },\n    { "path": "./tsconfig.node.json" },\n  ]\n}',
      'a/tsconfig.json': '{}',
      'empty/x.ts': '',
      'tsconfig.node.json': '{}',
    };
    assert.deepEqual(await issuesIn(files), []);
    const found = await issuesIn(files, { typescript: 'off' });
    assert.deepEqual(found, [
      'tsconfig.json:5 missing-reference This reference leads to nothing: gone. Correct the path, or remove the reference.',
      'tsconfig.json:6 missing-reference This reference leads to a folder without a tsconfig.json: empty. Correct the path, or remove the reference.',
    ]);
  });

  it('passes on what publint says of published packages', async () => {
    const manifest = {
      name: 'p',
      version: '1.0.0',
      type: 'module',
      main: './a.cjs',
      exports: { '.': { default: './a.js', types: './a.d.ts' } },
    };
    const files = { 'a.js': 'module.exports = 1;\n', 'a.cjs': 'exports.a = 1;', 'a.d.ts': 'export {};' };
    const found = await issuesIn({ 'package.json': manifest, ...files });
    assert.match(found.join('\n'), /^package\.json:\d+ publint-error .*types.*\(EXPORTS_TYPES_SHOULD_BE_FIRST\)$/m);
    assert.match(found.join('\n'), /publint-warning .*\(FILE_INVALID_FORMAT\)/);
    assert.deepEqual(await issuesIn({ 'package.json': { ...manifest, private: true }, ...files }), []);
    assert.deepEqual(
      await issuesIn({ 'package.json': { ...manifest, main: './dist/a.js', exports: './dist/a.js' } }),
      [],
    );
  });

  it('looks at the files that are packed, and at no package of which others get nothing', async () => {
    const files = {
      'index.js': 'export const a = 1;\n',
      'src/b.js': 'export const b = 1;\n',
      'made/c.js': 'export const c = 1;\n',
      '.gitignore': '/made\n',
      'node_modules/dep/index.js': 'export const d = 1;\n',
    };
    const named = async (more: object): Promise<readonly string[]> => {
      const found = await issuesIn({ 'package.json': { name: 'p', version: '1.0.0', ...more }, ...files });
      return found.map((one) => /publint-warning (\S+) /.exec(one)?.[1] ?? one).sort();
    };
    // publint names the entry without a slash.
    assert.deepEqual(await named({}), ['/index.js', '/src/b.js', 'index.js']);
    assert.deepEqual(await named({ files: ['./made/', 'src'] }), ['/made/c.js', '/src/b.js', 'index.js']);
    const { 'index.js': _, ...application } = files;
    const found = await issuesIn({ 'package.json': { name: 'p', version: '1.0.0' }, ...application });
    assert.deepEqual(found, []);
  });

  it('runs the build only where it is wanted, and says what it said', async () => {
    const build = `import { writeFileSync } from 'node:fs';
      writeFileSync('ran', '');
      console.log('src/a.ts(1,7): error TS2322: Not assignable.');
      console.error('✘ [ERROR] Could not resolve "./gone"\\n\\n    src/a.ts:2:7:\\n      2 │ import "./gone"\\n');
      process.exit(1);`;
    using workspace = workspaceOf({
      ...scripts({ build: 'node build.mjs' }),
      'build.mjs': build,
      'src/a.ts': 'const a = 1;\nimport "./gone";\n',
    });
    const run = async (options: DetectorOptions): Promise<readonly string[]> =>
      (await runDetector(detector, workspace.root, options)).issues.map(brief);
    assert.deepEqual(await run({}), []);
    assert.equal(existsSync(path.join(workspace.root, 'ran')), false);
    assert.deepEqual(await run({ run: true }), ['src/a.ts:2 build-error Could not resolve "./gone" (esbuild)']);
    assert.deepEqual(await run({ run: true, typescript: 'off' }), [
      'src/a.ts:1 build-error Not assignable. (tsc TS2322)',
      'src/a.ts:2 build-error Could not resolve "./gone" (esbuild)',
    ]);
    workspace.write(
      'build.mjs',
      "for (let line = 1; line <= 30; line += 1) console.log('line ' + line); process.exit(3);",
    );
    const [silent = ''] = await run({ run: true });
    assert.match(
      silent,
      /^package\.json:3 script-failed The script 'build' failed with exit code 3\.\nline 1\d\n[^]*\nline 30/,
    );
    workspace.write('build.mjs', 'setInterval(() => {}, 1000);');
    assert.match(
      (await run({ run: true, timeout: 1 }))[0] ?? '',
      /script-timeout The script 'build' did not end within 1 s/,
    );
  });
});
