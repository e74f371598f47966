/**
 * The agents that Bulkhead can be installed for, and what goes into which of their files. The formats are those of the
 * agents' documentation. Data only.
 */
import { commandOf, type HookPlace } from './commands.ts';
import { hookEntry, optionalEntry, serverEntry } from './json-entries.ts';
import { markdownBlock, tomlServer } from './text-entries.ts';
import type { Entry } from './entry.ts';

export interface AgentFile {
  /** Relative to the folder. */
  readonly file: string;
  readonly entries: readonly Entry[];
  /** The text of the file if there is none. Default: empty. */
  readonly base?: string;
  /** True: the file is not made. */
  readonly onlyIfThere?: boolean;
}

export interface Agent {
  readonly name: string;
  readonly title: string;
  /** One of them in the folder, or one of `home` in the user's own, says that somebody uses the agent. */
  readonly signs: readonly string[];
  readonly home: readonly string[];
  /** @param isLocal whether the folder has Bulkhead installed */
  readonly files: (isLocal: boolean) => readonly AgentFile[];
}

const server = { command: 'npx', args: ['bulkhead', 'mcp'] } as const;
const seconds = 10;
/** Files that most detectors look at. */
const checked = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '.vue', '.svelte', '.astro'];

/** A group of hooks, as Claude Code and those after it have them. */
function grouped(event: string, matcher: string, place: HookPlace, isLocal: boolean, timeout: number): Entry {
  const command = commandOf(place, isLocal);
  return hookEntry(['hooks', event], { matcher, hooks: [{ type: 'command', command, timeout }] });
}

const instructions = (file: string): AgentFile => ({ file, entries: [markdownBlock], onlyIfThere: true });

export const agents: readonly Agent[] = [
  {
    name: 'claude',
    title: 'Claude Code',
    signs: ['.claude', '.mcp.json', 'CLAUDE.md'],
    home: ['.claude'],
    files: (isLocal) => [
      { file: '.mcp.json', entries: [serverEntry(['mcpServers', 'bulkhead'], server)] },
      {
        file: '.claude/settings.json',
        entries: [grouped('PostToolUse', 'Edit|MultiEdit|Write|NotebookEdit', '$CLAUDE_PROJECT_DIR', isLocal, seconds)],
      },
      instructions('CLAUDE.md'),
      instructions('AGENTS.md'),
    ],
  },
  {
    name: 'cursor',
    title: 'Cursor',
    signs: ['.cursor', '.cursorrules'],
    home: ['.cursor'],
    files: (isLocal) => [
      { file: '.cursor/mcp.json', entries: [serverEntry(['mcpServers', 'bulkhead'], server)] },
      {
        file: '.cursor/hooks.json',
        base: '{\n  "version": 1\n}\n',
        entries: [hookEntry(['hooks', 'postToolUse'], { command: commandOf('', isLocal), matcher: 'Write' })],
      },
      instructions('AGENTS.md'),
    ],
  },
  {
    name: 'vscode',
    title: 'VS Code',
    signs: ['.vscode'],
    home: [],
    files: () => [
      {
        file: '.vscode/mcp.json',
        entries: [serverEntry(['servers', 'bulkhead'], { command: 'npx', args: ['bulkhead', 'mcp', '${workspaceFolder}'] })], // prettier-ignore
      },
      instructions('AGENTS.md'),
    ],
  },
  {
    name: 'codex',
    title: 'Codex',
    signs: ['.codex'],
    home: ['.codex'],
    files: (isLocal) => [
      { file: '.codex/config.toml', entries: [tomlServer] },
      { file: '.codex/hooks.json', entries: [grouped('PostToolUse', 'apply_patch', '', isLocal, seconds)] },
      instructions('AGENTS.md'),
    ],
  },
  {
    name: 'gemini',
    title: 'Gemini CLI',
    signs: ['.gemini', 'GEMINI.md'],
    home: ['.gemini'],
    files: (isLocal) => [
      {
        file: '.gemini/settings.json',
        entries: [
          serverEntry(['mcpServers', 'bulkhead'], server),
          // It counts in milliseconds.
          grouped('AfterTool', 'write_file|replace', '$GEMINI_PROJECT_DIR', isLocal, seconds * 1000),
        ],
      },
      instructions('GEMINI.md'),
    ],
  },
  {
    name: 'opencode',
    title: 'opencode',
    signs: ['opencode.json', '.opencode'],
    home: ['.config/opencode'],
    files: () => [
      {
        file: 'opencode.json',
        entries: [
          serverEntry(['mcp', 'bulkhead'], { type: 'local', command: ['npx', 'bulkhead', 'mcp'] }),
          // It waits for the diagnostics of an edited file, and passes errors on to the model.
          optionalEntry(['lsp', 'bulkhead'], { command: ['npx', 'bulkhead', 'lsp', '--stdio'], extensions: checked }),
        ],
      },
      instructions('AGENTS.md'),
    ],
  },
];
