/** The composite action and the recipes of docs/ci.md, as far as they run without a service. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { ensureFreshBuild } from '../../../scripts/fresh-build.mjs';
import { parseCommand } from '../../../server/cli/arguments.ts';
import { detectorNames } from '../../../workers/detectors/manifests.ts';
import { makeWorkspace, repository, type TestWorkspace } from '../../support/workspace.ts';

interface Action {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default: string }>>;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly runs: {
    readonly steps: readonly { readonly id?: string; readonly run?: string; readonly env?: Record<string, string> }[];
  };
}

const read = (file: string): string => readFileSync(path.join(repository, file), 'utf8').replaceAll('\r\n', '\n');
const page = read('docs/ci.md');
const action = parse(read('action.yml')) as Action;
const blocks = [...page.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map(([, language = '', text = '']) => ({ language, text })); // prettier-ignore
const step = action.runs.steps.find(({ id }) => id === 'check');

describe('the recipes of docs/ci.md', () => {
  it('are YAML, and use options that there are', () => {
    for (const { text } of blocks.filter(({ language }) => language === 'yaml')) assert.ok(parse(text) !== null);
    const commands = blocks.flatMap(({ text }) => [...text.matchAll(/npx bulkhead ([^\n|]*)/g)]);
    assert.ok(commands.length >= 5);
    for (const [, words = ''] of commands) assert.notEqual(parseCommand(words.trim().split(/\s+/)).kind, 'help', words);
    // Single options in the text.
    for (const [, option = ''] of page.matchAll(/`(--[\w-]+)/g)) assert.ok(read('server/cli/arguments.ts').includes(option.slice(2)), option); // prettier-ignore
  });

  it('name the inputs and the output of the action, and nothing else', () => {
    const example = /- uses: OWNER[^]*?(?=^```)/m.exec(page)?.[0].replace(/^ {6}/gm, '') ?? '';
    const [use] = parse(example) as { readonly with: object }[];
    const named = /The inputs are (.*?); `action\.yml`/s.exec(page)?.[1] ?? '';
    const inputs = [...named.matchAll(/`([\w-]+)`/g)].map(([, name]) => name);
    assert.deepEqual(inputs, Object.keys(action.inputs));
    for (const name of Object.keys(use?.with ?? {})) assert.ok(inputs.includes(name), name);
    assert.deepEqual(Object.keys(action.outputs), ['exit-code']);
  });

  it('never paste what somebody else wrote into a script', () => {
    for (const { run = '' } of action.runs.steps) assert.doesNotMatch(run, /\$\{\{/);
  });
});

describe('the composite action and the shell recipe', function () {
  this.timeout(120_000);
  let workspace: TestWorkspace;
  let env: NodeJS.ProcessEnv;

  const git = (...argv: readonly string[]): string => {
    const settings = ['user.name=test', 'user.email=test@localhost', 'init.defaultBranch=trunk'];
    const words = [...settings.flatMap((setting) => ['-c', setting]), ...argv];
    return execFileSync('git', words, { cwd: workspace.root, encoding: 'utf8', stdio: 'pipe' }).trim();
  };
  const commit = async (files: Readonly<Record<string, string>>): Promise<void> => {
    await workspace.write(files);
    git('add', '--all');
    git('commit', '--quiet', '-m', 'a commit');
  };
  const bash = (
    script: string,
    more: NodeJS.ProcessEnv = {},
  ): { code: number | null; stdout: string; stderr: string } => {
    const words = ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script];
    const { status, stdout, stderr } = spawnSync('bash', words, { cwd: workspace.root, env: { ...env, ...more }, encoding: 'utf8' }); // prettier-ignore
    return { code: status, stdout, stderr };
  };
  const at = (name: string): string => path.join(path.dirname(workspace.root), name);
  const act = (inputs: Readonly<Record<string, string>> = {}): ReturnType<typeof bash> => {
    const values = Object.entries(step?.env ?? {}).map(([name, from]) => {
      const input = /inputs\.([\w-]+)/.exec(from)?.[1] ?? '';
      return [name, inputs[input] ?? action.inputs[input]?.default ?? ''] as const;
    });
    return bash(step?.run ?? 'exit 99', Object.fromEntries(values));
  };

  before(async function () {
    if (process.platform === 'win32') this.skip();
    ensureFreshBuild();
    const off = detectorNames.filter((name) => name !== 'import').map((name) => [name, false] as const);
    workspace = await makeWorkspace({
      'package.json': '{ "name": "shipped", "private": true, "type": "module" }\n',
      'bulkhead.config.json': JSON.stringify({ detectors: Object.fromEntries(off) }),
      '.gitignore': '*.sarif\n',
      'old.js': "import './was-never-there.js';\nexport const kept = 1;\n",
      'caller.js': "import { kept } from './gone-later.js';\nexport const seen = kept;\n",
      'gone-later.js': 'export const kept = 1;\n',
      '../bin/npx': `#!/bin/sh\n[ "$1" = --no-install ] && shift\nshift\nexec "${process.execPath}" "${path.join(repository, 'dist', 'cli.mjs')}" "$@"\n`,
    });
    chmodSync(at('bin/npx'), 0o755);
    env = {
      ...process.env,
      PATH: `${at('bin')}${path.delimiter}${process.env['PATH'] ?? ''}`,
      ...{ CI: 'true', TMPDIR: at(''), RUNNER_TEMP: at(''), XDG_CACHE_HOME: at('cache') },
      ...{ GITHUB_OUTPUT: at('output'), GITHUB_STEP_SUMMARY: at('summary') },
    };
    git('init', '--quiet');
    await commit({});
    git('checkout', '--quiet', '-b', 'work');
    // It touches the file with the old issue, and breaks one that it does not touch.
    git('rm', '--quiet', 'gone-later.js');
    await commit({ 'old.js': "// moved\nimport './was-never-there.js';\nexport const kept = 2;\n" });
  });
  after(() => workspace?.[Symbol.asyncDispose]());

  it('count all issues, or those that the branch brings, wherever they are', () => {
    const all = act();
    assert.equal(all.code, 1, all.stderr);
    assert.deepEqual([...all.stdout.matchAll(/^::error file=([^,]*)/gm)].map(([, file]) => file).sort(), ['caller.js', 'old.js']); // prettier-ignore
    assert.match(readFileSync(at('summary'), 'utf8'), /^## Bulkhead: 2 issues/);

    const gate = act({ 'new-since': 'trunk' });
    assert.equal(gate.code, 1, gate.stderr);
    assert.deepEqual(
      [...gate.stdout.matchAll(/^::error file=([^,]*)/gm)].map(([, file]) => file),
      ['caller.js'],
    );
    assert.equal(git('branch', '--show-current'), 'work');
    assert.equal(git('status', '--porcelain'), '');
    assert.equal(readFileSync(at('output'), 'utf8'), 'exit-code=1\nexit-code=1\n');
  });

  it('let nothing pass when the older commit is unknown or cannot be checked', () => {
    const unknown = act({ 'new-since': '--help' });
    assert.notEqual(unknown.code, 0);
    assert.ok(!existsSync(path.join(workspace.root, 'bulkhead.sarif')), 'what an earlier run left');
    // An option that only one of the two commands knows.
    const refused = act({ 'new-since': 'trunk', arguments: '--no-such-option' });
    assert.equal(refused.code, 2, refused.stderr);
    assert.equal(git('branch', '--show-current'), 'work');
  });

  it('give the same in a shell', () => {
    const script = blocks.findLast(({ language }) => language === 'sh')?.text.replace('origin/main', 'trunk') ?? '';
    const { code, stdout, stderr } = bash(script);
    assert.equal(code, 1, stderr);
    assert.match(stdout, /caller\.js/);
    assert.doesNotMatch(stdout, /old\.js/);
    git('checkout', '--quiet', 'work');
    const { code: passing, stderr: why } = act({ 'fail-on': 'never' });
    assert.equal(passing, 0, why);
  });
});
