/** Answers the questions of one client about one folder. Lives as long as the server. */
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { textHash } from '../../workers/protocol/fingerprint.ts';
import { readText } from '../../workers/protocol/read-file.ts';
import type { Folder } from '../folder/folder.ts';
import type { UnsavedDocument } from '../folder/options.ts';
import { budget, type Answer } from './budget.ts';
import { checkAnswer } from './check.ts';
import { issueAnswer, issueOf, ruleAnswer } from './explain.ts';
import { applyFixes, fixAnswer, planFixes } from './fix.ts';
import type { ProcessHealth } from './health.ts';
import { answerable, notYet, type Answerable } from './freshness.ts';
import { problemsAnswer } from './problems.ts';
import { isOfRule, pathInside, select, ToolUseError } from './selection.ts';
import { Snapshots } from './snapshots.ts';
import { statusAnswer } from './status.ts';
import type { Question } from './tools.ts';

const standardWaitMs = 2_000;
/** Messages about what does not work. */
const mostTroubles = 5;

/** An editor that has the folder open, too. */
export interface SessionEditor {
  /** The editor's unsaved text of a file. */
  documentOf(file: string): UnsavedDocument | undefined;
  /** Texts that the editor does not have are analysed until `ended` resolves: what is found meanwhile is not to be shown. */
  hold(ended: Promise<void>): void;
}

const noEditor: SessionEditor = { documentOf: () => undefined, hold: () => {} };

export class Session {
  /** The process that answers, where it is one for agents. */
  process: (() => ProcessHealth) | undefined;
  readonly #root: string;
  readonly #editor: SessionEditor;
  readonly #opening: Promise<Folder>;
  #folder: Folder | undefined;
  readonly #snapshots = new Snapshots();
  readonly #troubles: string[] = [];
  /** While texts stand in for files, nobody else may be answered. */
  #turn: Promise<void> = Promise.resolve();

