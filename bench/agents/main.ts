/**
 * One round of an agent: an edit, a check, what the model has to read. `node bench/agents/main.ts [--rounds n] [--dry]`. Beside
 * `bulkhead mcp` (problems with `since`) and `bulkhead hook` stand `tsc --noEmit` and `eslint` on the folder, as agents run them today. All
 * in one run, round by round, in a made folder of 120 typed files; tokens by the vocabulary o200k. The memory of a second client is
 * that of a second `bulkhead mcp` on the same folder (Linux). The table goes into docs/benchmarks.md.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Tokenizer } from 'ai-tokenizer';
import * as o200k from 'ai-tokenizer/encoding/o200k_base';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { writeSection } from '../document.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' }, dry: { type: 'boolean' } } });
const rounds = Number(values.rounds);
const repository = path.resolve(import.meta.dirname, '../..');
const tokens = new Tokenizer(o200k);
const FILES = 120;

const base = mkdtempSync(path.join(os.tmpdir(), 'bench-agents-'));
const root = path.join(base, 'folder');
const env = { ...process.env, XDG_CACHE_HOME: path.join(base, 'cache'), HOME: base };
const write = (file: string, text: string): void => {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), text);
};
const source = (index: number, type = 'number'): string =>
  `${index === 0 ? '' : `import { value${index - 1} } from './f${index - 1}.js';\n`}export const value${index}: ${type} = ${index === 0 ? '1' : `value${index - 1} + 1`};\n` +
  `export function use${index}(list: readonly number[]): number {\n  var sum = 0;\n  for (const one of list) sum += one;\n  return sum;\n}\n`; // prettier-ignore
write('package.json', '{ "name": "bench", "private": true, "type": "module" }\n');
write(
  'tsconfig.json',
  '{ "compilerOptions": { "strict": true, "module": "nodenext", "noEmit": true, "types": [], "skipLibCheck": true }, "include": ["src"] }\n',
);
write(
  'eslint.config.js',
  "import tseslint from 'typescript-eslint';\nexport default [{ files: ['**/*.ts'], languageOptions: { parser: tseslint.parser }, rules: { 'no-var': 'warn', eqeqeq: 'error' } }];\n",
);
for (let index = 0; index < FILES; index += 1) write(`src/f${index}.ts`, source(index));
mkdirSync(path.join(root, 'node_modules'));
for (const name of ['typescript', 'eslint', 'typescript-eslint'])
  symlinkSync(path.join(repository, 'node_modules', name), path.join(root, 'node_modules', name), 'junction');

const cli = path.join(repository, 'dist', 'cli.mjs');
const detectors = ['--detectors', 'typescript,eslint'];

async function connected(): Promise<{ readonly client: Client; readonly pid: number }> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [cli, 'mcp', root, ...detectors],
    env,
  });
  const client = new Client({ name: 'bench', version: '1' });
  await client.connect(transport);
  return { client, pid: transport.pid ?? 0 };
}

interface Answered {
  readonly text: string;
  readonly since: unknown;
}

/** Asks until it is final. */
async function problems(client: Client, since?: unknown): Promise<Answered> {
  for (;;) {
    const { content, structuredContent } = await client.callTool({
      name: 'problems',
      arguments: { wait: 20, ...(since === undefined ? {} : { since }) },
    });
    const { state, since: handle } = structuredContent as Readonly<Record<string, unknown>>;
    const [first] = content;
    if (state === 'complete' || state === 'incomplete')
      return { text: first?.type === 'text' ? first.text : '', since: handle };
  }
}

function run(argv: readonly string[], input = ''): string {
  const { stdout, stderr } = spawnSync(process.execPath, argv, {
    cwd: root,
    env,
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return stdout + stderr;
}

/** Memory that is this process's alone, without its children. */
function privateMb(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kilobytes = [...rollup.matchAll(/^Private_\w+:\s+(\d+) kB/gm)].reduce((sum, [, size]) => sum + Number(size), 0);
  return kilobytes / 1024;
}

function childrenOf(pid: number): number {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .filter((id) => id.trim() !== '').length;
}

const first = await connected();
let { since } = await problems(first.client);
const edit = (isBroken: boolean): void => write('src/f60.ts', source(60, isBroken ? 'string' : 'number'));
const ways: Readonly<Record<string, () => Promise<string> | string>> = {
  '`bulkhead mcp`, `problems` with `since`': async () => {
    const answer = await problems(first.client, since);
    since = answer.since;
    return answer.text;
  },
  '`bulkhead hook`': () =>
    run(
      [cli, 'hook'],
      JSON.stringify({
        hook_event_name: 'PostToolUse',
        session_id: 's',
        cwd: root,
        tool_input: { file_path: path.join(root, 'src/f60.ts') },
      }),
    ),
  '`tsc --noEmit`': () =>
    run([path.join(repository, 'node_modules/typescript/bin/tsc'), '--noEmit', '--pretty', 'false']),
  '`eslint .`': () => run([path.join(repository, 'node_modules/eslint/bin/eslint.js'), '.']),
};
const figures = new Map<string, { ms: number[]; tokens: number[] }>(
  Object.keys(ways).map((name) => [name, { ms: [], tokens: [] }]),
);
for (let round = 0; round <= rounds; round += 1) {
  for (const [name, way] of Object.entries(ways)) {
    for (const isBroken of [true, false]) {
      edit(isBroken);
      const started = performance.now();
      const text = await way();
      const figure = figures.get(name);
      if (round === 0 || figure === undefined) continue;
      figure.ms.push(performance.now() - started);
      figure.tokens.push(tokens.count(text));
    }
    await problems(first.client, since).then((answer) => (since = answer.since));
  }
}
const second = await connected();
await problems(second.client);
const floor: ChildProcess = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1e6)'], {
  stdio: ['ignore', 'pipe', 'ignore'],
});
if (floor.stdout) await once(floor.stdout, 'data');
const isLinux = process.platform === 'linux';
const memory = isLinux
  ? { second: privateMb(second.pid), floor: privateMb(floor.pid ?? 0), children: childrenOf(second.pid) }
  : undefined;
floor.kill();
await second.client.close();
await first.client.close();
rmSync(base, { recursive: true, force: true });

const median = (all: readonly number[]): number => all.toSorted((one, other) => one - other)[all.length >> 1] ?? 0;
const text = [
  `${os.cpus()[0]?.model ?? 'unknown'}, ${os.availableParallelism()} cores, Node ${process.versions.node}, medians of ${2 * rounds} edits (one that breaks a type, one that mends it), load at the end ${(os.loadavg()[0] ?? 0).toFixed(1)}.`,
  '',
  '| after each edit | time, ms | tokens of the answer |',
  '| --- | ---: | ---: |',
  ...[...figures].map(
    ([name, { ms, tokens: read }]) => `| ${name} | ${Math.round(median(ms))} | ${Math.round(median(read))} |`,
  ),
  '',
  ...(memory
    ? [
        `A second \`bulkhead mcp\` on the same folder has ${Math.round(memory.second)} MB of its own and ${memory.children} child processes; Node.js that does nothing has ${Math.round(memory.floor)} MB, so the client costs ${Math.round(memory.second - memory.floor)} MB.`,
      ]
    : []),
].join('\n');
process.stdout.write(`${text}\n`);
if (values.dry !== true) writeSection('bench/agents', text);
