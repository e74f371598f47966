/**
 * Measures the product as an editor sees it, through the language server over stdio: cold start, warm start, edits, a checkout
 * of 500 files, memory, and the cost of being idle.
 *
 *     node bench/live/main.ts [--rounds 3] [--idle 60] [--generated 10000] [<folder> …]
 *
 * Run `npm run build` first. Each folder is copied and needs its packages installed. `--generated 0` skips the generated
 * project. Shows medians of the rounds. CPU time and memory come from /proc (Linux). The results include the time that the
 * server waits after a save before it starts (50 ms).
 */
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { storeDirFor } from '../../server/store/location.ts';
import { openStore } from '../../server/store/store.ts';
import { requests, type StatusParams } from '../../workers/protocol/editor-protocol.ts';
import { Editor } from '../../test/support/lsp-client.ts';
import { descendantsOf } from '../../test/support/processes.ts';
import { Folder } from '../../test/support/replay/folder.ts';
import { repository } from '../../test/support/workspace.ts';
import { uriOf } from '../../server/lsp/uris.ts';
import { generateWorkspace } from '../graph/generate.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    idle: { type: 'string', default: '60' },
    generated: { type: 'string', default: '10000' },
  },
});
const rounds = Number(values.rounds);
/** Files of the checkout. */
const checkedOut = 500;
const patienceMs = 600_000;
/** If no message arrives within this time, everything has been published. */
const silenceMs = 1500;

/** Versions of the open documents. */
const versions = new Map<string, number>();
const rows: (readonly [name: string, what: string, value: string])[] = [];
const sessions: Session[] = [];

/** One editor on one copy of a project. */
class Session {
  readonly name: string;
  readonly folder: Folder;
  readonly storageDir: string;
  editor = new Editor();

  constructor(name: string, folder: Folder) {
    this.name = name;
    this.folder = folder;
    this.storageDir = path.join(folder.beside, 'storage');
  }

  async open(): Promise<void> {
    await mkdir(this.storageDir, { recursive: true });
    const initializationOptions = { storageDir: this.storageDir, trusted: true };
    await this.editor.open([this.folder.root], { initializationOptions });
  }

