/**
 * Programs that speak the detector protocol: lines of JSON on standard input and output, in any language. One process for
 * each root, which lives until this process ends, or until it dies itself: then it is not repaired here. This process ends
 * too, so that the pool finds the input that is to blame, waits, and tries again, as with any worker.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { CheckContext } from '../protocol/detector.ts';
import type { CheckRequest, CheckResult, DetectorProblem, Finding, Unit } from '../protocol/detector-protocol.ts';
import { isRecord, jsonOf } from '../reading/config-file.ts';
import { endProcessTree } from '../runtime/end-process-tree.ts';
import { flawOfFinding } from '../protocol/well-formed.ts';
import { entryAt } from '../protocol/read-file.ts';
import { recordOf, recordsOf, textOf, type Json } from './outputs/json.ts';
import { declarationRange, DECLARATIONS, missingProgram, programOf, type Tool } from './tool.ts';

/** Ends this process. Resolves never; for tests it may throw. */
export type End = (code: number, why: string) => Promise<never>;

const HEARTBEAT_MS = 5000;
/** From a cancel until the program is ended. */
const CANCEL_MS = 3000;
/** What was sent before must arrive before this process ends. */
const FLUSH_MS = 200;
/** UTF-16 code units of a line: more than the findings of any file need. */
const LONGEST_LINE = 16 * 1024 * 1024;
const MOST_FINDINGS = 50_000;

const endProcess: End = async (code, why) => {
  process.stderr.write(`${why}\n`);
  await new Promise((resolve) => setTimeout(resolve, FLUSH_MS));
  process.exit(code);
};

export class Programs {
  readonly #end: End;
  readonly #running = new Map<string, RunningProgram>();

  constructor(end: End = endProcess) {
    this.#end = end;
  }

  async check(tool: Tool, request: CheckRequest, context: CheckContext): Promise<CheckResult> {
    const startedAt = performance.now();
    const problem = await this.#attempt(tool, request, context);
    if (problem !== undefined) context.problem(problem);
    return { durationMs: performance.now() - startedAt, files: request.units.length, issues: 0 };
  }

  dispose(): Promise<void> {
    for (const program of this.#running.values()) program.kill();
    this.#running.clear();
    return Promise.resolve();
  }

  async #attempt(
    tool: Tool,
    request: CheckRequest,
    context: CheckContext,
    again = false,
  ): Promise<DetectorProblem | undefined> {
    const key = `${tool.root}\n${JSON.stringify(tool.declaration)}`;
    let running = this.#running.get(key);
    if (running?.hasEnded !== false) {
      const found = programOf(tool);
      if (found === undefined) return missingProgram(tool);
      running = new RunningProgram(tool, found.command, [...found.args, ...tool.declaration.command.slice(1)]);
      this.#running.set(key, running);
    }
    const answer = await running.ask(request, context, tool);
    if (answer === 'done') return undefined;
    this.#running.delete(key);
    running.kill();
    context.signal.throwIfAborted();
    if ('message' in answer) {
      return {
        code: 'TOOL_ERROR',
        message: answer.message,
        file: DECLARATIONS,
        range: await declarationRange(tool),
        fatal: true,
      };
    }
    // Somebody else ended it, so no input is to blame.
    if (answer.signal !== undefined && !again) return this.#attempt(tool, request, context, true);
    return this.#end(answer.code, answer.why);
  }
}

type Answer =
  'done' | { readonly message: string } | { readonly code: number; readonly signal?: string; readonly why: string };

interface Question {
  readonly tx: number;
  readonly take: (message: Json) => void;
  readonly settle: (answer: Answer) => void;
}

class RunningProgram {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #name: string;
  #ended: Extract<Answer, { readonly code: number }> | undefined;
  #question: Question | undefined;
  #last = 0;
  #heardAt = performance.now();

