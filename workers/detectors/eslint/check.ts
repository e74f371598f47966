/**
 * Lints files, one by one, with a warm ESLint per root. The sessions live as long as the process, or until a
 * configuration changes.
 */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import type { CheckContext } from '../../protocol/detector.ts';
import type { CheckRequest, CheckResult, InterfaceSignature, Unit } from '../../protocol/detector-protocol.ts';
import { prioritized } from '../../runtime/order.ts';
import { LintConsequences } from './consequences.ts';
import { inDirectory } from './installation.ts';
import { isGone } from './listing.ts';
import { clearResolutions, interfaceSignatureOf } from './interface-signature.ts';
import { configProblem, unreadableProblem } from './problems.ts';
import { settingsOf, type LintSettings } from './lint-settings.ts';
import { configsFor, affectsConfiguration, relativeTo } from './roots.ts';
import { catchStrayErrors, takeStrayErrors } from './stray-errors.ts';
import { ConfigurationError, LintSession, forgetPrograms, readSource } from './lint-session.ts';

/** By root and group. */
const sessions = new Map<string, LintSession>();

/** @see Detector.check */
export async function check(request: CheckRequest, context: CheckContext): Promise<CheckResult> {
  const start = performance.now();
  const workspace = realpathSync(request.root);
  const totals = { files: 0, issues: 0 };
  const timings: Record<string, number> = {};
  catchStrayErrors(workspace);
  recordChanges(request.changed, workspace);
  followEdits(request);
  for (const [group, units] of Map.groupBy(prioritized(request.units, request.first), (unit) => unit.group)) {
    typeAgain(units, workspace);
    const settings = settingsOf(group);
    const folder = path.join(workspace, settings.folder);
    const work = { request, context, workspace, folder, group, settings, units, totals, timings };
    await inDirectory(folder, settings.env ?? {}, () => checkGroup(work));
  }
  return {
    durationMs: performance.now() - start,
    ...totals,
    ...(Object.keys(timings).length === 0 ? {} : { timings }),
  };
}

/** Whether the user decides how typescript-eslint runs. */
const isDecided = process.env['TSESTREE_SINGLE_RUN'] !== undefined;

/** Whether files have changed, or may, since the first check of this process. */
let followsEdits = false;

/** The programs of a single run cost less, as in ESLint's own command, but do not follow edits. */
function followEdits({ allowProvisional, changed, overlays }: CheckRequest): void {
  if (isDecided) return;
  const mayChange = allowProvisional === true || overlays.length > 0 || (isUsed && changed?.length !== 0);
  if (mayChange && !followsEdits) {
    followsEdits = true;
    forgetPrograms();
  }
  process.env['TSESTREE_SINGLE_RUN'] = String(!followsEdits);
  isUsed = true;
}

/** Files whose programs were asked once: those of a single run answer a second time without types. */
const typed = new Set<string>();

/** Drops what cannot answer for a file again. */
function typeAgain(units: readonly Unit[], workspace: string): void {
  const files = units.flatMap(({ lane, file }) => (lane === 'heavy' ? [path.join(workspace, file)] : []));
  if (!isDecided && !followsEdits && files.some((file) => typed.has(file))) {
    followsEdits = true;
    process.env['TSESTREE_SINGLE_RUN'] = 'false';
    forgetPrograms();
  }
  for (const file of files) typed.add(file);
}

/** A check has been made: whatever the next one says has changed, changed during the life of this process. */
let isUsed = false;

/** Drops all warm sessions; loaded modules stay. */
export function forgetSessions(): void {
  sessions.clear();
  forgetPrograms();
}

interface GroupCheck {
  readonly request: CheckRequest;
  readonly context: CheckContext;
  readonly workspace: string;
  /** The ESLint root, absolute. */
  readonly folder: string;
  readonly group: string;
  readonly settings: LintSettings;
  readonly units: readonly Unit[];
  readonly totals: { files: number; issues: number };
  readonly timings: Record<string, number>;
}

