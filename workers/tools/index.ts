/**
 * Runs the tools that a workspace declares. Each is a detector by the name of its declaration, in a worker of its own:
 * the server hands the declaration over as an option. They are programs that the workspace chooses, so they run only in
 * trusted workspaces.
 */
import path from 'node:path';
import type { CheckContext, Detector, PlanContext } from '../protocol/detector.ts';
import type {
  CheckRequest,
  CheckResult,
  DetectorProblem,
  PlanRequest,
  PlanResult,
  Unit,
} from '../protocol/detector-protocol.ts';
import { walkFiles } from '../protocol/files.ts';
import { stringsOf } from '../runtime/rule-options.ts';
import type { FoundProgram } from '../runtime/find-program.ts';
import { packageOf } from './engine.ts';
import { checkFiles } from './files.ts';
import { checkFolder } from './folder.ts';
import { Programs } from './program.ts';
import { DECLARATIONS, missingProgram, programOf, toolOf, type Tool } from './tool.ts';

/** @param end ends this process, because the program that it stands for has died; for tests */
export function declaredTool(name: string, end?: (code: number, why: string) => Promise<never>): Detector {
  const programs = new Programs(end);
  return {
    name,
    version: '1',
    plan,
    check: (request, context) => check(request, context, programs),
    dispose: () => programs.dispose(),
  };
}

async function plan({ detector, root, options }: PlanRequest, { signal }: PlanContext): Promise<PlanResult> {
  const tool = toolOf(detector, root, options);
  const { configFiles = [], ranBy } = tool.declaration;
  if (ranBy !== undefined) {
    const note = `The detector ${ranBy} runs ${detector} already. To run it as a tool of its own, turn ${ranBy} off.`;
    return { status: 'not-applicable', note, units: [], problems: [], configFiles: [] };
  }
  const program = programOf(tool);
  if (program === undefined) {
    const problem = await missingProgram(tool);
    return { status: 'failed', note: problem.message, units: [], problems: [problem], configFiles: ['package.json'] };
  }
  const names = new Set(configFiles.map((file) => path.posix.basename(file)));
  const found: { readonly files: string[]; readonly configs: string[] } = { files: [], configs: [] };
  const problems: DetectorProblem[] = [];
  const walk = walkFiles(root, {
    accept: (base, file) => {
      if (names.has(base)) found.configs.push(file);
      return tool.isWanted(file);
    },
    exclude: stringsOf(options['exclude']) ?? [],
    signal,
    onUnreadable: ({ path: folder, message }) => {
      const what = `${detector} cannot look at ${folder || '.'}: ${message}. Give this user read permission, or exclude it.`;
      problems.push({ code: 'UNREADABLE', message: what, file: folder || DECLARATIONS, fatal: true });
    },
  });
  for await (const file of walk) found.files.push(file);
  const units = unitsOf(tool, found.files);
  const base = {
    engine: engineOf(tool, program),
    units,
    problems,
    configFiles: found.configs,
    extensions: extensionsOf(found.files),
  };
  if (units.length > 0) return { status: 'ready', ...base };
  return { status: 'not-applicable', note: `There are no files for ${detector} to check.`, ...base };
}

function unitsOf({ name, perFile, declaration }: Tool, files: readonly string[]): readonly Unit[] {
  if (!perFile) return files.length === 0 && declaration.files ? [] : [{ id: name, kind: 'graph', group: name, file: DECLARATIONS }]; // prettier-ignore
  return files.map((file): Unit => ({ id: file, kind: 'file', group: name, file, manyAtOnce: true }));
}

function engineOf({ name, declaration }: Tool, { command, args: [script] }: FoundProgram): string {
  const owner = declaration.command[0] === 'node' ? undefined : packageOf(script ?? command);
  return owner ?? (path.basename(command, '.exe') === name ? name : declaration.command.slice(0, 2).join(' '));
}

/** So that editors report changes of such files. */
function extensionsOf(files: readonly string[]): readonly string[] {
  return [...new Set(files.map((file) => path.posix.extname(file).slice(1)))].filter((one) => /^\w+$/.test(one));
}

/** Progress is reported at this interval, so that a slow tool is not taken for a hung worker. */
const HEARTBEAT_MS = 5000;

async function check(request: CheckRequest, context: CheckContext, programs: Programs): Promise<CheckResult> {
  const tool = toolOf(request.detector, request.root, request.options);
  if (tool.declaration.output === 'bulkhead') return programs.check(tool, request, context);
  let done = 0;
  const life = setInterval(() => context.progress(done, request.units.length, tool.name), HEARTBEAT_MS);
  try {
    if (!tool.perFile) return await checkFolder(tool, request, context);
    return await checkFiles(tool, request, context, () => (done += 1));
  } finally {
    clearInterval(life);
  }
}
