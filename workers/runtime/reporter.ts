/**
 * Receives the results of a detector's check: completes findings to issues, keeps their order, and reports invalid
 * findings. Lives as long as one check.
 */
import path from 'node:path';
import type { CheckContext, LogLevel } from '../protocol/detector.ts';
import { editedFiles, IssueCompleter, textHash } from '../protocol/fingerprint.ts';
import { readText } from '../protocol/read-file.ts';
import type {
  CheckEvent,
  CheckRequest,
  DetectorProblem,
  Finding,
  Issue,
  InterfaceSignature,
  Unit,
} from '../protocol/detector-protocol.ts';
import { flawOfFinding } from '../protocol/well-formed.ts';

/** Maximum number of issues per event, which keeps its size far below the limit of a message. */
const CHUNK = 500;
/** Maximum number of invalid findings that are reported. */
const MAX_FLAWS = 20;

export interface ReporterLine {
  /** Resolves when the reader keeps up. */
  emit(event: CheckEvent): void | Promise<void>;
  /** Sends at once, because what follows may block the thread forever. */
  emitNow(event: CheckEvent): void;
  log(level: LogLevel, message: string): void;
}

interface OpenFile {
  completer: Promise<IssueCompleter> | undefined;
}

export class Reporter implements CheckContext {
  readonly signal: AbortSignal;
  readonly #request: CheckRequest;
  readonly #line: ReporterLine;
  readonly #open = new Map<string, OpenFile>();
  #tail: Promise<void> = Promise.resolve();
  #flaws = 0;

  constructor(request: CheckRequest, line: ReporterLine, signal: AbortSignal) {
    this.#request = request;
    this.#line = line;
    this.signal = signal;
  }

  log(level: LogLevel, message: string): void {
    this.#line.log(level, message);
  }

  begin(unit: Unit, file: string): void {
    if (this.#opened(unit, file)) this.#line.emitNow({ kind: 'begin', unit: unit.id, file });
  }

  report(unit: Unit, file: string, findings: readonly Finding[]): void {
    const valid = findings.filter((finding) => this.#isValid(finding, file));
    if (valid.length === 0) return;
    this.#beginInHindsight(unit, file);
    const open = this.#open.get(keyOf(unit, file));
    if (open === undefined) return;
    this.#tail = this.#tail.then(async () => {
      open.completer ??= this.#completerOf(file);
      const completer = await open.completer;
      const otherTexts = await this.#otherTexts(file, valid);
      for (let start = 0; start < valid.length; start += CHUNK) {
        const issues: Issue[] = valid
          .slice(start, start + CHUNK)
          .map((finding) => completer.complete(finding, otherTexts));
        await this.#line.emit({ kind: 'issues', unit: unit.id, file, issues });
      }
    });
  }

  done(unit: Unit, file: string, signature?: InterfaceSignature): Promise<void> {
    this.#beginInHindsight(unit, file);
    this.#open.delete(keyOf(unit, file));
    this.#enqueue({ kind: 'done', unit: unit.id, file, ...(signature === undefined ? {} : { signature }) });
    return this.#tail;
  }

  progress(done: number, total: number, what?: string): void {
    this.#enqueue({ kind: 'progress', done, total, ...(what === undefined ? {} : { what }) });
  }

  answeredBy(unit: Unit, engine: string): void {
    this.#enqueue({ kind: 'answeredBy', unit: unit.id, engine });
  }

  problem(problem: DetectorProblem): void {
    this.#enqueue({ kind: 'problem', problem });
  }

  /**
   * `begin` discards a file's issues of an earlier attempt, so every file needs one. Its check is over, so that this one
   * need not leave at once.
   */
  #beginInHindsight(unit: Unit, file: string): void {
    if (this.#opened(unit, file)) this.#enqueue({ kind: 'begin', unit: unit.id, file });
  }

  /** @returns false: it was open */
  #opened(unit: Unit, file: string): boolean {
    const key = keyOf(unit, file);
    if (this.#open.has(key)) return false;
    this.#open.set(key, { completer: undefined });
    return true;
  }

  /** Resolves when everything reported so far has been sent. */
  settled(): Promise<void> {
    return this.#tail;
  }

  #enqueue(event: CheckEvent): void {
    this.#tail = this.#tail.then(() => this.#line.emit(event));
  }

  async #completerOf(file: string): Promise<IssueCompleter> {
    return new IssueCompleter(this.#request.detector, file, (await this.#textOf(file)) ?? '');
  }

  /** Hashes of the texts that the findings' fixes edit outside of `file`. */
  async #otherTexts(file: string, findings: readonly Finding[]): Promise<ReadonlyMap<string, string>> {
    const hashes = new Map<string, string>();
    for (const other of new Set(findings.flatMap((finding) => [...editedFiles(file, finding)]))) {
      const text = other === file ? undefined : await this.#textOf(other);
      if (text !== undefined) hashes.set(other, textHash(text));
    }
    return hashes;
  }

  /** @returns undefined if the file cannot be read */
  async #textOf(file: string): Promise<string | undefined> {
    const overlay = this.#request.overlays.find((candidate) => candidate.file === file);
    return overlay?.text ?? (await readText(path.join(this.#request.root, file)).catch(() => undefined));
  }

  #isValid(finding: Finding, file: string): boolean {
    const flaw = flawOfFinding(finding);
    if (flaw === undefined) return true;
    this.#flaws += 1;
    if (this.#flaws <= MAX_FLAWS) {
      const message = `${this.#request.detector} reported an invalid finding (${flaw}), which is ignored.`;
      this.problem({ code: 'INVALID_RESULT', message, file, fatal: true });
    }
    return false;
  }
}

function keyOf(unit: Unit, file: string): string {
  return `${unit.id}\n${file}`;
}
