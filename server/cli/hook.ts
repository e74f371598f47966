/**
 * `bulkhead hook`: what an agent's edit made new or fixed, from the analysis that runs in an editor or for the agent. It
 * analyses nothing itself, and answers in any case: agents wait for it. Loaded by itself, because it has to be quick.
 */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { isWithin } from '../is-within.ts';
import { askAboutEdit, runningAnalysis, upwards, type RunningAnalysis } from '../sharing/inquiry.ts';
import type { EditedReply } from '../sharing/messages.ts';
import { messageOf, outputOf, silentMessage, type HookMessage, type HookOutput } from './hook-answer.ts';
import { hookCall, HookInputError, type HookCall } from './hook-call.ts';

/** From the start of the process until the analysis answers with what it knows. */
const ANSWER_MS = 240;
/** At least so much of it is left to the analysis, however busy the machine is. */
const LEAST_MS = 150;
/** An analysis that hangs, and input that does not end. */
const GIVE_UP_MS = 3_000;
const MOST_INPUT = 4 << 20;
/** Agents take it as a failure of the hook, not of the edit. */
const failureCode = 1;

const noAnalysis = 'nothing analyses this folder. Start the MCP server (bulkhead mcp) or open the folder in an editor, or run: bulkhead check --changed'; // prettier-ignore

/** @param folder where the command runs */
export async function answerHook(input: string, folder: string): Promise<HookOutput> {
  let call: HookCall;
  try {
    call = hookCall(input, folder);
  } catch (error) {
    if (!(error instanceof HookInputError)) throw error;
    return { stdout: '', stderr: `bulkhead hook: ${error.message}\n`, code: failureCode };
  }
  return outputOf(call, await messageFor(call));
}

async function messageFor(call: HookCall): Promise<HookMessage> {
  const [folder, ...files] = await Promise.all([call.folder, ...call.files].map(realPathOf));
  const [first] = files;
  const own = folder ?? call.folder;
  // The agent's own folder, if it has the file; else the nearest that is analysed.
  const preferred = first === undefined || isWithin(own, first) ? upwards(own) : [];
  const above = first === undefined ? [] : upwards(path.dirname(first));
  const analysis = await runningAnalysis([...preferred.slice(0, 1), ...above, ...preferred.slice(1)]);
  if (analysis === undefined) return silentMessage(noAnalysis);
  const inside = files.filter((file) => isWithin(analysis.root, file));
  if (files.length > 0 && inside.length === 0) return { text: '', isProblem: false };
  const reply = await within(GIVE_UP_MS, ask(analysis, call, inside)).catch((error: unknown) => `the analysis did not answer (${error instanceof Error ? error.message : String(error)}).`); // prettier-ignore
  if (reply === 'gone') return silentMessage(noAnalysis);
  if (reply === 'other') return silentMessage('another version of Bulkhead analyses this folder. Run: bulkhead check --changed'); // prettier-ignore
  if (reply === undefined) return silentMessage('the analysis hangs. Ask the tool status, or run: bulkhead status');
  return typeof reply === 'string' ? silentMessage(reply) : messageOf(reply);
}

function ask(
  analysis: RunningAnalysis,
  { session }: HookCall,
  files: readonly string[],
): Promise<EditedReply | 'gone' | 'other'> {
  return askAboutEdit(analysis, {
    files: files.map((file) => path.relative(analysis.root, file).split(path.sep).join('/')),
    session,
    askedAt: Date.now(),
    waitMs: Math.max(LEAST_MS, ANSWER_MS - performance.now()),
  });
}

/** Also of a file that was deleted. */
async function realPathOf(file: string): Promise<string> {
  const folder = await realpath(path.dirname(file)).catch(() => path.dirname(file));
  return realpath(file).catch(() => path.join(folder, path.basename(file)));
}

/** @returns undefined: it took too long */
async function within<Value>(ms: number, work: Promise<Value>): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), ms)));
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function readInput(): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of process.stdin as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MOST_INPUT) throw new HookInputError(`The input is larger than ${MOST_INPUT >> 20} MB.`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** The command. Always ends the process. */
export async function hook(): Promise<never> {
  let output: HookOutput;
  try {
    const input = await within(GIVE_UP_MS, readInput());
    if (input === undefined)
      throw new HookInputError('The input did not end. Agents send one JSON object on standard input.');
    output = await answerHook(input, process.cwd());
  } catch (error) {
    const message = error instanceof HookInputError ? error.message : `The hook failed: ${String(error)}`;
    output = { stdout: '', stderr: `bulkhead hook: ${message}\n`, code: failureCode };
  }
  // Pipes on Windows are written asynchronously.
  await Promise.all([
    new Promise((resolve) => process.stdout.write(output.stdout, resolve)),
    new Promise((resolve) => process.stderr.write(output.stderr, resolve)),
  ]);
  process.exit(output.code);
}
