/**
 * Compares the typescript detector with `tsc -p <project> --noEmit` of the same version, project by project:
 *
 *     node bench/typescript/parity.ts <folder> [--engine auto|workspace|native] [--project <tsconfig>]…
 *
 * Prints one line per project and every difference. The exit code is 1 if a difference is unexplained. Two kinds are explained:
 * `tsc` stopped early (syntax errors, wrong options) and we reported more; and references that are not built (TS6305), where we
 * read their sources as editors do and leave their issues to their own project.
 */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runDetector } from '../../test/support/run-detector.ts';
import { compilerFor, type CompilerMode } from '../../workers/detectors/typescript/compiler.ts';
import { detector } from '../../workers/detectors/typescript/index.ts';
import { differenceOf, lineOf, runTsc, sortedSet } from '../../test/support/typescript-oracle.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { engine: { type: 'string', default: 'auto' }, project: { type: 'string', multiple: true, default: [] } },
});
const root = path.resolve(positionals[0] ?? '.');
const { engine: mode, project: projects } = values;

const memory = watchMemory();
const { plan, result, problems, events } = await runDetector(detector, root, { engine: mode, projects });
memory.stop();
console.log(`${root}: ${plan.status}, ${plan.engine ?? 'no engine'}, ${String(plan.units.length)} projects`);
for (const problem of problems) console.log(`  problem ${problem.code} ${problem.file ?? ''}: ${problem.message}`);

const byUnit = new Map(
  plan.units.map((unit) => [unit.id, { files: new Set<string>(), issues: new Map<string, string[]>() }]),
);
for (const event of events) {
  if (event.kind !== 'begin' && event.kind !== 'issues' && event.kind !== 'done') continue;
  const unit = byUnit.get(event.unit);
  if (event.kind === 'begin') unit?.issues.set(event.file, []);
  if (event.kind === 'issues') unit?.issues.get(event.file)?.push(...event.issues.map(lineOf));
  if (event.kind === 'done') unit?.files.add(event.file);
}

let unexplained = 0;
let tscMs = 0;
let total = 0;
for (const [unit, { files, issues }] of byUnit) {
  const ours = sortedSet([...issues.values()].flat());
  const engine = await compilerFor(path.dirname(path.join(root, unit)), mode as CompilerMode);
  const tsc = await runTsc(engine, root, unit, ['-p', unit, '--noEmit']);
  tscMs += tsc.durationMs;
  total += ours.length;
  const unbuilt = tsc.lines.some((line) => line.includes(' TS6305: '));
  const theirs = unbuilt
    ? tsc.lines.filter((line) => !line.includes(' TS6305: ') && files.has(fileOf(line)))
    : tsc.lines;
  const { missing, extra } = differenceOf(ours, theirs);
  const stopped = missing.length === 0 && extra.length > 0 && (unbuilt || theirs.some(stopsTsc));
  const equal = missing.length === 0 && extra.length === 0;
  const verdict = equal
    ? 'equal'
    : stopped
      ? `equal as far as tsc went, and ${String(extra.length)} more`
      : 'DIFFERENT';
  const note = unbuilt ? ' (references not built)' : '';
  const seconds = `${inSeconds(result?.timings?.[unit])} s, tsc ${inSeconds(tsc.durationMs)} s`;
  console.log(`  ${unit}: ${verdict}${note}; ${String(ours.length)} issues, ${String(files.size)} files; ${seconds}`);
  if (equal || stopped) continue;
  unexplained += 1;
  for (const line of missing.slice(0, 20)) console.log(`    only tsc: ${line}`);
  for (const line of extra.slice(0, 20)) console.log(`    only we:  ${line}`);
}
console.log(
  `${String(total)} issues; detector ${inSeconds(result?.durationMs)} s, tsc ${inSeconds(tscMs)} s; ` +
    `peak memory ${String(memory.ownMb())} MB own, ${String(memory.childrenMb())} MB children; ${String(unexplained)} different`,
);
await detector.dispose?.();
process.exitCode = unexplained > 0 ? 1 : 0;

function inSeconds(milliseconds: number | undefined): string {
  return milliseconds === undefined ? '-' : (milliseconds / 1000).toFixed(1);
}

function fileOf(line: string): string {
  return line.slice(0, line.indexOf('('));
}

/** After a syntax error, or one of the configuration, `tsc` does not check types. */
function stopsTsc(line: string): boolean {
  return (
    / TS1\d{3}: | TS17\d{3}: | TS5\d{3}: | TS6\d{3}: | TS18003: | TS2318: /.test(line) ||
    /\.json\(\d+,\d+\): /.test(line)
  );
}

/** Peaks of this process and of its children; children are known on Linux only. */
function watchMemory(): { stop(): void; ownMb(): number; childrenMb(): number } {
  let children = 0;
  const timer = setInterval(() => {
    try {
      const all = readdirSync('/proc/self/task').flatMap((task) =>
        readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
      );
      const sizes = all.map((pid) =>
        Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0),
      );
      children = Math.max(
        children,
        sizes.reduce((sum, size) => sum + size, 0),
      );
    } catch {
      // Not Linux, or the child has just ended.
    }
  }, 100);
  return {
    stop: () => clearInterval(timer),
    ownMb: () => Math.round(process.resourceUsage().maxRSS / 1024),
    childrenMb: () => Math.round(children / 1024),
  };
}
