/** Runs the build script of the workspace once, and reads its log. Only if an option says so. */
import path from 'node:path';
import type { ProjectPackages } from '../../commands/packages.ts';
import { entryAt } from '../../protocol/read-file.ts';
import { findProgram } from '../../runtime/find-program.ts';
import { OUTPUT_LIMIT, plainEnvironment, runProgram, type ProgramResult } from '../../runtime/run-program.ts';
import { Places } from '../../runtime/tool-places.ts';
import type { BuildFinding } from './finding.ts';
import { findingsInLog, type BuildLogFinding } from './log.ts';

export interface BuildOptions {
  readonly timeoutMs: number;
  /** The detector `typescript` reports the errors of the compiler. */
  readonly withoutCompiler: boolean;
  readonly signal: AbortSignal;
  /** Called with the last line that it printed. */
  readonly onProgress: (line: string) => void;
}

const FILE = 'package.json';
/** Enough to see what went wrong. */
const LAST_LINES = 20;

/** @returns the findings by file; empty: it succeeded, or there is nothing to run */
export async function buildFindings(
  packages: ProjectPackages,
  options: BuildOptions,
): Promise<ReadonlyMap<string, readonly BuildFinding[]>> {
  const { root } = packages;
  const scripts = packages.scriptsIn(root);
  const script = ['build', 'typecheck'].find((name) => scripts.has(name));
  if (script === undefined) return new Map();
  const onScript = (rule: BuildFinding['rule'], message: string): readonly BuildFinding[] => [
    { rule, message, range: packages.manifestIn(root)?.config.rangeOf(['scripts', script]) ?? START },
  ];
  const manager = packageManagerOf(packages);
  const program = findProgram(manager, root);
  if (program === undefined)
    return new Map([
      [FILE, onScript('script-failed', `The script '${script}' cannot be run: ${manager} is not installed.`)],
    ]);
  const ended = await runProgram({
    command: program.command,
    args: [...program.args, 'run', script],
    cwd: root,
    env: plainEnvironment({
      NX_DAEMON: 'false',
      NEXT_TELEMETRY_DISABLED: '1',
      TURBO_TELEMETRY_DISABLED: '1',
      ASTRO_TELEMETRY_DISABLED: '1',
    }),
    timeoutMs: options.timeoutMs,
    signal: options.signal,
    onOutput: (text) => options.onProgress(lastLine(text)),
  });
  const log = `${ended.stdout}\n${ended.stderr}`;
  const all = findingsInLog(log, { folder: root, folderOf: (name) => folderOf(packages, name) });
  const reported = options.withoutCompiler ? all.filter((finding) => !isOfCompiler(finding)) : all;
  const byFile = placed(root, reported);
  const why = failureOf(ended, script, options.timeoutMs);
  // Somebody has to say that it failed, unless an error with a place does.
  if (why === undefined || [...byFile.values()].flat().some(({ rule }) => rule === 'build-error')) return byFile;
  const left = all.length - reported.length;
  const compiler =
    left > 0
      ? ` TypeScript found ${left} ${left === 1 ? 'problem' : 'problems'}, which the detector typescript reports.`
      : `\n${lastLines(log)}`;
  byFile.set(FILE, [
    ...(byFile.get(FILE) ?? []),
    ...onScript(ended.stopped === 'time' ? 'script-timeout' : 'script-failed', `${why}${compiler}`),
  ]);
  return byFile;
}

const START = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

function failureOf(
  { exitCode, signal, stopped }: ProgramResult,
  script: string,
  timeoutMs: number,
): string | undefined {
  if (stopped === 'time')
    return `The script '${script}' did not end within ${timeoutMs / 1000} s and was stopped (bulkhead.build.timeout).`;
  if (stopped === 'output')
    return `The script '${script}' printed more than ${OUTPUT_LIMIT / 1024 / 1024} MB and was stopped.`;
  if (signal !== undefined) return `The script '${script}' was ended by ${signal}.`;
  return exitCode === 0 ? undefined : `The script '${script}' failed with exit code ${exitCode ?? '?'}.`;
}

/** What a column counts; UTF-16 code units where nothing is said. */
const columnsOf: Readonly<Partial<Record<BuildLogFinding['tool'], 'characters' | 'bytes'>>> = {
  esbuild: 'bytes',
  vite: 'characters',
};

function placed(root: string, found: readonly BuildLogFinding[]): Map<string, readonly BuildFinding[]> {
  const byFile = new Map<string, BuildFinding[]>();
  for (const [tool, own] of Map.groupBy(found, (one) => one.tool)) {
    const columns = columnsOf[tool] ?? 'utf16';
    const places = new Places({ root, cwd: root, columns, severity: 'error', unsaved: new Map(), fallback: FILE });
    for (const one of own) {
      const { file, finding } = places.findingOf(one) ?? {};
      if (file === undefined || finding === undefined) continue;
      const rule = finding.severity === 'error' ? 'build-error' : 'build-warning';
      const name = one.rule === undefined ? tool : `${tool} ${one.rule}`;
      byFile.set(file, [...(byFile.get(file) ?? []), { rule, message: `${finding.message} (${name})`, range: finding.range }]); // prettier-ignore
    }
  }
  return byFile;
}

function isOfCompiler({ tool, rule = '' }: BuildLogFinding): boolean {
  return tool === 'tsc' || /^TS\d+$/.test(rule);
}

/** By its name, or by its folder. */
function folderOf(packages: ProjectPackages, name: string): string | undefined {
  const folder = path.join(packages.root, name);
  if (packages.manifestIn(folder)) return folder;
  return [packages.root, ...packages.members].find((one) => packages.manifestIn(one)?.data.name === name);
}

const managers = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
] as const;

function packageManagerOf(packages: ProjectPackages): string {
  const { root } = packages;
  const declared = packages.manifestIn(root)?.data['packageManager'];
  const [, name] = typeof declared === 'string' ? (/^(npm|pnpm|yarn|bun)@/.exec(declared) ?? []) : [];
  return name ?? managers.find(([file]) => entryAt(path.join(root, file)) === 'file')?.[1] ?? 'npm';
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)?.trim().slice(0, 100) ?? '';
}

function lastLines(text: string): string {
  return text
    .trim()
    .split(/\r\n|\n/)
    .slice(-LAST_LINES)
    .join('\n');
}