  /** @param root absolute path, without symbolic links */
  constructor(root: string, opening: Promise<Folder>, editor = noEditor) {
    this.#root = root;
    this.#editor = editor;
    this.#opening = opening;
    // A failure reaches those who ask.
    opening.then((folder) => (this.#folder = folder)).catch(() => {});
  }

  /** Whether an answer of this session gave this handle. */
  knows(handle: string): boolean {
    return this.#snapshots.has(handle);
  }

  /** Something does not work, such as a configuration that is broken. */
  noteTrouble(message: string): void {
    if (this.#troubles.includes(message)) return;
    this.#troubles.push(message);
    if (this.#troubles.length > mostTroubles) this.#troubles.shift();
  }

  async problems(
    { wait, maxTokens = budget.standard, ...question }: Question<'problems'>,
    signal: AbortSignal,
  ): Promise<Answer> {
    const given = await this.#placed(question.paths ?? []);
    const known = await this.#answerable(wait, signal);
    return problemsAnswer(
      this.#root,
      known,
      { ...question, ...(question.paths ? { paths: given } : {}), maxTokens, existing: await this.#existing(given) },
      this.#snapshots,
    );
  }

  async check(
    { files: givenFiles = [], texts: givenTexts = [], wait, maxTokens = budget.standard }: Question<'check'>,
    signal: AbortSignal,
  ): Promise<Answer> {
    const files = await this.#placed(givenFiles);
    const places = await this.#placed(givenTexts.map(({ file }) => file));
    const texts = givenTexts.map(({ text, file }, index) => ({ text, file: places[index] ?? file }));
    const named = [
      ...new Set([...files, ...texts.map(({ file }) => file)].map((file) => pathInside(this.#root, file))),
    ];
    if (named.length === 0) throw new ToolUseError('Name files, or give texts.');
    if (texts.length === 0) return this.#checkAnswer(named, new Map(), await this.#answerable(wait, signal), maxTokens);
    const unsaved = new Map(texts.map(({ file, text }) => [pathInside(this.#root, file), text]));
    return this.#exclusively(signal, async () => {
      const folder = await this.#opening;
      signal.throwIfAborted();
      const documents = new Map(
        [...unsaved].map(([file, text]) => [file, { text, version: folder.generation } satisfies UnsavedDocument]),
      );
      const changes = [...documents.keys()].map((file) => ({ file, kind: 'changed' }) as const);
      const over = Promise.withResolvers<void>();
      this.#editor.hold(over.promise);
      try {
        for (const [file, document] of documents) folder.setDocument(file, document);
        folder.filesChanged(changes);
        const known = await answerable(this.#opening, waitMs(wait), signal);
        const edited = [...documents].find(([file, document]) => folder.documentOf(file) !== document);
        if (edited) throw new ToolUseError(`${edited[0]} was edited in the editor meanwhile. Ask again.`);
        return await this.#checkAnswer(named, unsaved, known, maxTokens);
      } finally {
        for (const file of documents.keys()) folder.setDocument(file, this.#editor.documentOf(file));
        folder.filesChanged(changes);
        folder.idle().then(over.resolve, over.resolve);
      }
    });
  }

  async explain(
    { rule, issue, wait, maxTokens = budget.standard }: Question<'explain'>,
    signal: AbortSignal,
  ): Promise<Answer> {
    if ((rule === undefined) === (issue === undefined)) throw new ToolUseError('Give either a rule or an issue.');
    const known = await this.#answerable(wait, signal);
    return rule === undefined ? issueAnswer(known, issue ?? '', maxTokens) : ruleAnswer(known.issues, rule, maxTokens);
  }

  async fix(
    { issues: ids, rule, files, apply = false, wait, maxTokens = budget.standard }: Question<'fix'>,
    signal: AbortSignal,
  ): Promise<Answer> {
    if (ids === undefined && rule === undefined && files === undefined)
      throw new ToolUseError('Say what to fix: issues, a rule, or files.');
    const known = await this.#answerable(wait, signal);
    const chosen =
      ids === undefined
        ? select(this.#root, known.issues, { paths: files && (await this.#placed(files)) }).issues
        : ids.map((id) => issueOf(known.issues, id));
    const wanted = rule === undefined ? chosen : chosen.filter((issue) => isOfRule(issue, rule));
    const fixable = ids === undefined ? wanted.filter((issue) => issue.fixable) : wanted;
    const isSaved = ({ file }: { readonly file: string }): boolean => this.#editor.documentOf(file) === undefined;
    const { fixes: planned, refused } = await planFixes(this.#root, fixable.filter(isSaved));
    const unsaved = new Set(fixable.filter((issue) => !isSaved(issue)).map(({ file }) => file));
    const open = [...unsaved].map((file) => ({ file, why: 'It has unsaved changes in the editor. Save it first.' }));
    const plan = { fixes: planned, refused: [...refused, ...open] };
    if (!apply) return fixAnswer(known, plan, false, maxTokens);
    signal.throwIfAborted();
    const late = await applyFixes(this.#root, plan.fixes);
    const unwritten = new Set(late.map(({ file }) => file));
    const fixes = plan.fixes.filter(({ file }) => !unwritten.has(file));
    return fixAnswer(known, { fixes, refused: [...plan.refused, ...late] }, true, maxTokens);
  }

  async status(
    { maxTokens = budget.standard }: Question<'status'>,
    requests: number,
    signal: AbortSignal,
  ): Promise<Answer> {
    const known = await this.#answerable(0.5, signal);
    const folder = this.#folder;
    const health = {
      root: this.#root,
      detectors: folder?.status() ?? [],
      workers: folder?.health() ?? [],
      quarantined: folder?.quarantined ?? [],
      sharing: folder === undefined ? 'off' : (await folder.resources()).sharing,
      requests,
      process: this.process?.(),
      troubles: this.#troubles,
    } as const;
    return statusAnswer(known, health, maxTokens);
  }

  async #answerable(wait: number | undefined, signal: AbortSignal): Promise<Answerable> {
    const started = performance.now();
    const over = new AbortController();
    const late = sleep(waitMs(wait), 'late' as const, { signal: AbortSignal.any([signal, over.signal]) });
    const turn = await Promise.race([this.#turn, late.catch(() => undefined)]);
    over.abort();
    signal.throwIfAborted();
    // What is known is about texts that are not on disk.
    if (turn === 'late') return notYet;
    return answerable(this.#opening, Math.max(0, waitMs(wait) - (performance.now() - started)), signal);
  }

  async #exclusively<Value>(signal: AbortSignal, work: () => Promise<Value>): Promise<Value> {
    const before = this.#turn;
    const turn = Promise.withResolvers<void>();
    this.#turn = turn.promise;
    try {
      await before;
      signal.throwIfAborted();
      return await work();
    } finally {
      turn.resolve();
    }
  }

  async #checkAnswer(
    files: readonly string[],
    unsaved: ReadonlyMap<string, string>,
    known: Answerable,
    maxTokens: number,
  ): Promise<Answer> {
    const folder = known.revision === 0 ? undefined : await this.#opening;
    const facts = await Promise.all(
      files.map(async (file) => {
        const text =
          unsaved.get(file) ??
          this.#editor.documentOf(file)?.text ??
          (await readText(path.join(this.#root, file)).catch(() => undefined));
        const detectors = folder?.detectorsOf(file) ?? [];
        return { file, hash: text === undefined ? undefined : textHash(text).slice(0, 8), detectors };
      }),
    );
    return checkAnswer(facts, known, maxTokens);
  }

  /** Absolute paths may spell the folder in another way, through links. */
  #placed(paths: readonly string[]): Promise<readonly string[]> {
    return Promise.all(
      paths.map(async (given) => {
        if (!path.isAbsolute(given) || given.includes('\0') || given.startsWith(this.#root)) return given;
        const folder = await realpath(path.dirname(given)).catch(() => path.dirname(given));
        const file = path.join(folder, path.basename(given));
        return file.startsWith(this.#root) ? file : realpath(given).catch(() => given);
      }),
    );
  }

  async #existing(paths: readonly string[]): Promise<ReadonlySet<string>> {
    const found = await Promise.all(
      paths.map((given) => stat(path.join(this.#root, pathInside(this.#root, given))).then(() => [given], () => [])), // prettier-ignore
    );
    return new Set(found.flat());
  }
}

function waitMs(seconds: number | undefined): number {
  return seconds === undefined ? standardWaitMs : seconds * 1000;
}
