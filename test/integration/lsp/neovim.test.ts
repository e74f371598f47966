/** A real Neovim with the configuration that docs/editors.md prints. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { ensureFreshBuild } from '../../../scripts/fresh-build.mjs';
import { findNeovim, findNewNeovim, type Neovim } from '../../support/neovim.ts';
import { patienceMs } from '../../support/patience.ts';
import { makeWorkspace, repository } from '../../support/workspace.ts';

/** What the user does. Each step waits until Neovim shows what is expected, and says so. */
const steps = String.raw`
local root = vim.env.TEST_ROOT
local function shown(buffer)
  local all = {}
  for _, d in ipairs(vim.diagnostic.get(buffer)) do
    table.insert(all, vim.fn.fnamemodify(vim.api.nvim_buf_get_name(d.bufnr), ':t') .. ' ' .. tostring(d.code))
  end
  table.sort(all)
  return table.concat(all, ', ')
end
local function expect(step, wanted, buffer)
  local ok = vim.wait(tonumber(vim.env.TEST_PATIENCE), function() return shown(buffer) == wanted end, 20)
  io.stdout:write((ok and 'ok: ' or 'FAILED: ') .. step .. (ok and '' or ': ' .. shown(buffer)) .. '\n')
  if not ok then vim.cmd('cquit!') end
end
local function edit(file) vim.cmd('edit ' .. root .. '/src/' .. file) end
local function type_all(line) vim.api.nvim_buf_set_lines(0, 0, -1, false, { line }) end
local function clients() return (vim.lsp.get_clients or vim.lsp.get_active_clients)() end

edit('a.ts')
expect('problems of files that are not open', 'a.ts TS2322, b.ts TS2322, x.js prefer-const')
edit('x.js')
type_all('let x = 2; export default x;')
expect('what was typed', 'a.ts TS2322, b.ts TS2322, x.js prefer-const')
vim.cmd('write')
-- On a busy machine the answer takes longer than the recipe waits for it. People save again then.
vim.wait(tonumber(vim.env.TEST_PATIENCE), function()
  local fixed = vim.fn.readfile(root .. '/src/x.js')[1]:find('^const') ~= nil
  if not fixed then vim.cmd('silent write') end
  return fixed
end, 1000)
expect('a fix on saving', 'a.ts TS2322, b.ts TS2322')
local written = vim.fn.readfile(root .. '/src/x.js')[1]
if written ~= 'const x = 2; export default x;' then
  io.stdout:write('FAILED: the file has: ' .. written .. '\n')
  vim.cmd('cquit!')
end
edit('a.ts')
vim.cmd('bdelete')
edit('a.ts')
expect('a buffer that was deleted and is opened again', 'a.ts TS2322', 0)
vim.cmd('edit b.ts | bwipeout! ' .. root .. '/src/a.ts')
edit('a.ts')
expect('a buffer that was wiped out and is opened again', 'a.ts TS2322', 0)
edit('new.ts')
type_all('export const n: string = 5;')
vim.cmd('write')
expect('a new file', 'a.ts TS2322, b.ts TS2322, new.ts TS2322')
os.execute("printf 'export const b = 1;\n' > " .. root .. '/src/b.ts; rm ' .. root .. "/src/new.ts; printf 'export const s: string = 1;\n' > " .. root .. '/src/shell.ts')
expect('changes by a shell', 'a.ts TS2322, shell.ts TS2322')
edit('a.ts')
type_all('export const a: number = 1;')
expect('text that is not saved', '', 0)
vim.lsp.stop_client(clients())
vim.wait(10000, function() return #clients() == 0 end, 20)
vim.cmd('doautocmd FileType')
expect('a restart with text that is not saved', 'shell.ts TS2322')
os.execute("printf 'export const a: number = false;\n' > " .. root .. '/src/a.ts')
vim.cmd('edit!')
expect('the text of the disk after :edit!', 'a.ts TS2322', 0)
vim.lsp.stop_client(clients())
vim.cmd('qall!')
`;