  /** Waits until nothing arrives any more. @returns the time of the last diagnostic after `since`; `since` if there was none */
  async settled(since: number): Promise<number> {
    const end = performance.now() + patienceMs;
    let busyAt = performance.now();
    for (;;) {
      const { state } = await this.editor.connection.sendRequest<StatusParams>(requests.status, {});
      const now = performance.now();
      if (state === 'analysing') busyAt = now;
      const last = Math.max(since, ...this.editor.publishedAt.values());
      if (now - Math.max(last, busyAt) > silenceMs) return last;
      if (now > end) throw new Error(`${this.name} is never quiet.`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async kept(): Promise<void> {
    const { detectors } = await this.editor.connection.sendRequest<StatusParams>(requests.status, {});
    const expected = detectors.filter(({ status }) => status === 'done').map(({ name }) => `plan ${name}`);
    const dir = await storeDirFor(this.folder.root, { storageDir: this.storageDir });
    for (let tries = 0; tries < 300; tries += 1) {
      await using store = await openStore({ dir });
      const kept = await store.meta.list();
      if (expected.every((plan) => kept.has(plan))) return;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error(`${this.name}: results were not kept.`);
  }

  count(): number {
    return [...this.editor.diagnostics.values()].reduce((sum, list) => sum + list.length, 0);
  }

  row(what: string, value: string): void {
    rows.push([this.name, what, value]);
    console.error(`${this.name}: ${what}: ${value}`);
  }

  async end(): Promise<void> {
    await this.editor[Symbol.asyncDispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}

async function measure(source: string): Promise<void> {
  const session = new Session(path.basename(source), await Folder.copyOf(source));
  sessions.push(session);
  const files = session.folder.modules.length;
  const coldMs = await start(session);
  const issues = session.count();
  session.row(`cold, ${files} files, ${issues} issues`, seconds(coldMs));
  await session.kept();
  await warm(session, files, issues, coldMs);
  await edits(session);
  await checkout(session);
}

/** From the start of the server's process to the last diagnostic. */
async function start(session: Session): Promise<number> {
  const startedAt = performance.now();
  await session.editor[Symbol.asyncDispose]();
  session.editor = new Editor();
  await session.open();
  return (await session.settled(startedAt)) - startedAt;
}

async function warm(session: Session, files: number, issues: number, coldMs: number): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await session.editor.shutdown();
    const startedAt = performance.now();
    session.editor = new Editor();
    await session.open();
    await session.editor.until('all diagnostics', () => session.count() >= issues, patienceMs);
    times.push(performance.now() - startedAt);
    const { workers } = await session.editor.connection.sendRequest<StatusParams>(requests.status, {});
    if (round === 0) session.row('workers started for it', String(workers.length));
    await session.settled(startedAt);
  }
  const target = 300 + 0.02 * files;
  session.row(
    `warm start, until all diagnostics are there (target ${Math.round(target)} ms)`,
    `${milliseconds(times)}, ${(coldMs / median(times)).toFixed(0)} times faster than cold`,
  );
}

/** Gives each detector something to report about one line, then changes the exports of a module. */
async function edits(session: Session): Promise<void> {
  versions.clear();
  const { folder } = session;
  const { hub, importers } = await widelyUsed(folder);
  const file = folder.modules.find((one) => one.endsWith('.ts') && one !== hub && one.startsWith('src/')) ?? hub;
  const signs: Readonly<Record<string, (code: string) => boolean>> = {
    typescript: (code) => code === 'TS2322' || code === 'TS2307',
    eslint: (code) => code === 'no-var' || code === 'eqeqeq' || code === 'no-unused-vars',
    import: (code) => code === 'unresolved',
  };
  const line = "import './no-such-file';\nvar benchmark: number = 'text';\n";
  // A warm start needs no worker; the first edit does.
  const original = folder.files.get(file) ?? '';
  const begunAt = await save(session, file, `${original}${line}`);
  session.row(
    'first edit after a warm start, workers started for it, until the last diagnostic',
    seconds((await session.settled(begunAt)) - begunAt),
  );
  await session.settled(await save(session, file, original));
  const first: Record<string, number[]> = {};
  const all: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const text = folder.files.get(file) ?? '';
    const before = session.editor.diagnostics.get(uriOf(folder.root, file)) ?? [];
    const startedAt = await save(session, file, `${text}${line}`);
    await Promise.all(
      Object.entries(signs).map(async ([detector, isSign]) => {
        const source = `bulkhead(${detector})`;
        const count = (list: typeof before): number =>
          list.filter((one) => one.source === source && isSign(String(one.code))).length;
        const has = (): boolean =>
          count(session.editor.diagnostics.get(uriOf(folder.root, file)) ?? []) > count(before);
        // Not every project uses each of these rules.
        await session.editor.until(detector, has, 20_000).then(
          () => (first[detector] ??= []).push(performance.now() - startedAt),
          () => {},
        );
      }),
    );
    await session.settled(startedAt);
    const mendedAt = await save(session, file, text);
    all.push((await session.settled(mendedAt)) - mendedAt);
  }
  for (const [detector, times] of Object.entries(first)) {
    session.row(`edit and save of one line, its issue from ${detector}`, milliseconds(times));
  }
  session.row('the line taken back, until the last diagnostic', milliseconds(all));
  const times: number[] = [];
  let affected = 0;
  for (let round = 0; round < rounds; round += 1) {
    const text = folder.files.get(hub) ?? '';
    const startedAt = await save(
      session,
      hub,
      text.replaceAll(/^export (?=const|function|class|type|interface)/gm, ''),
    );
    times.push((await session.settled(startedAt)) - startedAt);
    affected = [...session.editor.publishedAt.values()].filter((at) => at > startedAt).length;
    await session.settled(await save(session, hub, text));
  }
  session.row(
    `no export left in a module with ${importers} importers, until the last of ${affected} files`,
    milliseconds(times),
  );
}

async function checkout(session: Session): Promise<void> {
  const { folder } = session;
  await folder.switchBranch();
  const files = folder.modules.filter((file) => /\.[cm]?tsx?$/.test(file)).slice(0, checkedOut);
  for (const file of files) {
    await folder.write(file, `${folder.files.get(file) ?? ''}\nexport const checkedOut: number = 'text';\n`);
  }
  await folder.switchBranch();
  for (const way of ['to', 'back from']) {
    const changes = await folder.switchBranch();
    const startedAt = performance.now();
    await session.editor.watched(folder.root, changes);
    const last = await session.settled(startedAt);
    session.row(`checkout ${way} a branch with ${files.length} changed files`, seconds(last - startedAt));
  }
}

/** Writes to disk and notifies the server as an editor and its watcher would. @returns the time */
async function save(session: Session, file: string, text: string): Promise<number> {
  const { editor, folder } = session;
  const textDocument = { uri: uriOf(folder.root, file), version: (versions.get(file) ?? 1) + 1 };
  if (!versions.has(file)) {
    const document = { ...textDocument, version: 1, languageId: 'typescript', text: folder.files.get(file) ?? '' };
    await editor.connection.sendNotification('textDocument/didOpen', { textDocument: document });
  }
  versions.set(file, textDocument.version);
  await folder.write(file, text);
  const startedAt = performance.now();
  await editor.connection.sendNotification('textDocument/didChange', { textDocument, contentChanges: [{ text }] });
  await editor.connection.sendNotification('textDocument/didSave', { textDocument });
  return startedAt;
}

/** CPU time of the servers and all their descendants while idle, and their memory. */
async function idle(forSeconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 15_000));
  const before = await Promise.all(sessions.map(cpuTicks));
  await new Promise((resolve) => setTimeout(resolve, forSeconds * 1000));
  const after = await Promise.all(sessions.map(cpuTicks));
  for (const [index, session] of sessions.entries()) {
    const spent = [...(after[index] ?? [])].map(
      ([name, ticks]) => [name, ticks - (before[index]?.get(name) ?? 0)] as const,
    );
    const told = spent.filter(([, ticks]) => ticks > 0).map(([name, ticks]) => `${name} ${ticks}`);
    session.row(`idle, CPU ticks of 10 ms in ${forSeconds} s`, told.length === 0 ? '0' : told.join(', '));
    const memory: string[] = [];
    for (const { pid, name } of processesOf(session))
      memory.push(`${name} ${Math.round((await residentBytes(pid)) / 1024 / 1024)} MB`);
    session.row('memory', memory.join(', '));
  }
}

function processesOf({ editor }: Session): readonly { readonly pid: number; readonly name: string }[] {
  const server = editor.server.pid ?? 0;
  const workers = descendantsOf(server).map(({ pid, command }) => {
    return { pid, name: /^bulkhead (\S+)/.exec(command)?.[1] ?? path.basename(command.split(' ')[0] ?? '') };
  });
  return [{ pid: server, name: 'server' }, ...workers];
}

async function cpuTicks(session: Session): Promise<ReadonlyMap<string, number>> {
  const ticks = new Map<string, number>();
  for (const { pid, name } of processesOf(session)) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks.set(`${name} (${pid})`, Number(fields[11]) + Number(fields[12]));
  }
  return ticks;
}

