/** `bulkhead agent`: what it writes into the files of agents, and that nothing of it is left afterwards. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parse as parseJson } from 'jsonc-parser';
import { parse as parseToml } from 'smol-toml';
import { agent } from '../../../server/cli/agent/agent.ts';
import { agents } from '../../../server/cli/agent/agents.ts';
import { parseCommand, UsageError } from '../../../server/cli/arguments.ts';
import { storeDirFor } from '../../../server/store/location.ts';
import { makeWorkspace, repository, type TestWorkspace } from '../../support/workspace.ts';

const all = agents.map(({ name }) => name);

describe('bulkhead agent', () => {
  let home: string;
  before(async () => {
    home = await realpath(await mkdtemp(path.join(os.tmpdir(), 'bulkhead-home-')));
  });
  after(() => rm(home, { recursive: true }));

  async function run(workspace: TestWorkspace, action: 'install' | 'status' | 'uninstall', only?: readonly string[]) {
    let text = '';
    const out = { write: (part: string) => void (text += part), isTTY: false, columns: Infinity };
    const code = await agent({ action, folder: workspace.root, ...(only ? { agents: only } : {}) }, out, home);
    return { code, text };
  }

  /** Every file with its bytes, and every folder. */
  async function contentOf({ root }: TestWorkspace): Promise<Readonly<Record<string, string>>> {
    const names = (await readdir(root, { recursive: true })).sort();
    const texts = names.map(async (name) => {
      const file = path.join(root, name);
      return [name, (await stat(file)).isDirectory() ? 'folder' : await readFile(file, 'latin1')] as const;
    });
    return Object.fromEntries(await Promise.all(texts));
  }

  const withoutRecord = async (workspace: TestWorkspace): Promise<void> =>
    rm(path.join(await storeDirFor(workspace.root), 'agents.json'), { force: true });

  const originals: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'no file': {},
    'files of others': {
      '.mcp.json': '{\n  "mcpServers": {\n    "other": { "command": "x" }\n  }\n}\n',
      '.claude/settings.json':
        '// mine\n{\n\t"hooks": {\n\t\t"PostToolUse": [\n\t\t\t{ "matcher": "Write", "hooks": [{ "type": "command", "command": "fmt" }] }, // keep\n\t\t],\n\t},\n\t"model": "m"\n}',
      '.cursor/hooks.json': '{ "version": 1, "hooks": { "stop": [{ "command": "say" }] } }',
      '.vscode/mcp.json': '{\r\n    // servers\r\n    "servers": {}\r\n}\r\n',
      '.codex/config.toml': '# mine\nmodel = "x" # no newline at the end',
      '.gemini/settings.json': '\uFEFF{"theme":"dark","mcpServers":{}}',
      'opencode.json': '{}\n',
      'CLAUDE.md': '# Claude\r\n\r\ntext\r\n',
      'AGENTS.md': 'no newline',
      'GEMINI.md': '',
    },
  };

  for (const [name, files] of Object.entries(originals))
    it(`leaves no trace of an installation (${name}), and installs again byte for byte`, async () => {
      await using workspace = await makeWorkspace(files);
      const before = await contentOf(workspace);
      assert.equal((await run(workspace, 'install', all)).code, 0);
      const once = await contentOf(workspace);
      assert.match((await run(workspace, 'status')).text, /Claude Code \(claude\)\n {2}\.mcp\.json: installed\n/);
      assert.equal((await run(workspace, 'install', all)).text, 'Everything is installed.\n');
      assert.deepEqual(await contentOf(workspace), once);
      for (const [file, text] of Object.entries(once)) {
        if (file.endsWith('.json'))
          assert.match(JSON.stringify(parseJson(text.replace('\xEF\xBB\xBF', ''))), /"npx"|bulkhead hook"/, file);
        if (file.endsWith('.toml')) assert.deepEqual(JSON.parse(JSON.stringify(parseToml(text)['mcp_servers'])), { bulkhead: { command: 'npx', args: ['bulkhead', 'mcp'] } }); // prettier-ignore
        // What was there is still there.
        for (const line of (before[file] ?? '').split(/\r?\n/).filter((part) => /mine|keep|# Claude/.test(part))) assert.ok(text.includes(line.trim()), `${file}: ${line}`); // prettier-ignore
      }
      assert.equal((await run(workspace, 'uninstall')).code, 0);
      assert.deepEqual(await contentOf(workspace), before);
      assert.equal((await run(workspace, 'uninstall')).text, 'Nothing is installed.\n');
    });

  it('takes out only what is its own where files were edited meanwhile, or the record is gone', async () => {
    await using workspace = await makeWorkspace({ '.mcp.json': '{\n  "mcpServers": {\n    "other": {}\n  }\n}\n', 'AGENTS.md': 'text\n' }); // prettier-ignore
    const before = await contentOf(workspace);
    await run(workspace, 'install', all);
    await withoutRecord(workspace);
    await run(workspace, 'uninstall');
    const after = await contentOf(workspace);
    assert.deepEqual({ ...before, ...Object.fromEntries(Object.entries(after).filter(([, text]) => text !== 'folder')) }, before); // prettier-ignore
    await run(workspace, 'install', ['claude']);
    const settings = { hooks: { PostToolUse: [{ matcher: 'Edit', hooks: [{ type: 'command', command: 'npx bulkhead hook' }, { command: 'fmt' }] }] } }; // prettier-ignore
    await workspace.write({ '.claude/settings.json': JSON.stringify(settings) });
    await run(workspace, 'install', ['claude']);
    await run(workspace, 'uninstall');
    assert.deepEqual(JSON.parse(await readFile(path.join(workspace.root, '.claude/settings.json'), 'utf8')), { hooks: { PostToolUse: [{ matcher: 'Edit', hooks: [{ command: 'fmt' }] }] } }); // prettier-ignore
  });

  it('replaces an entry of an earlier version, and starts a local installation without npx', async () => {
    await using workspace = await makeWorkspace({ '.mcp.json': '{"mcpServers":{"bulkhead":{"command":"old"}}}' });
    await run(workspace, 'install', ['claude']);
    const settings = path.join(workspace.root, '.claude/settings.json');
    assert.match(await readFile(settings, 'utf8'), /npx bulkhead hook/);
    await workspace.write({ 'node_modules/bulkhead/bin/bulkhead.cjs': '' });
    assert.match((await run(workspace, 'status')).text, /settings\.json: of another version/);
    await run(workspace, 'install', ['claude']);
    const text = await readFile(settings, 'utf8');
    assert.match(text, /node \\"\$CLAUDE_PROJECT_DIR\\"\/node_modules\/bulkhead\/bin\/bulkhead\.cjs hook/);
    assert.equal(text.match(/"matcher"/g)?.length, 1);
    const page = await readFile(path.join(repository, 'docs/agents.md'), 'utf8');
    const [, shown = ''] = /^```jsonc\n([^]*?)^```$/m.exec(page) ?? [];
    assert.deepEqual(parseJson(shown), JSON.parse(text), 'docs/agents.md shows another hook');
    await run(workspace, 'uninstall');
    assert.deepEqual(Object.keys(await contentOf(workspace)).filter((file) => !file.startsWith('node_modules')), ['.mcp.json']); // prettier-ignore
  });

  it('gives opencode the language server, unless somebody decided about these', async () => {
    for (const [text, lsp] of [
      ['{ "theme": "x" }', { bulkhead: { command: ['npx', 'bulkhead', 'lsp', '--stdio'], extensions: ['.ts'] } }],
      ['{ "lsp": { "other": { "disabled": true } } }', { other: { disabled: true }, bulkhead: {} }],
      ['{ "lsp": false }', false],
      ['{ "lsp": true }', true],
    ] as const) {
      await using workspace = await makeWorkspace({ 'opencode.json': text });
      await run(workspace, 'install', ['opencode']);
      const installed = parseJson(await readFile(path.join(workspace.root, 'opencode.json'), 'utf8')) as { readonly lsp: unknown };
      assert.match((await run(workspace, 'status')).text, /opencode\.json: installed/);
      if (typeof lsp === 'boolean') assert.equal(installed.lsp, lsp);
      else assert.deepEqual(Object.keys(installed.lsp as object).sort(), Object.keys(lsp).sort());
      await withoutRecord(workspace);
      await run(workspace, 'uninstall');
      assert.deepEqual(parseJson(await readFile(path.join(workspace.root, 'opencode.json'), 'utf8')), parseJson(text));
    }
  }); // prettier-ignore

  for (const [file, text, message] of [
    ['.mcp.json', '{\n  "mcpServers": {\n', /^\.mcp\.json:3:1: CloseBraceExpected/],
    ['.mcp.json', '[]', /^\.mcp\.json:1:1: it is no object/],
    ['.mcp.json', '{ "mcpServers": [] }', /^\.mcp\.json:1:17: mcpServers is no object/],
    [
      '.claude/settings.json',
      '{ "hooks": { "PostToolUse": {} } }',
      /^\.claude\/settings\.json:1:29: hooks\.PostToolUse is no array/,
    ],
    ['.codex/config.toml', 'a = [1\nb = 2\n', /^\.codex\/config\.toml:\d:\d+: Invalid TOML/],
    ['.codex/config.toml', 'mcp_servers = {}\n', /^\.codex\/config\.toml:\d+:\d+: Invalid TOML/],
    ['AGENTS.md', '<!-- bulkhead: begin -->\n', /^AGENTS\.md:.* do not belong together/],
    ['AGENTS.md', '\xFF', /^AGENTS\.md is not UTF-8/],
  ] as const)
    // prettier-ignore
    it(`writes nothing where ${file} is ${JSON.stringify(text)}`, async () => {
      await using workspace = await makeWorkspace({});
      await workspace.write({ [file]: text });
      if (text === '\xFF') await writeFile(path.join(workspace.root, file), text, 'latin1');
      const before = await contentOf(workspace);
      await assert.rejects(run(workspace, 'install', all), (error) => error instanceof UsageError && message.test(error.message) && /Nothing was changed/.test(error.message)); // prettier-ignore
      assert.deepEqual(await contentOf(workspace), before);
      assert.match((await run(workspace, 'status')).text, /: broken\. /);
    });

  it('leaves an entry alone that somebody wrote by hand in TOML', async () => {
    const text = '[mcp_servers.bulkhead]\ncommand = "mine"\n';
    await using workspace = await makeWorkspace({ '.codex/config.toml': text });
    await run(workspace, 'install', ['codex']);
    assert.equal(await readFile(path.join(workspace.root, '.codex/config.toml'), 'utf8'), text);
  });

  it('installs for the agents that are found, and says so where there is none', async () => {
    await using workspace = await makeWorkspace({ '.cursor/rules/a.md': '' });
    await run(workspace, 'install');
    assert.deepEqual(Object.keys(await contentOf(workspace)).filter((file) => /\.json$/.test(file)), [path.join('.cursor', 'hooks.json'), path.join('.cursor', 'mcp.json')]); // prettier-ignore
    await using empty = await makeWorkspace({});
    const { code, text } = await run(empty, 'install');
    assert.equal(code, 1);
    assert.match(text, /No agent was found.*--agents claude,cursor/);
    await assert.rejects(run(empty, 'install', ['clippy']), /Unknown agent "clippy"\. The agents are claude, /);
  });

  it('has arguments that are checked', () => {
    assert.deepEqual(parseCommand(['agent', 'install', 'w', '--agents', 'claude, cursor']), { kind: 'agent', arguments: { action: 'install', folder: 'w', agents: ['claude', 'cursor'] } }); // prettier-ignore
    for (const argv of [['agent'], ['agent', 'instal'], ['agent', 'status', '.', 'x'], ['agent', 'status', '--agents', ','], ['check', '--agents', 'a'], ['hook', 'x']])
      assert.throws(() => parseCommand(argv), UsageError, argv.join(' ')); // prettier-ignore
  });
});
