/** A declared tool with its defaults, its program and its files. Lives as long as a plan or a check. */
import path from 'node:path';
import { isPerFile, scopeOf, toolIn, type ToolScope } from '../protocol/declared-tools.ts';
import type { ToolDeclaration } from '../protocol/tool-declaration.ts';
import type { DetectorOptions, DetectorProblem, Range } from '../protocol/detector-protocol.ts';
import { readText } from '../protocol/read-file.ts';
import { ConfigFile, START } from '../reading/config-file.ts';
import { globMatcher } from '../reading/globs.ts';
import { findProgram, type FoundProgram } from '../runtime/find-program.ts';

/** Where tools are declared. */
export const DECLARATIONS = 'bulkhead.config.json';

export interface Tool {
  readonly name: string;
  readonly declaration: ToolDeclaration;
  readonly scope: ToolScope;
  /** Whether a unit is one file. */
  readonly perFile: boolean;
  /** Absolute. */
  readonly root: string;
  /** Absolute. */
  readonly cwd: string;
  readonly timeoutMs: number;
  /** Whether it looks at a file (relative to the root). */
  readonly isWanted: (file: string) => boolean;
}

const DEFAULT_TIMEOUT_SECONDS = 300;

/** @throws Error when the options declare no tool */
export function toolOf(name: string, root: string, options: DetectorOptions): Tool {
  const declaration = toolIn(options);
  if (declaration === undefined) throw new Error(`No tool is declared: ${name}`);
  const { files = ['**/*'], cwd = '.', timeout = DEFAULT_TIMEOUT_SECONDS } = declaration;
  const wanted = files.filter((glob) => !glob.startsWith('!'));
  const unwanted = files.filter((glob) => glob.startsWith('!')).map((glob) => glob.slice(1));
  return {
    name,
    declaration,
    scope: scopeOf(declaration),
    perFile: isPerFile(declaration),
    root,
    cwd: path.resolve(root, cwd),
    timeoutMs: timeout * 1000,
    isWanted: globMatcher((wanted.length === 0 ? ['**/*'] : wanted).map(relativeGlob), {
      dot: true,
      ignore: unwanted.map(relativeGlob),
    }),
  };
}

/** `./a/*.js` and `a/*.js` mean the same. */
function relativeGlob(glob: string): string {
  return glob.replace(/^(?:\.\/)+/, '');
}

export function programOf({ declaration, cwd, root }: Tool, [name] = declaration.command): FoundProgram | undefined {
  // A path in the declaration is relative to the workspace, wherever the tool runs.
  return findProgram(name, /[\\/]/.test(name) ? root : cwd);
}

/** The problem that its program is missing, at its declaration. */
export async function missingProgram(tool: Tool): Promise<DetectorProblem> {
  const { command, install } = tool.declaration;
  const [program] = command;
  const where = /[\\/]/.test(program)
    ? `There is no file ${program}`
    : `${program} is neither in node_modules/.bin nor on the PATH`;
  const way = install ?? 'Install it, or correct the command.';
  return {
    code: 'TOOL_MISSING',
    message: `${tool.name} is declared but cannot be found: ${where}. ${way}`,
    file: DECLARATIONS,
    range: await declarationRange(tool),
    fatal: true,
  };
}

/** The name of the declaration. */
export async function declarationRange({ root, name }: Tool): Promise<Range> {
  const text = await readText(path.join(root, DECLARATIONS)).catch(() => undefined);
  if (text === undefined) return START;
  return ConfigFile.json(DECLARATIONS, text, 'jsonc').nameRangeOf(['external', name]);
}
