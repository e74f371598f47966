/** The command `bulkhead` of the installed package. */
import assert from 'node:assert/strict';
import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { npm } from '../../scripts/npm.mjs';
import type { DoctorReport } from '../../server/cli/doctor-report.ts';
import { checkJson } from '../support/cli.ts';
import type { CheckReport } from '../../server/cli/result.ts';
import { repository } from '../support/workspace.ts';
import { installation, readManifest, runInShell, runNode } from './support/installation.ts';

/** All texts of a value of JSON, without the names of its properties. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

describe('the command of the package', function () {
  this.timeout(300_000);
  let project: string;
  before(() => {
    const { tarball, emptyFolder } = installation();
    project = emptyFolder('project');
    cpSync(path.join(repository, 'samples', 'harbour'), project, { recursive: true });
    npm(['install', '--prefer-offline', '--omit=dev', tarball], { cwd: project });
  });

  it('npx bulkhead check . finds in a project what the repository finds', async () => {
    const { code, stdout, stderr } = await runInShell('npx bulkhead check . --format json --no-cache', project);
    const own = await checkJson(project);
    assert.equal(code, own.code, stderr);
    const report = JSON.parse(stdout) as CheckReport;
    assert.deepEqual(report.issues, own.report.issues);
    const detectors = new Set(report.issues.map(({ detector }) => detector));
    for (const name of ['typescript', 'circular']) assert.ok(detectors.has(name), `nothing of ${name}`);
  });

  it('says what a check would do (bulkhead doctor)', async () => {
    const { code, stdout, stderr } = await runInShell('npx bulkhead doctor --json', project);
    const { root, detectors, troubles, exitCode } = JSON.parse(stdout) as DoctorReport;
    assert.equal(code, exitCode, stderr);
    assert.equal(path.basename(root), path.basename(project));
    const stateOf = (wanted: string): string | undefined => detectors.find(({ name }) => name === wanted)?.state;
    assert.deepEqual([stateOf('typescript'), stateOf('circular')], ['ready', 'ready']);
    // The sample names an ESLint that the project does not install.
    assert.match(troubles.join('\n'), /eslint/i);
  });

  it('answers agents with every configuration of docs/agents.md', async () => {
    const page = readFileSync(path.join(repository, 'docs/agents.md'), 'utf8');
    const commands = [...page.matchAll(/^```(json|toml|sh)\n([^]*?)^```$/gm)].map(([, language, code = '']) => {
      if (language === 'sh') return code.split(' -- ')[1]?.trim();
      const values =
        language === 'json' ? textsIn(JSON.parse(code)) : [...code.matchAll(/"([^"]+)"/g)].map(([, text]) => text);
      return values.filter((value) => ['npx', 'bulkhead', 'mcp'].includes(value ?? '')).join(' ');
    });
    assert.ok(commands.length >= 5);
    assert.deepEqual([...new Set(commands)], ['npx bulkhead mcp']);
    const transport = new StdioClientTransport({ command: 'npx', args: ['bulkhead', 'mcp'], cwd: project });
    const client = new Client({ name: 'test', version: '1' });
    await client.connect(transport);
    const { structuredContent } = await client.callTool({ name: 'problems', arguments: { wait: 25 } });
    const { state, counts } = structuredContent as { state: string; counts: { error: number } };
    assert.ok(['complete', 'incomplete'].includes(state), state);
    const { report } = await checkJson(project);
    assert.equal(counts.error, report.issues.filter(({ severity }) => severity === 'error').length);
    await client.close();
  });

  it('tells its version and its usage', async () => {
    const version = await runInShell('npx bulkhead --version', project);
    assert.equal(version.stdout.trim(), readManifest(repository).version);
    const help = await runInShell('npx bulkhead --help', project);
    assert.match(help.stdout, /bulkhead check/);
    assert.equal(help.code, 0);
  });

  it('names the Node.js that is needed when it runs on an older one', async () => {
    const script = JSON.stringify(path.join(project, 'node_modules/bulkhead/bin/bulkhead.cjs'));
    const older = "Object.defineProperty(process.versions, 'node', { value: '20.19.1' });";
    const { code, stderr } = await runNode(['-e', `${older} require(${script})`], project);
    assert.equal(code, 2);
    assert.equal(stderr.trim(), 'bulkhead: Node.js 22.13 or newer is needed; this is 20.19.1.');
  });
});
