/**
 * Differential replay: random changes by seed, told to a real language server as an editor would tell them, and from
 * time to time its diagnostics held against those of a cold check of the same files.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CodeAction, Diagnostic } from 'vscode-languageserver-protocol/node';
import type { CheckReport } from '../../../server/cli/result.ts';
import type { Issue } from '../../../workers/protocol/detector-protocol.ts';
import { requests, type StatusParams } from '../../../workers/protocol/editor-protocol.ts';
import { checkJson } from '../cli.ts';
import { Editor } from '../lsp-client.ts';
import { broken, configurationFiles } from './breaks.ts';
import { compare, compareState, type Shown } from './comparison.ts';
import { edited, newModule, readJson, withJson, type EditContext } from './edits.ts';
import { Folder, type Changes } from './folder.ts';
import { pick, randomFrom, type Random } from './random.ts';

export interface ReplayOptions {
  /** The project; it is copied, and stays as it is. */
  readonly source: string;
  readonly seed: number;
  readonly steps: number;
  /** Steps between two comparisons. */
  readonly every: number;
  /** Wait after each step until all is quiet: what differs then is no matter of time. */
  readonly calm?: boolean;
  /**
   * What is shown at the moment when the server says that it is ready is compared, and nothing may come later. Steps follow
   * each other at once. Configurations are broken and mended, too. `graceMs` does not count then.
   */
  readonly atReady?: boolean;
  /** For answers that are confirmed at leisure, after all seems done. */
  readonly graceMs?: number;
  readonly log?: (line: string) => void;
}

export interface Difference {
  readonly step: number;
  /** Since the comparison before. */
  readonly operations: readonly string[];
  readonly lines: readonly string[];
}

export interface ReplayResult {
  readonly comparisons: number;
  /** Issues that were compared, over all comparisons, by detector. */
  readonly issues: Readonly<Record<string, number>>;
  readonly operations: Readonly<Record<string, number>>;
  readonly differences: readonly Difference[];
  /** By comparison: how long after "nothing in work" the last diagnostic came; 0: it was there. */
  readonly lateMs: readonly number[];
}

interface OpenDocument {
  text: string;
  version: number;
}

interface Found {
  readonly issues: readonly Issue[];
  readonly lines: readonly string[];
  readonly lateMs: number;
}

type Operation = (replay: Replay) => Promise<string>;

const operations: readonly (readonly [weight: number, name: string, operation: Operation])[] = [
  [30, 'edit', (replay) => replay.type()],
  [14, 'save', (replay) => replay.save()],
  [8, 'close', (replay) => replay.close()],
  [10, 'change outside', (replay) => replay.changeOutside()],
  [5, 'create', (replay) => replay.create()],
  [5, 'delete', (replay) => replay.delete()],
  [6, 'rename', (replay) => replay.rename()],
  [2, 'rename folder', (replay) => replay.renameFolder()],
  [4, 'checkout', (replay) => replay.checkout()],
  [6, 'config', (replay) => replay.configure()],
  [2, 'reopen', (replay) => replay.reopen()],
];

const breaking: readonly (typeof operations)[number][] = [
  [28, 'break', (replay) => replay.break()],
  [14, 'checkout', (replay) => replay.checkout()],
  [10, 'save', (replay) => replay.save()],
];

export async function replay(options: ReplayOptions): Promise<ReplayResult> {
  await using folder = await Folder.copyOf(path.resolve(options.source));
  const one = new Replay(folder, options);
  try {
    return await one.run();
  } finally {
    await one.end();
  }
}

class Replay {
  readonly #folder: Folder;
  readonly #options: ReplayOptions;
  readonly #random: Random;
  readonly #documents = new Map<string, OpenDocument>();
  readonly #counts: Record<string, number> = {};
  #editor = new Editor();
  #number = 0;

  constructor(folder: Folder, options: ReplayOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#random = randomFrom(options.seed);
  }

