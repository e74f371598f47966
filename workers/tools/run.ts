/** Runs a declared tool once and reads what it found. Lives as long as the run. */
import path from 'node:path';
import { OUTPUT_LIMIT, plainEnvironment, runProgram, type ProgramResult } from '../runtime/run-program.ts';
import type { Finding } from '../protocol/detector-protocol.ts';
import { UnreadableOutput, type ParsedOutput } from '../runtime/tool-finding.ts';
import { parseEslint, parseStylelint } from './outputs/linters.ts';
import { parseSarif } from './outputs/sarif.ts';
import { parseGithub, parseText } from './outputs/text.ts';
import { Places } from '../runtime/tool-places.ts';
import { DECLARATIONS, programOf, type Tool } from './tool.ts';

/** What one run looks at. */
export interface RunInput {
  /** Relative to the root; empty for a run on the whole folder. */
  readonly files: readonly string[];
  /** The unsaved text of the only file; it goes to the command `stdin`. */
  readonly text?: string;
  readonly unsaved: ReadonlyMap<string, string>;
}

export interface RunResult {
  /** By file. */
  readonly findings: ReadonlyMap<string, readonly Finding[]>;
  /** What was refused; the rest counts. */
  readonly refusals: readonly string[];
}

/** The tool did not do its work. The message says why, and quotes it. */
export class ToolFailure extends Error {
  /** `killed`: another process ended it, so it is tried again. `limit`: trying again would take as long. */
  readonly kind: 'failed' | 'killed' | 'limit';

  constructor(message: string, kind: ToolFailure['kind'] = 'failed') {
    super(message);
    this.kind = kind;
  }
}

/** Once more if somebody else ended it. @throws ToolFailure; the reason of `signal` when aborted */
export async function runTool(tool: Tool, input: RunInput, signal: AbortSignal): Promise<RunResult> {
  try {
    return await runOnce(tool, input, signal);
  } catch (error) {
    if (!(error instanceof ToolFailure) || error.kind !== 'killed') throw error;
    return runOnce(tool, input, signal);
  }
}

async function runOnce(tool: Tool, input: RunInput, signal: AbortSignal): Promise<RunResult> {
  const { declaration, name, cwd, root } = tool;
  const { command, stdin } = declaration;
  const words = input.text === undefined ? command : (stdin ?? command);
  const program = programOf(tool, words);
  if (program === undefined) throw new ToolFailure(`${name} cannot be found: there is no ${words[0]}.`);
  const paths = input.files.map((file) => argumentOf(path.relative(cwd, path.join(root, file))));
  let ended: ProgramResult;
  try {
    ended = await runProgram({
      command: program.command,
      args: [...program.args, ...argumentsOf(words.slice(1), paths)],
      cwd,
      env: plainEnvironment(declaration.env),
      ...(input.text === undefined ? {} : { input: input.text }),
      timeoutMs: tool.timeoutMs,
      signal,
    });
  } catch (error) {
    signal.throwIfAborted();
    throw new ToolFailure(`${name} could not be started: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = understood(tool, ended);
  const places = new Places({
    root,
    cwd,
    columns: declaration.columns ?? parsed.columns ?? 'utf16',
    severity: declaration.severity ?? 'warning',
    unsaved: input.unsaved,
    fallback: input.files.length === 1 && input.files[0] !== undefined ? input.files[0] : DECLARATIONS,
    ...(input.text === undefined || input.files[0] === undefined ? {} : { only: input.files[0] }),
  });
  const placed = parsed.findings.flatMap((found) => places.findingOf(found) ?? []);
  const findings = new Map<string, Finding[]>();
  for (const { file, finding } of placed) {
    const own = findings.get(file);
    if (own) own.push(finding);
    else findings.set(file, [finding]);
  }
  return { findings, refusals: places.refusals };
}

/** A file whose name begins with a hyphen is not an option. */
function argumentOf(file: string): string {
  return file.startsWith('-') ? `.${path.sep}${file}` : file;
}

function argumentsOf(words: readonly string[], paths: readonly string[]): readonly string[] {
  const [only = ''] = paths;
  return words.flatMap((word) => (word === '{files}' ? paths : [word.replaceAll('{file}', () => only)]));
}

/** @throws ToolFailure when it did not look at everything */
function understood(tool: Tool, ended: ProgramResult): ParsedOutput {
  const { name, declaration, timeoutMs } = tool;
  const { exitCode, signal, stopped, stdout, stderr } = ended;
  if (stopped === 'time')
    throw new ToolFailure(`${name} did not finish within ${timeoutMs / 1000} s and was stopped. Raise its "timeout", or let it look at less.`, 'limit'); // prettier-ignore
  if (stopped === 'output')
    throw new ToolFailure(`${name} printed more than ${OUTPUT_LIMIT / 1024 / 1024} MB and was stopped.`, 'limit');
  if (signal !== undefined) throw new ToolFailure(`${name} was ended by ${signal}.${quoted(stderr)}`, 'killed');
  const output = { stdout, stderr, any: stdout.trim() === '' ? stderr : stdout }[declaration.stream ?? 'any'];
  let parsed: ParsedOutput;
  try {
    // Nothing printed and nothing wrong: JSON tools too are silent if they had nothing to look at.
    parsed = output.trim() === '' && exitCode === 0 ? { findings: [], failures: [] } : parse(declaration, output);
  } catch (error) {
    if (!(error instanceof UnreadableOutput)) throw error;
    throw new ToolFailure(`${name} printed no ${declaration.output ?? 'text'} output (exit code ${exitCode ?? '?'}).${quoted(stderr, stdout)}`); // prettier-ignore
  }
  const [failure] = parsed.failures;
  if (failure !== undefined) throw new ToolFailure(`${name} did not look at everything: ${failure}`);
  // With any other code it may have died half way, whatever it had found by then.
  const isGood = declaration.exitCodes?.includes(exitCode ?? -1) ?? (exitCode === 0 || (exitCode === 1 && parsed.findings.length > 0)); // prettier-ignore
  if (!isGood) throw new ToolFailure(`${name} failed with exit code ${exitCode ?? '?'}.${quoted(stderr, stdout)}`);
  return parsed;
}

function parse({ output = 'text', pattern }: Tool['declaration'], text: string): ParsedOutput {
  switch (output) {
    case 'sarif':
      return parseSarif(text);
    case 'eslint':
      return parseEslint(text);
    case 'stylelint':
      return parseStylelint(text);
    case 'github':
      return parseGithub(text);
    case 'text':
    case 'bulkhead':
      return parseText(text, pattern);
  }
}

/** The end of what it said is enough to see what went wrong. */
const LAST_LINES = 20;
const LAST_CHARACTERS = 2000;

function quoted(...texts: readonly string[]): string {
  const text = texts.find((one) => one.trim() !== '')?.trim() ?? '';
  if (text === '') return ' It said nothing.';
  return ` It said: ${text.split('\n').slice(-LAST_LINES).join('\n').slice(-LAST_CHARACTERS)}`;
}
