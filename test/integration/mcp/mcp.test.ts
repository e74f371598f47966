/**
 * The MCP server with the official client. One server answers everything, because each costs a start of workers; what is
 * on disk is known at each moment, because the test writes it: one issue per line with `var`.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, realpath, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Tokenizer } from 'ai-tokenizer';
import * as claude from 'ai-tokenizer/encoding/claude';
import { toolPrefix } from '../../../workers/protocol/agent-requests.ts';
import { checkJson } from '../../support/cli.ts';
import { makeWorkspace, repository, type TestWorkspace } from '../../support/workspace.ts';
import { changesOf, commitAll, issuesIn, randomFrom, scriptFiles } from './random-changes.ts';
import { startMcp, type McpAnswer, type RunningMcp } from './client.ts';

const seed = Number(process.env['BULKHEAD_MCP_SEED'] ?? 20_261_130);
const sequences = Number(process.env['BULKHEAD_MCP_SEQUENCES'] ?? 60);

interface EditorManifest {
  readonly contributes: {
    readonly languageModelTools: readonly { readonly name: string; readonly modelDescription: string; readonly inputSchema: object }[]; // prettier-ignore
  };
}

interface Listed {
  readonly at: string;
  readonly id: string;
}

describe('MCP server', function () {
  this.timeout(300_000);
  let workspace: TestWorkspace;
  let cache: string;
  let server: RunningMcp;
  const at = (file: string): string => path.join(workspace.root, file);

  before(async () => {
    cache = await realpath(await mkdtemp(path.join(os.tmpdir(), 'bulkhead-mcp-')));
    workspace = await makeWorkspace({
      ...scriptFiles,
      'tsconfig.json':
        '{ "compilerOptions": { "strict": true, "noEmit": true, "lib": ["es2023"], "types": [], "skipLibCheck": true }, "include": ["typed"] }\n',
      'typed/a.ts': "export const count: number = 'three';\n",
    });
    await workspace.link({ typescript: 'typescript', eslint: 'eslint' });
    commitAll(workspace.root);
    server = await startMcp(workspace.root, cache, '--detectors', 'eslint');
  });

  after(async () => {
    await server[Symbol.asyncDispose]();
    await workspace[Symbol.asyncDispose]();
    await rm(cache, { recursive: true, force: true, maxRetries: 5 });
  });

  /** Where ESLint has to find something now. */
  const expected = (): Promise<readonly string[]> => issuesIn(workspace.root);

  /** Asks until the analysis has ended: how long that takes depends on the machine. */
  async function settled(tool: string, question: Readonly<Record<string, unknown>>): Promise<McpAnswer> {
    for (;;) {
      const answer = await server.ask(tool, { wait: 20, ...question });
      const { state } = answer.data;
      if (state !== 'running' && state !== 'confirming') return answer;
    }
  }

  const byIssue = { by: 'issue', maxTokens: 10_000 };

  async function listed(): Promise<{ state: unknown; found: readonly string[] }> {
    return placesIn(await settled('problems', { ...byIssue, rules: ['no-var'] }));
  }

  function placesIn({ data }: McpAnswer): { state: unknown; found: readonly string[] } {
    const { issues = [] } = data['untrusted'] as { readonly issues?: readonly Listed[] };
    return { state: data['state'], found: issues.map((issue) => issue.at).sort() };
  }

  it('lists few tools, which cost little and say what they do', async () => {
    const { tools } = await server.client.listTools();
    assert.deepEqual(
      tools.map(({ name }) => name),
      ['problems', 'check', 'explain', 'fix', 'status'],
    );
    assert.ok(new Tokenizer(claude).count(JSON.stringify(tools)) <= 1500);
    assert.deepEqual(
      tools.filter(({ annotations }) => annotations?.readOnlyHint !== true).map(({ name }) => name),
      ['fix'],
    );
    assert.ok(tools.every(({ outputSchema }) => outputSchema?.['type'] === 'object'));
    // An editor offers the same.
    const manifest = JSON.parse(await readFile(path.join(repository, 'package.json'), 'utf8')) as EditorManifest;
    assert.deepEqual(
      manifest.contributes.languageModelTools.map(({ name, modelDescription, inputSchema }) => ({ name, description: modelDescription, inputSchema })), // prettier-ignore
      tools.map(({ name, description, inputSchema: { $schema: _, ...inputSchema } }) => ({ name: `${toolPrefix}${name}`, description, inputSchema })), // prettier-ignore
    );
  });

  it('answers within the wait, and says that it is not finished', async () => {
    const { data, text } = await server.ask('problems', { wait: 0 });
    assert.equal(data['state'], 'running');
    assert.deepEqual([data['counts'], data['content']], [undefined, undefined], text);
  });

  it(`is never older than the disk (${sequences} sequences, seed ${seed})`, async () => {
    const random = randomFrom(seed);
    const change = changesOf(workspace.root, random);
    for (let index = 0; index < sequences; index += 1) {
      for (let left = 1 + random(3); left > 0; left -= 1) {
        await change();
        // An answer in between starts an analysis that the next step outdates.
        if (random(3) > 0) continue;
        const { state, found } = placesIn(await server.ask('problems', { ...byIssue, wait: 0.05 }));
        if (state === 'complete') assert.deepEqual(found, await expected(), `within sequence ${index}`);
      }
      const { state, found } = await listed();
      assert.deepEqual([state, found], ['complete', await expected()], `sequence ${index}`);
    }
  });

  it('checks texts that are not saved, and forgets them', async () => {
    await workspace.write({ 'src/0.js': 'let z;\n' });
    const texts = [{ file: 'src/0.js', text: 'let z;\nvar unsaved;\n' }];
    const { data } = await settled('check', { texts, files: ['notes.txt'] });
    const { issues } = data['untrusted'] as { readonly issues: readonly Listed[] };
    assert.deepEqual([issues.map((issue) => issue.at), data['unchecked']], [['src/0.js:2:1'], 1]);
    const { state, found } = await listed();
    assert.deepEqual([state, found], ['complete', await expected()]);
    const link = path.join(cache, 'link');
    await symlink(workspace.root, link, 'junction');
    const linked = await settled('check', { files: [path.join(link, 'lib/2.js'), path.join(link, 'none.js')] });
    assert.match(
      JSON.stringify(linked.data['untrusted']),
      /"files":\["lib\/2\.js \w{8} eslint","none\.js no file unchecked"\]/,
    );
    assert.match((await settled('problems', { paths: [link] })).text, /no-var/);
  });

  it('tells an agent after each edit what is new and what is fixed (bulkhead hook)', async () => {
    const edited = (file: string): { code: number | null; text: string } => {
      const input = JSON.stringify({ hook_event_name: 'PostToolUse', session_id: 's', cwd: workspace.root, tool_input: { file_path: at(file) } }); // prettier-ignore
      const env = { ...process.env, XDG_CACHE_HOME: cache, LOCALAPPDATA: cache, HOME: cache };
      const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(repository, 'dist', 'cli.mjs'), 'hook'], { input, env, encoding: 'utf8' }); // prettier-ignore
      return { code: status, text: stdout + stderr };
    };
    /** What is not known in time is in a later answer. */
    const told = (file: string, pattern: RegExp): { code: number | null; text: string } => {
      for (;;) {
        const answer = edited(file);
        if (pattern.test(answer.text)) return answer;
        assert.match(answer.text, /^$|Still checking/);
      }
    };
    // What the tests before have changed is told first.
    await workspace.write({ 'src/1.js': 'let a0;\n' });
    await settled('problems', {});
    while (edited('src/1.js').text !== '');
    await workspace.write({ 'src/1.js': 'let a0;\nvar hook;\n' });
    const { code, text } = told('src/1.js', /new problem/);
    assert.equal(code, 2);
    assert.match(text, /^Bulkhead: 1 new problem\.[^]*warning eslint\/no-var src\/1\.js:2:1 /);
    assert.deepEqual(told('src/1.js', /^$/), { code: 0, text: '' });
    await workspace.write({ 'src/1.js': 'let a0;\n' });
    assert.match(told('src/1.js', /fixed/).text, /"additionalContext":"Bulkhead: 1 fixed\."/);
  });

  it('explains and fixes what it found', async () => {
    await workspace.write({ 'src/fix.js': 'var b = 1;\nif (b === 2) b = 3;\n' });
    const { data } = await settled('problems', { by: 'issue', paths: ['src/fix.js'] });
    const [found] = (data['untrusted'] as { readonly issues: readonly Listed[] }).issues;
    assert.match((await server.ask('explain', { issue: found?.id, wait: 20 })).text, /no-var[^]*let b = 1/);
    const preview = await server.ask('fix', { issues: [found?.id], wait: 20 });
    assert.deepEqual([preview.data['applied'], preview.data['edits']], [false, 1]);
    assert.equal(await readFile(at('src/fix.js'), 'utf8'), 'var b = 1;\nif (b === 2) b = 3;\n');
    await server.ask('fix', { issues: [found?.id], apply: true, wait: 20 });
    assert.equal(await readFile(at('src/fix.js'), 'utf8'), 'let b = 1;\nif (b === 2) b = 3;\n');
    assert.deepEqual((await listed()).found, await expected());
    assert.match((await server.ask('explain', { rule: 'security/sql-injection' })).text, /SQL/);
    for (const [tool, question] of [
      ['problems', { paths: ['../x'] }],
      ['explain', {}],
      ['fix', {}],
      ['check', {}],
    ] as const) {
      const { isError, data: error } = await server.ask(tool, question);
      assert.deepEqual([isError, (error['error'] as { code: string }).code], [true, 'wrong_use']);
    }
  });

  it('says why problems may be missing', async () => {
    const config = await readFile(at('eslint.config.js'), 'utf8');
    await workspace.write({ 'eslint.config.js': 'export default [{ rules: ;\n' });
    const { data, text } = await settled('problems', {});
    assert.equal(data['state'], 'incomplete', text);
    assert.match(String(data['why']), /eslint/);
    const { text: health } = await server.ask('status', { maxTokens: 3000 });
    assert.match(health, /eslint failed/);
    await workspace.write({ 'eslint.config.js': config });
    assert.equal((await listed()).state, 'complete');
  });

  it('goes on after 10,000 messages that are none', async () => {
    const random = randomFrom(seed);
    const broken = [
      '{', 'null', '[]', '1', '"x"', '{}', '\u0000\uFFFF', '{"jsonrpc":"2.0"}', '{"jsonrpc":"2.0","method":3,"id":{}}',
      '{"jsonrpc":"1.0","id":1,"method":"tools/list"}', '{"jsonrpc":"2.0","id":null,"method":"tools/call","params":[]}',
      '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{}}}', '{"jsonrpc":"2.0","id":"q","result":{}}',
      '{"jsonrpc":"2.0","method":"notifications/none"}', '{"__proto__":{"x":1},"jsonrpc":"2.0"}', '[[[[[[', 'Content-Length: 5\r\n\r\nhello',
    ]; // prettier-ignore
    for (let index = 0; index < 10_000; index += 1) {
      if (!server.child.stdin.write(`${broken[random(broken.length)] ?? ''}\n`))
        await once(server.child.stdin, 'drain');
    }
    server.child.stdin.write(`${'x'.repeat(9 << 20)}\n`);
    assert.equal((await listed()).state, 'complete');
  });

  it('loses nothing when it is killed', async () => {
    server.child.kill('SIGKILL');
    await server.exit();
    server = await startMcp(workspace.root, cache, '--detectors', 'eslint,typescript');
    const { state, found } = await listed();
    assert.deepEqual([state, found], ['complete', await expected()]);
  });

  it('answers as a cold check of the disk does, and after a change of the configuration', async () => {
    await workspace.write({ 'eslint.config.js': "export default [{ files: ['**/*.js'], rules: { 'no-var': 'error' } }];\n", 'src/0.js': 'var z;\n' }); // prettier-ignore
    const { data } = await settled('problems', byIssue);
    assert.equal(data['state'], 'complete');
    const { report } = await checkJson(workspace.root, '--detectors', 'eslint,typescript');
    const cold = report.issues.map(({ file, range, severity }) => `${severity} ${file}:${range.start.line + 1}:${range.start.character + 1}`); // prettier-ignore
    const { issues } = data['untrusted'] as { readonly issues: readonly (Listed & { severity: string })[] };
    assert.deepEqual(issues.map((issue) => `${issue.severity} ${issue.at}`).sort(), cold.sort());
    assert.ok(cold.some((line) => line.includes('typed/a.ts')));
  });

  it('tells what is new and fixed since an earlier answer', async () => {
    const { since } = (await settled('problems', {})).data;
    await workspace.write({ 'typed/b.ts': 'export const b: string = 1;\n', 'src/0.js': 'let z;\n' });
    const { data } = await settled('problems', { since });
    const { issues, fixed } = data['untrusted'] as Readonly<Record<string, readonly Listed[]>>;
    assert.deepEqual(
      [issues?.map((issue) => issue.at), fixed?.map((issue) => issue.at)],
      [['typed/b.ts:1:14'], ['src/0.js:1:1']],
    );
  });

  it('answers what is open when it stops, and ends with its input', async () => {
    if (process.platform !== 'win32') {
      await workspace.write({ 'typed/c.ts': 'export const c: string = 1;\n' });
      const open = server.ask('check', { texts: [{ file: 'typed/c.ts', text: 'export {};\n' }], wait: 25 });
      await server.ask('problems', { wait: 0 });
      server.child.kill('SIGTERM');
      const { isError, data } = await open;
      // A fast machine has the answer in the moment that is left.
      if (isError) assert.equal((data['error'] as { code: string }).code, 'stopping');
      else assert.notEqual(data['state'], undefined);
      assert.equal(await server.exit(), 143);
      server = await startMcp(workspace.root, cache, '--detectors', 'eslint');
    }
    server.child.stdin.end();
    assert.equal(await server.exit(), 0);
    assert.doesNotMatch(server.stderr(), /Error/);
  });

  it("ends with its client's process, although somebody holds its input open", async () => {
    const clientInfo = { name: 't', version: '1' };
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
    const message = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params });
    const holds = `console.log(${JSON.stringify(message)}); setInterval(() => {}, 1000)`;
    const holder = spawn(process.execPath, ['-e', holds], { stdio: ['ignore', 'pipe', 'ignore'] });
    const argv = [path.join(repository, 'dist/cli.mjs'), 'mcp', workspace.root, '--detectors', 'eslint'];
    const starts = `require('node:child_process').spawn(process.execPath, ${JSON.stringify(argv)}, { stdio: 'inherit' })`;
    const client = spawn(process.execPath, ['-e', starts], { stdio: [holder.stdout, 'pipe', 'ignore'] });
    assert.ok(client.stdout);
    const ended = once(client.stdout, 'close');
    const [answer] = (await once(client.stdout, 'data')) as [Buffer];
    assert.match(answer.toString(), /"serverInfo"/);
    client.kill('SIGKILL');
    await ended;
    assert.equal(holder.exitCode, null);
    holder.kill();
  });
});