  async run(): Promise<ReplayResult> {
    const { steps, every, calm = false, atReady = false } = this.#options;
    const differences: Difference[] = [];
    const lateMs: number[] = [];
    let comparisons = 0;
    const issues: Record<string, number> = {};
    let since: string[] = [];
    await this.#open();
    if (!atReady) await this.#quiet();
    for (let step = 1; step <= steps; step += 1) {
      const [name, operation] = this.#choose();
      const what = `${step} ${name}: ${await operation(this)}`;
      this.#log(what);
      since.push(what);
      this.#counts[name] = (this.#counts[name] ?? 0) + 1;
      if (calm) await this.#quiet();
      else if (!atReady) await this.#pause();
      if (step % every !== 0 && step !== steps) continue;
      const found = atReady ? await this.#compareAtReady() : await this.#compare();
      comparisons += 1;
      for (const { detector } of found.issues) issues[detector] = (issues[detector] ?? 0) + 1;
      lateMs.push(found.lateMs);
      this.#log(
        `  ${found.issues.length} issues, ${found.lines.length} differences, ${Math.round(found.lateMs)} ms late`,
      );
      if (found.lines.length > 0) {
        for (const line of found.lines) this.#log(`  ${line}`);
        this.#describe(found.lines);
        differences.push({ step, operations: since, lines: found.lines });
        // What follows must not be blamed for it.
        await this.reopen();
        if (!atReady) await this.#quiet();
      }
      since = [];
    }
    return { comparisons, issues, operations: this.#counts, differences, lateMs };
  }

  async end(): Promise<void> {
    await this.#editor[Symbol.asyncDispose]();
  }

