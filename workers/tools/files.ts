/**
 * Checks files with a tool that looks at one or at many of them in each run. Remembers which files it has answered for,
 * as long as the process lives.
 */
import path from 'node:path';
import type { CheckContext } from '../protocol/detector.ts';
import type { CheckRequest, CheckResult, Finding, Unit } from '../protocol/detector-protocol.ts';
import { prioritized } from '../runtime/order.ts';
import { isHad, wasSaved, type LastRead } from '../runtime/saved-since.ts';
import { runTool, ToolFailure } from './run.ts';
import { declarationRange, DECLARATIONS, type Tool } from './tool.ts';

/** The system limits the length of a command line. */
const LONGEST_COMMAND = process.platform === 'win32' ? 24_000 : 100_000;
/** Files at which it fails, before it succeeds at any: then the tool is broken, not the files. */
const FAILURES = 3;
/** Failed runs to find the files at which a tool fails. */
const MOST_RUNS = 40;

/** By root and tool, then by file: when the tool last answered for it as it is on the disk. */
const answered = new Map<string, Map<string, LastRead>>();

/** @param onDone called for each unit */
export async function checkFiles(
  tool: Tool,
  request: CheckRequest,
  context: CheckContext,
  onDone: () => void,
): Promise<CheckResult> {
  const startedAt = performance.now();
  const check = new FilesCheck(tool, request, context, onDone);
  const coverage = await check.run();
  return {
    durationMs: performance.now() - startedAt,
    files: request.units.length,
    issues: check.issues,
    ...(coverage.length === 0 ? {} : { coverage: Object.fromEntries(coverage.map((id) => [id, 'unchanged'])) }),
  };
}

class FilesCheck {
  issues = 0;
  readonly #tool: Tool;
  readonly #request: CheckRequest;
  readonly #context: CheckContext;
  readonly #onDone: () => void;
  readonly #unsaved: ReadonlyMap<string, string>;
  readonly #answered: Map<string, LastRead>;
  readonly #refusals = new Set<string>();
  #failedRuns = 0;
  /** Until it succeeds somewhere, nobody knows whether the files or the tool are at fault. */
  readonly #failed = new Map<Unit, { readonly failure: ToolFailure; readonly at: number }>();
  #succeeded: boolean;

  constructor(tool: Tool, request: CheckRequest, context: CheckContext, onDone: () => void) {
    this.#tool = tool;
    this.#request = request;
    this.#context = context;
    this.#onDone = onDone;
    this.#unsaved = new Map(request.overlays.map(({ file, text }) => [file, text]));
    const key = `${request.root}\n${tool.name}`;
    this.#answered = answered.get(key) ?? new Map<string, LastRead>();
    answered.set(key, this.#answered);
    this.#succeeded = this.#answered.size > 0;
  }

  /** @returns the units whose results stand */
  async run(): Promise<readonly string[]> {
    const units = prioritized(this.#request.units, this.#request.first);
    const canRead = this.#tool.declaration.stdin !== undefined;
    // Without a command for unsaved text, only saving a file can change what the tool says about it.
    const standing: Unit[] = [];
    for (const unit of units) if (!canRead && (await this.#stands(unit))) standing.push(unit);
    const typed = canRead ? units.filter(({ file }) => this.#unsaved.has(file)) : [];
    const saved = units.filter((unit) => !standing.includes(unit) && !typed.includes(unit));
    try {
      for (const unit of typed) await this.#attempt([unit], this.#unsaved.get(unit.file));
      for (const chunk of this.#chunks(saved)) await this.#attempt(chunk);
      await this.#reportFailed();
    } catch (error) {
      if (!(error instanceof ToolFailure)) throw error;
      const range = await declarationRange(this.#tool);
      this.#context.problem({ code: 'TOOL_ERROR', message: error.message, file: DECLARATIONS, range, fatal: true });
    }
    await this.#reportRefusals();
    return standing.map(({ id }) => id);
  }

  /** Whether the engine has what the tool says about the file on the disk, so that an unsaved text changes nothing. */
  async #stands({ id, file }: Unit): Promise<boolean> {
    const last = this.#answered.get(file);
    if (!this.#unsaved.has(file) || !isHad(last, this.#request.since?.[id])) return false;
    return !(await wasSaved(path.join(this.#request.root, file), last.at));
  }

  #chunks(units: readonly Unit[]): readonly (readonly Unit[])[] {
    if (this.#tool.scope === 'file') return units.map((unit) => [unit]);
    const chunks: Unit[][] = [];
    let length = Number.POSITIVE_INFINITY;
    for (const unit of units) {
      length += Buffer.byteLength(unit.file) + 3;
      if (length > LONGEST_COMMAND) {
        chunks.push([]);
        length = 0;
      }
      chunks.at(-1)?.push(unit);
    }
    return chunks;
  }

  /**
   * One run. If it fails, halves, until the files at which it fails are known: each gets an issue that says so.
   * @throws ToolFailure when it fails whatever the file
   */
  async #attempt(units: readonly Unit[], text?: string): Promise<void> {
    this.#context.signal.throwIfAborted();
    for (const unit of units) this.#context.begin(unit, unit.file);
    const at = Date.now();
    let failure: ToolFailure;
    try {
      const files = units.map(({ file }) => file);
      const { findings, refusals } = await runTool(this.#tool, { files, unsaved: this.#unsaved, ...(text === undefined ? {} : { text }) }, this.#context.signal); // prettier-ignore
      this.#succeeded = true;
      for (const refusal of refusals) this.#refusals.add(refusal);
      const asked = new Set(files);
      const others = [...findings.keys()].filter((file) => !asked.has(file));
      if (others.length > 0) this.#refusals.add(`Findings in files that it was not asked about were left out (${others[0] ?? ''}).`); // prettier-ignore
      for (const unit of units) await this.#answer(unit, findings.get(unit.file) ?? [], at);
      return;
    } catch (error) {
      if (!(error instanceof ToolFailure)) throw error;
      failure = error;
      this.#failedRuns += 1;
    }
    const isBroken = !this.#succeeded && this.#failed.size >= FAILURES - 1;
    if (failure.kind === 'limit' || isBroken || this.#failedRuns >= MOST_RUNS) throw failure;
    const [first] = units;
    if (units.length === 1 && first !== undefined) {
      this.#failed.set(first, { failure, at });
      return;
    }
    const middle = Math.ceil(units.length / 2);
    await this.#attempt(units.slice(0, middle));
    await this.#attempt(units.slice(middle));
  }

  /** @throws ToolFailure when it has never succeeded */
  async #reportFailed(): Promise<void> {
    const start = { line: 0, character: 0 };
    for (const [unit, { failure, at }] of this.#failed) {
      if (!this.#succeeded) throw failure;
      const { message } = failure;
      await this.#answer(unit, [{ rule: 'tool-failed', severity: 'error', message, range: { start, end: start } }], at);
    }
  }

  async #answer(unit: Unit, findings: readonly Finding[], at: number): Promise<void> {
    this.issues += findings.length;
    this.#context.report(unit, unit.file, findings);
    await this.#context.done(unit, unit.file);
    this.#answered.set(unit.file, { revision: this.#request.revision, at });
    this.#onDone();
  }

  async #reportRefusals(): Promise<void> {
    if (this.#refusals.size === 0) return;
    const range = await declarationRange(this.#tool);
    for (const refusal of this.#refusals) {
      const message = `${this.#tool.name}: ${refusal}`;
      this.#context.problem({ code: 'INVALID_RESULT', message, file: DECLARATIONS, range, fatal: false });
    }
  }
}
