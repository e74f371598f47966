/**
 * The examples of README.md, docs/workers.md and docs/serialize.md, as written, in a folder where the package is installed. A block of
 * code says what it is behind its language: `file=NAME` is run if it has an output, and always compiled; `in=project`
 * are commands for a project, `in=repository` commands for a clone.
 */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { repository } from '../support/workspace.ts';
import { blocksOf, filesOf } from './support/documents.ts';
import { installation, runInShell, runNode } from './support/installation.ts';

const runnable = new Set(['ts', 'js', 'mjs', 'cjs', 'sh', 'bash', 'console']);
const compilerOptions = {
  target: 'es2024',
  module: 'nodenext',
  strict: true,
  noEmit: true,
  skipLibCheck: false,
  types: ['node'],
  allowImportingTsExtensions: true,
  erasableSyntaxOnly: true,
  verbatimModuleSyntax: true,
};

for (const document of ['README.md', 'docs/workers.md', 'docs/serialize.md']) {
  describe(`the examples of ${document}`, function () {
    this.timeout(300_000);
    const blocks = blocksOf(document);
    const files = filesOf(document);
    let folder: string;
    before(() => {
      folder = path.join(installation().folder, path.parse(document).name);
      mkdirSync(folder);
      for (const { name, code } of files) writeFileSync(path.join(folder, name), code);
      // What the example about comments imports.
      if (document === 'README.md') {
        writeFileSync(
          path.join(folder, 'plugin.ts'),
          "import { plugins } from './registry.ts';\nexport const plugin = { count: (): number => plugins().length };\n",
        );
      }
      writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
      writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
    });

    it('are all labelled, so that none is left out', () => {
      const unlabelled = blocks.filter(({ language, label }) => runnable.has(language) && label === '');
      assert.deepEqual(unlabelled, []);
      assert.ok(files.length > 0);
    });

    it('compile', async () => {
      const compiler = path.join(repository, 'node_modules', 'typescript7', 'bin', 'tsc');
      const { stdout } = await runNode([compiler, '-p', folder, '--pretty', 'false'], folder);
      assert.equal(stdout, '');
    });

    for (const { name, output } of files) {
      if (output === undefined) continue;
      it(`${name} prints the documented output`, async () => {
        const { stdout, stderr } = await runNode([name], folder);
        assert.equal(stdout.trim(), output.trim(), stderr);
      });
    }
  });
}

describe('the examples of README.md', function () {
  this.timeout(300_000);
  const blocks = blocksOf('README.md');
  const linesOf = (label: string): string[] =>
    blocks.filter((block) => block.label === label).flatMap(({ code }) => code.trim().split('\n'));

  it('commands for a clone are scripts of the package', () => {
    const { scripts } = JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8')) as { scripts: object };
    for (const line of linesOf('in=repository')) {
      const [, name = ''] = /^npm (?:run )?(\w+)/.exec(line) ?? [];
      assert.ok(Object.hasOwn(scripts, name), line);
    }
  });

  it('commands for a project install and check it', async () => {
    const { tarball, emptyFolder } = installation();
    const project = emptyFolder('readme-project');
    copyFileSync(tarball, path.join(project, path.basename(tarball)));
    writeFileSync(path.join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
    writeFileSync(path.join(project, 'index.js'), "import './missing.js';\n");
    const lines = linesOf('in=project');
    assert.ok(lines.some((line) => line.startsWith('npx bulkhead check')));
    for (const line of lines) {
      const { code, stdout, stderr } = await runInShell(line, project);
      if (line.startsWith('npx bulkhead check')) {
        assert.equal(code, 1, stderr);
        assert.match(stdout, /missing\.js/);
      } else assert.equal(code, 0, stderr);
    }
  });

  it('the comment suppresses the cycle, and only with it there is none', async () => {
    const project = path.join(installation().folder, 'README');
    const check = 'npx bulkhead check . --detectors circular --fail-on info --no-cache --format json';
    const suppressed = await runInShell(check, project);
    assert.equal(suppressed.code, 0, suppressed.stdout + suppressed.stderr);
    const file = path.join(project, 'registry.ts');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace(/^\/\/ bulkhead-ignore.*\n/m, ''));
    const found = await runInShell(check, project);
    writeFileSync(file, text);
    assert.equal(found.code, 1);
    assert.match(found.stdout, /import-cycle/);
  });

  it('the configuration is accepted', async () => {
    const [configuration] = blocks.filter(({ language }) => language === 'jsonc');
    assert.ok(configuration);
    const project = installation().emptyFolder('readme-configuration');
    writeFileSync(path.join(project, 'bulkhead.config.json'), configuration.code);
    mkdirSync(path.join(project, 'samples'));
    writeFileSync(path.join(project, 'samples', 'a.mjs'), "import './missing.mjs';\n");
    const script = path.join(installation().folder, 'node_modules', 'bulkhead', 'bin', 'bulkhead.cjs');
    const { code, stdout, stderr } = await runNode([script, 'check', '.', '--no-cache'], project);
    assert.equal(code, 0, stdout + stderr);
  });
});