async function residentBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/statm`, 'utf8').catch(() => '0 0');
  return Number(text.split(' ')[1]) * 4096;
}

/** The module that the most modules import by a relative path. */
async function widelyUsed(folder: Folder): Promise<{ readonly hub: string; readonly importers: number }> {
  const counts = new Map<string, number>();
  const modules = new Set(folder.modules);
  for (const file of modules) {
    const text = await readFile(path.join(folder.root, file), 'utf8');
    const targets = [...text.matchAll(/from ['"](\.[^'"]+)['"]/g)].flatMap(([, specifier = '']) => {
      const base = path.posix.join(path.posix.dirname(file), specifier);
      return [base, `${base}.ts`, `${base.replace(/\.js$/, '')}.ts`].find((name) => modules.has(name)) ?? [];
    });
    for (const target of new Set(targets)) counts.set(target, (counts.get(target) ?? 0) + 1);
  }
  const [hub = '', importers = 0] = [...counts].sort(([, one], [, other]) => other - one)[0] ?? [];
  return { hub, importers };
}

async function generated(base: string, count: number): Promise<string> {
  const root = path.join(base, `generated ${count}`);
  await mkdir(path.join(root, 'node_modules'), { recursive: true });
  generateWorkspace(root, count);
  for (const [name, target] of Object.entries({
    typescript: 'typescript',
    eslint: 'eslint',
    'typescript-eslint': 'typescript-eslint',
  })) {
    await symlink(path.join(repository, 'node_modules', target), path.join(root, 'node_modules', name), 'junction');
  }
  const config = [
    "import tseslint from 'typescript-eslint';",
    "export default [{ files: ['**/*.ts'], ...tseslint.configs.base, rules: { 'no-var': 'warn', eqeqeq: 'error' } }];",
  ];
  await writeFile(path.join(root, 'eslint.config.mjs'), `${config.join('\n')}\n`);
  return root;
}

function print(): void {
  const names = [...new Set(rows.map(([name]) => name))];
  const whats = [...new Set(rows.map(([, what]) => what))];
  console.log(`| | ${names.join(' | ')} |\n| --- | ${names.map(() => '---').join(' | ')} |`);
  for (const what of whats) {
    const cells = names.map((name) => rows.find((row) => row[0] === name && row[1] === what)?.[2] ?? '');
    console.log(`| ${what} | ${cells.join(' | ')} |`);
  }
}

function median(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function milliseconds(times: readonly number[]): string {
  return `${Math.round(median(times))} ms`;
}

function seconds(time: number): string {
  return `${(time / 1000).toFixed(1)} s`;
}

for (const folder of positionals) await measure(path.resolve(folder));
if (Number(values.generated) > 0) {
  const base = await realpath(await mkdtemp(path.join(os.tmpdir(), 'bulkhead-live-')));
  try {
    await measure(await generated(base, Number(values.generated)));
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}
await idle(Number(values.idle));
for (const session of sessions) await session.end();
print();