  constructor({ name, cwd, declaration }: Tool, command: string, args: readonly string[]) {
    this.#name = name;
    this.#child = spawn(command, [...args], {
      cwd,
      env: { ...process.env, PYTHONUNBUFFERED: '1', ...declaration.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
    });
    this.#child.stdin.on('error', () => {});
    // The pool shows the last lines of a worker that died.
    this.#child.stderr.pipe(process.stderr, { end: false });
    this.#child.once('error', (error) => this.#end({ code: 1, why: `${name} could not be started: ${error.message}` }));
    this.#child.once('exit', (code, signal) => {
      // Its last lines may still be on their way.
      setImmediate(() =>
        this.#end({
          code: code === null || code === 0 ? 1 : code,
          ...(signal === null ? {} : { signal }),
          why: `${name} ended ${signal === null ? `with exit code ${code ?? '?'}` : `by ${signal}`} while it was checking.`,
        }),
      );
    });
    let length = 0;
    this.#child.stdout.on('data', (chunk: Buffer) => {
      const end = chunk.lastIndexOf(10);
      length = end < 0 ? length + chunk.length : chunk.length - end;
      if (length > LONGEST_LINE) this.#fail(`${name} printed a line of more than ${LONGEST_LINE / 1024 / 1024} MB.`);
    });
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#read(line));
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  async ask(request: CheckRequest, context: CheckContext, tool: Tool): Promise<Answer> {
    context.signal.throwIfAborted();
    const answers = new Answers(tool, request, context);
    const tx = (this.#last += 1);
    this.#heardAt = performance.now();
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#question = { tx, take: (message) => answers.take(message), settle: resolve };
    if (this.#ended) resolve(this.#ended);
    const timers: NodeJS.Timeout[] = [];
    const onAbort = (): void => {
      this.#send({ type: '$cancel', tx });
      timers.push(
        setTimeout(() => resolve({ message: `${this.#name} did not stop when it was asked to.` }), CANCEL_MS),
      );
    };
    context.signal.addEventListener('abort', onAbort, { once: true });
    const life = setInterval(
      () => {
        if (performance.now() - this.#heardAt < tool.timeoutMs) context.progress(0, request.units.length, tool.name);
        else
          this.#fail(
            `${this.#name} said nothing for ${tool.timeoutMs / 1000} s and was ended. Raise its "timeout", or report progress.`,
          );
      },
      Math.min(HEARTBEAT_MS, tool.timeoutMs),
    );
    try {
      this.#send({ tx, type: 'check', payload: { request: requestFor(request) } });
      const answer = await promise;
      await answers.settled();
      context.signal.throwIfAborted();
      return answer;
    } finally {
      clearInterval(life);
      for (const timer of timers) clearTimeout(timer);
      context.signal.removeEventListener('abort', onAbort);
      this.#question = undefined;
    }
  }

  kill(): void {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid !== undefined && exitCode === null && signalCode === null) endProcessTree(pid);
  }

  #fail(why: string): void {
    this.#end({ code: 1, why });
    this.kill();
  }

  #end(ended: Extract<Answer, { readonly code: number }>): void {
    this.#ended ??= ended;
    this.#question?.settle(this.#ended);
  }

  #send(message: Json): void {
    this.#child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  /** Lines that are no answers, such as the handshake and what it prints for people, mean only that it is alive. */
  #read(line: string): void {
    this.#heardAt = performance.now();
    const message = line.startsWith('{') ? jsonOf(line) : undefined;
    const question = this.#question;
    if (!isRecord(message) || question === undefined || message['tx'] !== question.tx) return;
    if (message['type'] === 'checkEvent') question.take(message);
    else if (message['type'] === 'checkResult') question.settle('done');
    else if (message['type'] === 'checkError') {
      const error = textOf(recordOf(message['error'])['message']) ?? 'it did not say why.';
      question.settle({ message: `${this.#name} failed: ${error}` });
    }
  }
}

/** Without what only the server understands. */
function requestFor({ root, revision, units, overlays, first, changed }: CheckRequest): Json {
  return { root, revision, units, overlays, first, ...(changed === undefined ? {} : { changed }) };
}