  /** Types into an open document, or opens one. Nothing is saved. */
  async type(): Promise<string> {
    const open = [...this.#documents.keys()];
    const file =
      open.length > 0 && this.#random(3) > 0 ? pick(this.#random, open) : pick(this.#random, this.#folder.modules);
    const document = this.#documents.get(file) ?? (await this.#openDocument(file));
    const { name, text } = edited(document.text, this.#context(file));
    await this.#type(file, document, text);
    return `${file}, ${name}`;
  }

  async save(): Promise<string> {
    const dirty = [...this.#documents].filter(([file, { text }]) => text !== this.#folder.files.get(file));
    if (dirty.length === 0) return 'nothing';
    const [file, { text }] = pick(this.#random, dirty);
    await this.#save(file, text);
    return file;
  }

  async #save(file: string, text: string): Promise<void> {
    const changes = await this.#folder.write(file, text);
    this.#remember(file);
    await this.#editor.connection.sendNotification('textDocument/didSave', { textDocument: { uri: this.#uri(file) } });
    // The watcher says it again.
    await this.#tell(changes);
  }

  /** Without saving. */
  async close(): Promise<string> {
    const open = [...this.#documents.keys()];
    if (open.length === 0) return 'nothing';
    const file = pick(this.#random, open);
    await this.#closeDocument(file);
    return file;
  }

  async changeOutside(): Promise<string> {
    const file = pick(this.#random, this.#folder.modules);
    const { name, text } = edited(this.#folder.files.get(file) ?? '', this.#context(file));
    await this.#happened(await this.#folder.write(file, text));
    return `${file}, ${name}`;
  }

  async create(): Promise<string> {
    const near = pick(this.#random, this.#folder.modules);
    const extension = pick(this.#random, ['.ts', '.js', path.posix.extname(near)]);
    const file = `${near.replace(/[^/]*$/, '')}made${this.#next()}${extension}`;
    await this.#happened(await this.#folder.write(file, newModule(this.#context(file))));
    return file;
  }

  async delete(): Promise<string> {
    const file = pick(this.#random, this.#folder.modules);
    await this.#closeDocument(file);
    await this.#happened(await this.#folder.remove(file));
    return file;
  }

  async rename(): Promise<string> {
    const from = pick(this.#random, this.#folder.modules);
    const extension = path.posix.extname(from);
    const near = this.#random(2) === 0 ? from : pick(this.#random, this.#folder.modules);
    const to = `${near.replace(/[^/]*$/, '')}renamed${this.#next()}${extension}`;
    await this.#move(from, to);
    return `${from} to ${to}`;
  }

  async renameFolder(): Promise<string> {
    const folders = [...new Set(this.#folder.modules.map((file) => path.posix.dirname(file)))];
    const from = pick(this.#random, folders);
    if (from === '.') return 'nothing';
    const to = `${from}${this.#next()}`;
    await this.#move(from, to);
    return `${from} to ${to}`;
  }

  async checkout(): Promise<string> {
    const changes = this.#random(5) === 0 ? await this.#folder.restore() : await this.#folder.switchBranch();
    for (const file of [...this.#documents.keys()]) if (changes[file] === 3) await this.#closeDocument(file);
    await this.#happened(changes);
    return `${Object.keys(changes).length} files`;
  }

  /** Changes, or repairs, a configuration file. */
  async configure(): Promise<string> {
    const named = (pattern: RegExp): readonly string[] =>
      [...this.#folder.files.keys()].filter((file) => pattern.test(file)).sort();
    const compilers = named(/(?:^|\/)tsconfig[^/]*\.json$/);
    const linters = named(/(?:^|\/)(?:eslint\.config|\.eslintrc)\.[cm]?js(?:on)?$/);
    const manifests = named(/(?:^|\/)package\.json$/);
    const known = [...compilers, ...linters, ...manifests];
    const changed = known.filter((file) => this.#folder.files.get(file) !== this.#folder.originals.get(file));
    if (changed.length > 0 && this.#random(2) === 0) {
      const file = pick(this.#random, changed);
      const original = this.#folder.originals.get(file);
      await this.#happened(
        original === undefined ? await this.#folder.remove(file) : await this.#folder.write(file, original),
      );
      return `${file}, as it was`;
    }
    const ways: (() => Promise<string>)[] = [() => this.#ignore(), () => this.#exclude()];
    if (compilers.length > 0) ways.push(() => this.#compilerOption(pick(this.#random, compilers)));
    if (linters.length > 0) ways.push(() => this.#lintRule(pick(this.#random, linters)));
    if (manifests.length > 0) ways.push(() => this.#dependency(pick(this.#random, manifests)));
    return pick(this.#random, ways)();
  }

  /** Breaks a configuration file, or mends all. */
  async break(): Promise<string> {
    const { files, originals } = this.#folder;
    const changed = configurationFiles.filter((file) => files.get(file) !== originals.get(file));
    if (changed.length > 0 && this.#random(2) === 0) {
      for (const file of changed) await this.#put(file, originals.get(file));
      return `${changed.join()}, mended`;
    }
    const { file, name, text } = broken(this.#random, (one) => originals.get(one));
    await this.#put(file, text);
    return `${file}, ${name}`;
  }

  async #put(file: string, text: string | undefined): Promise<void> {
    if (text !== undefined) await this.#happened(await this.#folder.write(file, text));
    else if (this.#folder.files.has(file)) await this.#happened(await this.#folder.remove(file));
  }

  /** The server is closed or killed, and what is open in the editor is opened again. */
  async reopen(): Promise<string> {
    const kill = this.#random(2) === 0;
    if (kill) await this.#editor[Symbol.asyncDispose]();
    else await this.#editor.shutdown();
    this.#editor = new Editor();
    await this.#open();
    for (const [file, { text }] of this.#documents) {
      await this.#sendOpen(file, this.#folder.files.get(file) ?? '', 1);
      const document = { text: this.#folder.files.get(file) ?? '', version: 1 };
      this.#documents.set(file, document);
      this.#remember(file);
      if (text !== document.text) await this.#type(file, document, text);
    }
    return kill ? 'killed' : 'closed';
  }

  async #compilerOption(file: string): Promise<string> {
    const option = pick(this.#random, [
      'strict',
      'noUnusedLocals',
      'noImplicitAny',
      'noUncheckedIndexedAccess',
      'checkJs',
    ]);
    const value = this.#random(2) === 0;
    const text = withJson(this.#folder.files.get(file) ?? '', ['compilerOptions', option], value);
    await this.#happened(await this.#folder.write(file, text));
    return `${file}, ${option} ${value}`;
  }

  async #lintRule(file: string): Promise<string> {
    const text = this.#folder.files.get(file) ?? '';
    const levels = [...text.matchAll(/(['"])(?:error|warn)\1/g)];
    if (levels.length === 0) return 'nothing';
    const level = pick(this.#random, levels);
    const other = level[0].includes('error') ? "'warn'" : "'error'";
    await this.#happened(
      await this.#folder.write(
        file,
        `${text.slice(0, level.index)}${other}${text.slice(level.index + level[0].length)}`,
      ),
    );
    return `${file}, ${level[0]} to ${other}`;
  }

  async #dependency(file: string): Promise<string> {
    const text = this.#folder.files.get(file) ?? '';
    const manifest = readJson(text);
    const section = pick(this.#random, ['dependencies', 'devDependencies']);
    const listed = Object.keys(manifest[section] ?? {});
    const name = listed.length > 0 && this.#random(2) === 0 ? pick(this.#random, listed) : undefined;
    const next = withJson(
      text,
      [section, name ?? `no-such-package-${this.#next()}`],
      name === undefined ? '^1.0.0' : undefined,
    );
    await this.#happened(await this.#folder.write(file, next));
    return `${file}, ${name === undefined ? 'one more' : `no ${name}`}`;
  }

  async #ignore(): Promise<string> {
    const before = this.#folder.files.get('.gitignore') ?? '';
    const line = pick(this.#random, this.#folder.modules);
    await this.#happened(await this.#folder.write('.gitignore', `${before.trimEnd()}\n/${line}\n`));
    return line;
  }

  async #exclude(): Promise<string> {
    const file = 'bulkhead.config.json';
    if (this.#folder.files.has(file)) {
      await this.#happened(await this.#folder.remove(file));
      return `no ${file}`;
    }
    const exclude = [pick(this.#random, this.#folder.modules)]
      .map((name) => (this.#random(3) === 0 ? path.posix.dirname(name) : name))
      .filter((name) => name !== '.');
    const off = pick(this.#random, ['circular', 'package', 'eslint', 'typescript', 'none']);
    const detectors = off === 'none' ? {} : { [off]: false };
    await this.#happened(await this.#folder.write(file, JSON.stringify({ exclude, detectors })));
    return `without ${exclude.join()} and ${off}`;
  }

  async #move(from: string, to: string): Promise<void> {
    const open = [...this.#documents.keys()].filter((file) => file === from || file.startsWith(`${from}/`));
    for (const file of open) await this.#closeDocument(file);
    await this.#happened(await this.#folder.move(from, to));
  }

  /** An editor shows a document without unsaved text as it is on the disk. */
  async #happened(changes: Changes): Promise<void> {
    const clean = [...this.#documents].filter(
      ([file, { text }]) => changes[file] === 2 && text === this.#shown.get(file),
    );
    await this.#tell(changes);
    for (const [file, document] of clean) await this.#type(file, document, this.#folder.files.get(file) ?? '');
    for (const file of Object.keys(changes)) this.#remember(file);
  }

  /** The disk as the editor last saw it, of open documents. */
  readonly #shown = new Map<string, string>();

  #remember(file: string): void {
    const content = this.#folder.files.get(file);
    if (this.#documents.has(file) && content !== undefined) this.#shown.set(file, content);
    else this.#shown.delete(file);
  }

  /** Only what the server asked to be told. */
  async #tell(changes: Changes): Promise<void> {
    const wanted = Object.fromEntries(Object.entries(changes).filter(([file, kind]) => this.#isWatched(file, kind)));
    if (Object.keys(wanted).length > 0) await this.#editor.watched(this.#folder.root, wanted);
  }

  #isWatched(file: string, kind: 1 | 2 | 3): boolean {
    return this.#editor.registrations.some(({ method, registerOptions }) => {
      if (method !== 'workspace/didChangeWatchedFiles') return false;
      const { watchers } = registerOptions as { watchers: { globPattern: string; kind?: number }[] };
      return watchers.some(
        ({ globPattern, kind: kinds = 7 }) => (kinds & (1 << (kind - 1))) !== 0 && matches(globPattern, file),
      );
    });
  }

  async #open(): Promise<void> {
    const storageDir = path.join(this.#folder.beside, 'storage');
    await mkdir(storageDir, { recursive: true });
    await this.#editor.open([this.#folder.root], { initializationOptions: { storageDir, trusted: true } });
    await this.#editor.until('watchers', () => this.#editor.registrations.length > 0);
  }

  async #openDocument(file: string): Promise<OpenDocument> {
    const document = { text: this.#folder.files.get(file) ?? '', version: 1 };
    this.#documents.set(file, document);
    this.#remember(file);
    await this.#sendOpen(file, document.text, 1);
    return document;
  }

  async #sendOpen(file: string, text: string, version: number): Promise<void> {
    const languageId = /x$/.test(file) ? 'typescriptreact' : 'typescript';
    await this.#editor.connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri: this.#uri(file), languageId, version, text },
    });
  }

  async #closeDocument(file: string): Promise<void> {
    if (!this.#documents.delete(file)) return;
    this.#remember(file);
    await this.#editor.connection.sendNotification('textDocument/didClose', { textDocument: { uri: this.#uri(file) } });
  }

  async #type(file: string, document: OpenDocument, text: string): Promise<void> {
    document.text = text;
    document.version += 1;
    await this.#editor.connection.sendNotification('textDocument/didChange', {
      textDocument: { uri: this.#uri(file), version: document.version },
      contentChanges: [{ text }],
    });
  }

  /** A cold check sees unsaved text if it lies on the disk meanwhile; the server does not look there. */
  async #compare(): Promise<Found> {
    await this.#quiet();
    const status = await this.#status();
    const unsaved = [...this.#documents].filter(([file, { text }]) => text !== this.#folder.files.get(file));
    const put = (file: string, text: string): Promise<void> => writeFile(path.join(this.#folder.root, file), text);
    for (const [file, { text }] of unsaved) await put(file, text);
    const { report } = await checkJson(this.#folder.root, '--fail-on', 'never', '--no-baseline');
    for (const [file] of unsaved) await put(file, this.#folder.files.get(file) ?? '');
    const begun = performance.now();
    let lines = await this.#differences(report, status);
    while (lines.length > 0 && performance.now() - begun < (this.#options.graceMs ?? 30_000)) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      lines = await this.#differences(report, await this.#status());
    }
    return { issues: report.issues, lines, lateMs: performance.now() - begun };
  }

  /** Where `bulkhead.config.json` is broken, a fresh run refuses to begin: then only the state is compared. */
  async #compareAtReady(): Promise<Found> {
    await this.#saveAll();
    const shown = await this.#ready();
    const { report } = await checkJson(this.#folder.root, '--fail-on', 'never', '--no-baseline').catch(() => ({
      report: undefined,
    }));
    const lines: string[] = [];
    if (report) {
      lines.push(...compare(this.#folder.root, report, shown).lines, ...compareState(report, shown.status));
    } else if (!shown.status.problems.some(({ uri }) => uri?.endsWith('/bulkhead.config.json') === true)) {
      lines.push(`A fresh run refuses; the state is ${shown.status.state}: ${shown.status.message ?? ''}`);
    }
    for (const [uri, diagnostics] of this.#editor.diagnostics) {
      const before = JSON.stringify(shown.diagnostics.get(uri) ?? []);
      if (JSON.stringify(diagnostics) !== before)
        lines.push(`after it was ready ${uri} ${JSON.stringify(diagnostics)}`);
    }
    return { issues: report?.issues ?? [], lines, lateMs: 0 };
  }

  /** What is shown at the moment when the server says for the first time that nothing is under way any more. */
  async #ready(): Promise<Shown> {
    for (;;) {
      // It is answered after everything that the server was told before.
      const status = await this.#status();
      if (status.state !== 'analysing') return { status, diagnostics: new Map(this.#editor.diagnostics) };
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #saveAll(): Promise<void> {
    for (const [file, { text }] of this.#documents)
      if (text !== this.#folder.files.get(file)) await this.#save(file, text);
  }

  async #differences(report: CheckReport, status: StatusParams): Promise<readonly string[]> {
    const { lines, same } = compare(this.#folder.root, report, { status, diagnostics: this.#editor.diagnostics });
    const ofFixes: string[] = [];
    for (const { uri, issues, shown } of same) {
      if (issues.some(({ fixes }) => fixes !== undefined))
        ofFixes.push(...(await this.#fixDifferences(uri, issues, shown)));
    }
    return [...lines, ...ofFixes];
  }

  /** Fixes are asked for, as a light bulb does. */
  async #fixDifferences(
    uri: string,
    issues: readonly Issue[],
    diagnostics: readonly Diagnostic[],
  ): Promise<readonly string[]> {
    const actions = await this.#editor.connection.sendRequest<CodeAction[]>('textDocument/codeAction', {
      textDocument: { uri },
      range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } },
      context: { diagnostics, only: ['quickfix'] },
    });
    const live = actions.flatMap(({ title, edit }) =>
      edit?.changes ? [`${title} ${JSON.stringify(edit.changes[uri])}`] : [],
    );
    const cold = issues.flatMap(({ fixes = [] }) =>
      fixes.map(({ title, edits }) => {
        const own = edits.flatMap(({ file, range, newText }) =>
          file === undefined || this.#uri(file) === uri ? [{ range, newText }] : [],
        );
        return `${title} ${JSON.stringify(own.length > 0 ? own : undefined)}`;
      }),
    );
    const missing = cold.filter((line) => !live.includes(line));
    return missing.map((line) => `missing fix ${uri} ${line}`);
  }

  /** The files that a difference is about, as they are. */
  #describe(lines: readonly string[]): void {
    const isAbout = (file: string): boolean => lines.some((line) => line.includes(this.#uri(file)));
    for (const file of new Set([...this.#folder.files.keys(), ...this.#documents.keys()])) {
      if (!isAbout(file)) continue;
      const disk = this.#folder.files.get(file);
      const unsaved = this.#documents.get(file)?.text;
      this.#log(`  ${file}, on the disk ${JSON.stringify(disk?.slice(0, 2000))}`);
      if (unsaved !== undefined) this.#log(`    ${unsaved === disk ? 'open' : `unsaved ${JSON.stringify(unsaved)}`}`);
    }
  }

  #status(): Promise<StatusParams> {
    return this.#editor.connection.sendRequest<StatusParams>(requests.status, {});
  }

  /** Nothing in work, for longer than changes are collected. */
  async #quiet(): Promise<void> {
    const end = performance.now() + 600_000;
    for (let since = performance.now(); performance.now() - since < 700;) {
      if ((await this.#status()).state === 'analysing') since = performance.now();
      if (performance.now() > end) throw new Error(`Never quiet: ${JSON.stringify(await this.#status())}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async #pause(): Promise<void> {
    const choice = this.#random(10);
    const ms = this.#random(400);
    if (choice < 2) await this.#quiet();
    else if (choice < 5) await new Promise((resolve) => setTimeout(resolve, ms));
  }

  #choose(): readonly [string, Operation] {
    const all = this.#options.atReady ? [...operations, ...breaking] : operations;
    const total = all.reduce((sum, [weight]) => sum + weight, 0);
    let at = this.#random(total);
    for (const [weight, name, operation] of all) {
      at -= weight;
      if (at < 0) return [name, operation];
    }
    throw new Error('The weights do not add up.');
  }

  #context(file: string): EditContext {
    return {
      random: this.#random,
      file,
      original: this.#folder.originals.get(file),
      modules: this.#folder.modules,
      next: () => this.#next(),
    };
  }

  #next(): number {
    this.#number += 1;
    return this.#number;
  }

  #uri(file: string): string {
    return pathToFileURL(path.join(this.#folder.root, file)).href;
  }

  #log(line: string): void {
    this.#options.log?.(line);
  }
}

/** The two shapes of pattern that the server registers. */
function matches(pattern: string, file: string): boolean {
  if (pattern === '**/*') return true;
  const extensions = /^\*\*\/\*\.\{([\w,]+)\}$/.exec(pattern)?.[1]?.split(',');
  if (!extensions) throw new Error(`The replay does not know this pattern: ${pattern}`);
  return extensions.some((extension) => file.endsWith(`.${extension}`));
}