describe('Neovim', function () {
  this.timeout(300_000);

  const what = 'problems, fixes, reopening, new files, a shell, restart';
  it(`of the distribution, with the configuration of docs/editors.md for it: ${what}`, async function () {
    await run(await neovimOr(this, findNeovim));
  });

  it(`0.11 or newer, with the configuration of docs/editors.md: ${what}`, async function () {
    const neovim = await neovimOr(this, findNewNeovim);
    assert.ok(neovim.isNew);
    await run(neovim);
  });
});

async function run(neovim: Neovim): Promise<void> {
  console.log(`      Neovim ${neovim.version}`);
  ensureFreshBuild();
  await using workspace = await makeWorkspace({
    'bulkhead.config.json': '{}\n',
    'package.json': '{ "name": "w", "private": true, "type": "module" }\n',
    'tsconfig.json':
      '{ "compilerOptions": { "strict": true, "module": "nodenext", "noEmit": true, "lib": ["es2023"], "types": [], "skipLibCheck": true }, "include": ["src"] }\n',
    'eslint.config.js': "export default [{ files: ['**/*.js'], rules: { 'prefer-const': 'error' } }];\n",
    'src/a.ts': "export const a: number = 'x';\n",
    'src/b.ts': 'export const b: string = 1;\n',
    'src/x.js': 'let x = 1;\nexport default x;\n',
    '../bin/bulkhead': `#!/bin/sh\nexec '${process.execPath}' '${path.join(repository, 'bin', 'bulkhead.cjs')}' "$@"\n`,
    '../home/init.lua': `${await configuration(neovim.isNew ? 'new' : 'old')}\n${await configuration('fix on save')}`,
    '../home/steps.lua': steps,
  });
  await workspace.link({ typescript: 'typescript', eslint: 'eslint' });
  const beside = (name: string): string => path.join(workspace.root, '..', name);
  await chmod(beside('bin/bulkhead'), 0o755);
  await mkdir(beside('state'));
  const state = ['STATE', 'CACHE', 'DATA', 'CONFIG'].map((kind) => [`XDG_${kind}_HOME`, beside('state')] as const);
  const env = {
    ...process.env,
    ...neovim.env,
    ...Object.fromEntries(state),
    PATH: `${beside('bin')}${path.delimiter}${process.env['PATH'] ?? ''}`,
    TEST_ROOT: workspace.root,
    TEST_PATIENCE: String(patienceMs),
  };
  const [program, ...argv] = neovim.command;
  // An error in the steps ends Neovim too.
  const sourced = `lua local ok, why = pcall(dofile, '${beside('home/steps.lua')}') if not ok then io.stderr:write(why) vim.cmd('cquit!') end`;
  argv.push('--headless', '-i', 'NONE', '-n', '-u', beside('home/init.lua'), '-c', sourced);
  const child = spawn(program, argv, { cwd: path.join(workspace.root, 'src'), env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const lines = stdout.split('\n').filter((line) => /^(?:ok|FAILED): /.test(line));
  assert.equal(
    lines.filter((line) => line.startsWith('ok')).length,
    steps.split('\nexpect(').length - 1,
    `${stdout}\n${stderr}`,
  );
}

/** Skips the test if there is none. Where everything must be tried, it must be tried. */
async function neovimOr(test: Mocha.Context, find: () => Promise<Neovim>): Promise<Neovim> {
  try {
    return await find();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (process.env['CI'] !== undefined && process.platform === 'linux') assert.fail(reason);
    console.log(`      Left out: no Neovim (${reason})`);
    return test.skip();
  }
}

async function configuration(name: 'new' | 'old' | 'fix on save'): Promise<string> {
  const page = await readFile(path.join(repository, 'docs', 'editors.md'), 'utf8');
  const code = new RegExp(`<!-- neovim: ${name} -->\n+\`\`\`lua\n(.*?)\`\`\``, 's').exec(page)?.[1];
  return code ?? assert.fail(`docs/editors.md has no configuration "${name}".`);
}