/** Checks the events of one answer, and passes on what is valid. */
class Answers {
  readonly #tool: Tool;
  readonly #context: CheckContext;
  readonly #units: ReadonlyMap<string, Unit>;
  readonly #refused = new Set<string>();
  #findings = 0;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(tool: Tool, request: CheckRequest, context: CheckContext) {
    this.#tool = tool;
    this.#context = context;
    this.#units = new Map(request.units.map((unit) => [unit.id, unit]));
  }

  take(message: Json): void {
    for (const event of recordsOf(message['events'])) this.#event(event);
  }

  async settled(): Promise<void> {
    await this.#tail;
    const range = await declarationRange(this.#tool);
    for (const reason of this.#refused) {
      const text = `${this.#tool.name}: ${reason}`;
      this.#context.problem({ code: 'INVALID_RESULT', message: text, file: DECLARATIONS, range, fatal: false });
    }
  }

  #event(event: Json): void {
    const context = this.#context;
    if (event['kind'] === 'progress') {
      const [done, total] = [Number(event['done']), Number(event['total'])];
      if (done >= 0 && total > 0) context.progress(done, total, textOf(event['what']));
      return;
    }
    if (event['kind'] === 'problem') return void this.#problem(recordOf(event['problem']));
    const unit = this.#units.get(String(event['unit'] ?? event['file']));
    const file = textOf(event['file']) ?? unit?.file;
    if (unit === undefined || file === undefined) return this.#refuse(`it answered for a unit that it was not asked about (${String(event['unit'])}).`); // prettier-ignore
    if (!this.#isInside(unit, file)) return this.#refuse(`it named a file that is not in the workspace, or not the one that it was asked about (${file}).`); // prettier-ignore
    if (event['kind'] === 'begin') context.begin(unit, file);
    else if (event['kind'] === 'issues') context.report(unit, file, this.#valid(event['issues']));
    else if (event['kind'] === 'done') this.#tail = Promise.all([this.#tail, context.done(unit, file)]);
    else this.#refuse(`it sent an event of the unknown kind ${String(event['kind'])}.`);
  }

  /** Fields that only Bulkhead sets are left out. */
  #valid(value: unknown): readonly Finding[] {
    return recordsOf(value).flatMap((issue) => {
      this.#findings += 1;
      if (this.#findings > MOST_FINDINGS) {
        this.#refuse(`there are more than ${MOST_FINDINGS.toLocaleString('en')} findings.`);
        return [];
      }
      const { rule = 'finding', severity = this.#tool.declaration.severity ?? 'warning', message, range } = issue;
      const related = recordsOf(issue['related']).filter(({ file }) => this.#exists(String(file)));
      const fixes = recordsOf(issue['fixes']).filter((fix) => this.#canBeMade(fix));
      const finding: Json = {
        ...{ rule, severity, message, range },
        ...(typeof issue['url'] === 'string' ? { url: issue['url'] } : {}),
        ...(Array.isArray(issue['tags']) ? { tags: issue['tags'] } : {}),
        ...(related.length > 0 ? { related } : {}),
        ...(fixes.length > 0 ? { fixes } : {}),
      };
      const flaw = flawOfFinding(finding);
      if (flaw === undefined) return [finding as unknown as Finding];
      this.#refuse(`a finding was left out: ${flaw}.`);
      return [];
    });
  }

  #canBeMade({ title, kind, edits }: Json): boolean {
    if (typeof title !== 'string' || (kind !== 'fix' && kind !== 'suggestion')) return false;
    return recordsOf(edits).every(({ file }) => file === undefined || (typeof file === 'string' && this.#exists(file)));
  }

  #problem(problem: Json): void {
    const file = textOf(problem['file']);
    this.#context.problem({
      code: 'TOOL_ERROR',
      message: textOf(problem['message']) ?? `${this.#tool.name} reported a problem without a message.`,
      ...(file !== undefined && this.#exists(file) ? { file } : { file: DECLARATIONS }),
      fatal: problem['fatal'] === true,
    });
  }

  #isInside(unit: Unit, file: string): boolean {
    return unit.kind === 'file' ? file === unit.file : this.#exists(file);
  }

  #exists(file: string): boolean {
    const relative = path.posix.normalize(file);
    if (relative !== file || relative.startsWith('../') || path.isAbsolute(file)) return false;
    return entryAt(path.join(this.#tool.root, file)) === 'file';
  }

  #refuse(reason: string): void {
    if (this.#refused.size < 20) this.#refused.add(reason);
  }
}