async function checkGroup(work: GroupCheck): Promise<void> {
  const { request, context, workspace, folder, settings, units, totals, timings } = work;
  const overlays = new Map(request.overlays.map((overlay) => [overlay.file, overlay.text]));
  const textOf = async (file: string): Promise<string> => overlays.get(relativeTo(workspace, file)) ?? readSource(file);
  let session: LintSession;
  try {
    session = await sessionFor(work, request.options['timings'] !== false);
  } catch (error) {
    const { flat, eslintrc } = configsFor(folder);
    const config = settings.config === undefined ? (flat ?? eslintrc) : path.resolve(folder, settings.config);
    context.problem(await configProblem(error, config, workspace));
    return;
  }
  const firstHeavy = units.find((unit) => unit.lane === 'heavy');
  if (firstHeavy) {
    const begin = (file: string): void => {
      const suspect = units.find((unit) => unit.file === relativeTo(workspace, file)) ?? firstHeavy;
      context.begin(suspect, suspect.file);
    };
    const buffers = request.overlays.map((overlay) => path.join(workspace, overlay.file));
    const unsaved = new Map(request.overlays.map(({ file, text }) => [path.join(workspace, file), text]));
    const sources = { buffers, unsaved, textOf, begin, signal: context.signal };
    await session.refreshTypes(path.join(workspace, firstHeavy.file), sources);
  }
  const reported = new Set<string>();
  const consequences = new LintConsequences(workspace);
  for (const [index, unit] of units.entries()) {
    // Lets a cancel message in.
    await new Promise((resolve) => setImmediate(resolve));
    context.signal.throwIfAborted();
    context.begin(unit, unit.file);
    const file = path.join(workspace, unit.file);
    let signature: InterfaceSignature | undefined;
    try {
      const text = await textOf(file);
      const linted = await session.lint(file, text, (fault) =>
        consequences.ofFault(fault, file, session.configOf(file)),
      );
      const { program } = linted;
      const findings = linted.findings.map((finding) => {
        const cause = finding.cause ?? consequences.of(finding, file);
        return cause === undefined ? finding : { ...finding, cause };
      });
      if (unit.needsSignature === true) signature = interfaceSignatureOf(file, text, workspace, program);
      if (findings.length > 0) context.report(unit, unit.file, findings);
      totals.issues += findings.length;
    } catch (error) {
      if (error instanceof ConfigurationError) {
        // A broken configuration fails for each of its files; it is reported once.
        if (reported.has(error.message)) continue;
        reported.add(error.message);
        context.problem(await configProblem(error.cause, session.configOf(file), workspace));
        continue;
      }
      if (!isGone(error)) context.problem(unreadableProblem(file, error, workspace));
    }
    totals.files += 1;
    await context.done(unit, unit.file, signature);
    context.progress(index + 1, units.length, unit.file);
  }
  addInto(timings, session.takeTimings());
  for (const error of takeStrayErrors())
    context.problem(await configProblem(error, session.configOf(path.join(folder, 'any.js')), workspace));
}

/** Tells every session what changed, because a later check of another root will not name these files again. */
function recordChanges(changed: readonly string[] | undefined, workspace: string): void {
  if (changed?.length !== 0) clearResolutions();
  if (changed === undefined || changed.some(affectsConfiguration)) {
    forgetSessions();
    return;
  }
  for (const session of sessions.values()) {
    for (const file of changed) session.recordChange(path.resolve(workspace, file));
  }
}

/** The warm session of a group, or a new one. */
async function sessionFor({ folder, group, settings }: GroupCheck, timed: boolean): Promise<LintSession> {
  const key = `${folder}\n${group}`;
  const warm = sessions.get(key);
  if (warm?.timed === timed) return warm;
  const opened = await LintSession.open({ directory: folder, settings, timed });
  sessions.set(key, opened);
  return opened;
}

function addInto(sum: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(more)) sum[name] = (sum[name] ?? 0) + value;
}
