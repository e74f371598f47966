/**
 * What agents send to a command that runs after each edit. They differ in names and in where they put the file; a program that
 * sends `{ "file_path": ... }` is understood, too. Pure.
 */
import path from 'node:path';
import { isRecord } from '../configuration/is-record.ts';

/** The input is not what agents send. The message says what is. */
export class HookInputError extends Error {
  override readonly name = 'HookInputError';
}

/**
 * How an answer reaches the model. `stderr`: by exit code 2, and context as JSON otherwise (Claude Code, Codex, VS Code).
 * `context`: as JSON of this event's name (Gemini CLI). `cursor`: as JSON of Cursor's. `plain`: as text.
 */
export type HookStyle = 'stderr' | 'context' | 'cursor' | 'plain';

export interface HookCall {
  readonly style: HookStyle;
  /** The agent's name of the event. */
  readonly event: string;
  /** Absolute; empty: the agent did not say which. */
  readonly files: readonly string[];
  /** Absolute; where the agent works. */
  readonly folder: string;
  /** Of the agent. */
  readonly session: string;
}

const styles: Readonly<Record<string, HookStyle>> = {
  PostToolUse: 'stderr',
  AfterTool: 'context',
  afterFileEdit: 'cursor',
  postToolUse: 'cursor',
  post_write_code: 'plain',
};
const MOST_FILES = 50;
const LONGEST_PATH = 4096;

/** @param folder where the command runs @throws HookInputError that says what is wrong with the input */
export function hookCall(text: string, folder: string): HookCall {
  const input = parsed(text);
  const event = wordOf(input, ['hook_event_name', 'hookEventName', 'agent_action_name']) ?? '';
  const style = event === '' ? 'plain' : Object.hasOwn(styles, event) ? styles[event] : undefined;
  if (style === undefined)
    throw new HookInputError(`bulkhead hook answers after an edit (${Object.keys(styles).join(', ')}), not at ${JSON.stringify(event.slice(0, 60))}.`); // prettier-ignore
  const [root] = textsOf(input['workspace_roots']);
  const at = path.resolve(folder, wordOf(input, ['cwd']) ?? root ?? '.');
  const files = filesOf(input).filter((file) => file.length <= LONGEST_PATH && !file.includes('\0'));
  if (style === 'plain' && files.length === 0)
    throw new HookInputError('The input names no file. Send an event of an agent, or {"file_path": "src/a.ts"}.');
  return {
    style,
    event,
    files: [...new Set(files.map((file) => path.resolve(at, file)))].slice(0, MOST_FILES),
    folder: at,
    session: (wordOf(input, ['session_id', 'sessionId', 'conversation_id', 'trajectory_id']) ?? '').slice(0, 200),
  };
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  if (text.trim() === '')
    throw new HookInputError('bulkhead hook expects the JSON of an edit on standard input, as agents send it (docs/agents.md).'); // prettier-ignore
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new HookInputError(`The input is not JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error }); // prettier-ignore
  }
  if (!isRecord(value)) throw new HookInputError('The input is JSON, but no object.');
  return value;
}

/** Where agents put what their tool was given, or returned. */
const places = ['tool_input', 'toolInput', 'tool_info', 'toolArgs', 'tool_response'];
const names = ['file_path', 'filePath', 'notebook_path', 'path', 'file', 'absolute_path'];
const lists = ['files', 'file_paths', 'edits', 'replacements'];

function filesOf(input: Readonly<Record<string, unknown>>): readonly string[] {
  const parts = [input, ...places.map((name) => recordOf(input[name]))];
  return parts.flatMap((part) => [
    ...names.flatMap((name) => textsOf([part[name]])),
    ...lists.flatMap((name) => entriesOf(part[name])),
    ...['command', 'input', 'patch', 'content'].flatMap((name) => filesOfPatch(part[name])),
  ]);
}

/** Some send it as text. */
function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'string') return isRecord(value) ? value : {};
  try {
    const inner: unknown = JSON.parse(value);
    return isRecord(inner) ? inner : { input: value };
  } catch {
    return { input: value };
  }
}

/** Paths, or objects that have one. */
function entriesOf(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry) =>
    isRecord(entry) ? names.flatMap((name) => textsOf([entry[name]])) : textsOf([entry]),
  );
}

/** The patch of Codex: a line for each file. */
function filesOfPatch(value: unknown): readonly string[] {
  return textsOf(Array.isArray(value) ? value : [value]).flatMap((text) =>
    text.includes('*** Begin Patch')
      ? [...text.matchAll(/^\*\*\* (?:(?:Add|Update|Delete) File|Move to): (.+)$/gm)].map(([, file = '']) =>
          file.trim(),
        )
      : [],
  );
}

function wordOf(input: Readonly<Record<string, unknown>>, keys: readonly string[]): string | undefined {
  return keys.map((key) => input[key]).find((value) => typeof value === 'string' && value !== '') as string | undefined;
}

function textsOf(value: unknown): readonly string[] {
  const entries: readonly unknown[] = Array.isArray(value) ? value : [];
  return entries.filter((entry) => typeof entry === 'string' && entry !== '') as readonly string[];
}
