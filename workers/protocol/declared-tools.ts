/**
 * Tools that a workspace declares under `external` in `bulkhead.config.json`: each is a detector, by the name of its
 * declaration. Data, for the server and for the worker that runs them.
 */
import { allowedHostOf } from '../ipc/sandbox/allow-list.ts';
import type { DetectorOptions } from './detector-protocol.ts';
import type { ValueSchema } from './manifest.ts';
import { toolOutputs, type ToolDeclaration } from './tool-declaration.ts';
import { presets, type ToolPreset } from './tool-presets.ts';

/** What a tool looks at in one run. */
export type ToolScope = 'file' | 'files' | 'folder';

export function scopeOf({ command }: Pick<ToolDeclaration, 'command'>): ToolScope {
  if (command.includes('{files}')) return 'files';
  return command.some((word) => word.includes('{file}')) ? 'file' : 'folder';
}

/** Whether a check looks at each file on its own. A program that speaks the protocol does so if it names its files. */
export function isPerFile(tool: ToolDeclaration): boolean {
  return tool.output === 'bulkhead' ? tool.files !== undefined : scopeOf(tool) !== 'folder';
}

/** A tool that looks at the whole folder reads files whose content the result cache does not compare. */
export const isCachedTool = isPerFile;

/** The option by which the server hands a declaration to the worker. */
const option = 'tool';

export function optionsOfTool(tool: ToolDeclaration): DetectorOptions {
  return { [option]: tool };
}

/** Undefined: these are the options of one of Bulkhead's own detectors. The server has validated the declaration. */
export function toolIn(options: DetectorOptions): ToolDeclaration | undefined {
  return options[option] as ToolDeclaration | undefined;
}

/** As the configuration file says it. */
export type RawDeclaration = boolean | Partial<ToolDeclaration>;

/**
 * A declaration with what its preset adds.
 * @returns a sentence that says what is wrong with it; undefined: `false` turns it off
 */
export function declarationOf(name: string, raw: RawDeclaration): ToolDeclaration | string | undefined {
  if (raw === false) return undefined;
  const preset: ToolPreset | undefined = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (!/^[a-z\d][\w.-]*$/i.test(name)) return `A name consists of letters, digits, ".", "_" and "-".`;
  if (raw === true) {
    if (preset !== undefined) return preset.tool;
    return `There is no preset ${JSON.stringify(name)}. The presets are ${Object.keys(presets).join(', ')}. For another tool, write {"command": ["${name}", "{files}"]}.`;
  }
  const tool = { ...preset?.tool, ...raw };
  const { command } = tool;
  if (command === undefined) return 'Missing option: "command", a list of the program and its arguments.';
  if (tool.output !== 'bulkhead' && command.some((word) => word !== '{files}' && word.includes('{files}')))
    return 'An argument is {files} or contains {file}: "--path={files}" is neither.';
  if (tool.pattern !== undefined) {
    const flaw = flawOfPattern(tool.pattern);
    if (flaw !== undefined) return flaw;
  }
  for (const host of tool.network ?? []) {
    const parsed = allowedHostOf(host);
    if (typeof parsed === 'string') return `"network": ${parsed}`;
  }
  return { ...tool, command };
}

function flawOfPattern(pattern: string): string | undefined {
  try {
    new RegExp(pattern, 'u');
  } catch (error) {
    return `"pattern" is no regular expression: ${error instanceof Error ? error.message : String(error)}.`;
  }
  const missing = ['line', 'message'].filter((group) => !pattern.includes(`(?<${group}>`));
  if (missing.length === 0) return undefined;
  return `"pattern" has no group ${missing.map((group) => `(?<${group}>…)`).join(' and no group ')}. Its groups are file, line, column, endLine, endColumn, severity, rule and message.`;
}

const command = { type: 'array', items: { type: 'string', minLength: 1 } } as const satisfies ValueSchema;

/** The schema of a declaration. */
export const toolSchema = {
  type: ['boolean', 'object'],
  additionalProperties: false,
  properties: {
    command: {
      ...command,
      description:
        'The program and its arguments. The argument `{files}` becomes many files; `{file}` anywhere becomes one; with neither, the tool looks at the whole folder.',
    },
    stdin: {
      ...command,
      description: 'The command that reads an unsaved text from standard input; `{file}` becomes the path of the file.',
    },
    files: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      description: 'Globs of the files that it looks at, relative to the workspace. `!` excludes.',
    },
    output: {
      type: 'string',
      enum: toolOutputs,
      description:
        'How it says what it found. `bulkhead`: it speaks the detector protocol and stays alive between checks.',
    },
    stream: { type: 'string', enum: ['stdout', 'stderr'], description: 'Where it prints what it found.' },
    pattern: {
      type: 'string',
      minLength: 1,
      description:
        'For the output `text`: a regular expression for one line, with the groups `file`, `line`, `column`, `endLine`, `endColumn`, `severity`, `rule` and `message`.',
    },
    severity: {
      type: 'string',
      enum: ['error', 'warning', 'info', 'hint'],
      description: 'The severity of what it finds without one.',
    },
    columns: {
      type: 'string',
      enum: ['utf16', 'characters', 'bytes'],
      description: 'What its columns count.',
    },
    exitCodes: {
      type: 'array',
      items: { type: 'integer' },
      description: 'Exit codes that mean that it looked at everything. By default 0, and 1 if it found something.',
    },
    configFiles: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      description: 'Files that configure it: a change checks everything again.',
    },
    cwd: { type: 'string', minLength: 1, description: 'The folder in which it runs, relative to the workspace.' },
    env: {
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'Added to the environment.',
    },
    network: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      description:
        'Hosts that it needs, each with a port (`registry.example.org:443`). In a sandbox it reaches them only if the user allows it with the setting `bulkhead.sandboxNetwork`.',
    },
    timeout: { type: 'number', minimum: 1, description: 'Seconds after which a run is ended.' },
    install: { type: 'string', minLength: 1, description: 'How to get the tool, for when it is missing.' },
  },
} as const satisfies ValueSchema;
