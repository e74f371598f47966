/**
 * A TypeScript without a supported API, run through its command line. Slow, and sees saved files only, but correct. One
 * process per check.
 */
import path from 'node:path';
import type { Range } from '../../protocol/detector-protocol.ts';
import { runToEnd } from '../../runtime/run-to-end.ts';
import type { Compiler } from './compiler.ts';
import {
  CompilerExited,
  NOWHERE,
  type Diagnostic,
  type ProjectRequest,
  type ProjectSink,
  type SessionSettings,
  type TypeScriptSession,
} from './session.ts';

/** @param engine whose `executable` takes the arguments of `tsc` */
export function openCommand(engine: Compiler, settings: SessionSettings): TypeScriptSession {
  const { root, log } = settings;
  let warned = false;
  return {
    update: ({ overlays }) => {
      if (overlays.size > 0 && !warned) {
        warned = true;
        log('warn', `TypeScript ${engine.version} runs from the command line, so it sees saved files only.`);
      }
      return Promise.resolve();
    },
    check: async (order, sink, signal) => {
      await report(parseOutput(await run(engine, root, order, signal), root), sink);
      return 'whole';
    },
    trim: () => {},
    close: () => Promise.resolve(),
  };
}

/**
 * Parses the output of `tsc --pretty false`.
 * @param directory absolute path of the folder it ran in, which its paths are relative to
 */
export function parseOutput(output: string, directory: string): readonly Diagnostic[] {
  const found: { -readonly [Key in keyof Diagnostic]: Diagnostic[Key] }[] = [];
  for (const line of output.split(/\r?\n/)) {
    const groups = DIAGNOSTIC.exec(line)?.groups;
    const last = found.at(-1);
    if (groups) {
      const { file, line: row, column, category, code, message = '' } = groups;
      found.push({
        ...(file === undefined ? {} : { file: path.resolve(directory, file) }),
        range: row === undefined || column === undefined ? NOWHERE : pointAt(Number(row) - 1, Number(column) - 1),
        code: Number(code),
        severity: category === 'error' ? 'error' : category === 'warning' ? 'warning' : 'info',
        message,
      });
    } else if (last && line.startsWith('  ')) last.message += `\n${line}`;
  }
  return found;
}

const DIAGNOSTIC =
  /^(?:(?<file>\S.*)\((?<line>\d+),(?<column>\d+)\): )?(?<category>error|warning|message) TS(?<code>\d+): (?<message>.*)$/;

function pointAt(line: number, character: number): Range {
  return { start: { line, character }, end: { line, character } };
}

async function report(found: readonly Diagnostic[], sink: ProjectSink): Promise<void> {
  for (const [file, diagnostics] of Map.groupBy(found, (diagnostic) => diagnostic.file)) {
    if (file === undefined || file.endsWith('.json')) sink.project(diagnostics);
    else await sink.answer(file, diagnostics);
  }
}

async function run(engine: Compiler, root: string, order: ProjectRequest, signal: AbortSignal): Promise<string> {
  const { exitCode, failure, output, errors } = await runToEnd({
    name: `TypeScript ${engine.version}`,
    command: engine.executable,
    args: ['-p', order.configFile, '--noEmit', '--pretty', 'false'],
    cwd: root,
    signal,
  });
  // 1 and 2: there are errors. Anything else is a failure.
  if (exitCode !== undefined && exitCode <= 2) return output;
  throw new CompilerExited(`tsc ${engine.version} failed (${String(failure)}): ${errors.slice(-2000)}`);
}
