/**
 * `bulkhead doctor`: what a check of this folder with these options would do, without checking a file. Every detector makes
 * its plan, as in a check, so what it says of tools and configurations is what a check would find.
 */
import os from 'node:os';
import type { Issue, PlanResult } from '../../workers/protocol/detector-protocol.ts';
import { detectorNames } from '../../workers/detectors/manifests.ts';
import { toolsToOffer } from '../configuration/offers.ts';
import { configuredValues, editorValues, type PlacedValue } from '../configuration/origins.ts';
import {
  ConfigurationError,
  emptyConfiguration,
  readConfiguration,
  type Configuration,
} from '../configuration/read.ts';
import { detectorSettings } from '../engine/detector-settings.ts';
import { matcherOf, optionsOf, type EngineSettings } from '../engine/engine-settings.ts';
import { diskFree, machineMemory } from '../pool/machine.ts';
import { confinementOf } from '../pool/sandbox.ts';
import { createPool } from '../pool/pool.ts';
import type { Pool } from '../pool/types.ts';
import { baseDir, storeDirFor } from '../store/location.ts';
import { BaselineError, readBaseline } from '../store/baseline.ts';
import { messageOf } from '../store/faults.ts';
import { whyForeign } from '../ownership.ts';
import { version } from '../version.ts';
import type { AnalysisArguments, DoctorArguments } from './arguments.ts';
import { inCI } from './baseline.ts';
import { baselineFileOf, baselineNameOf } from './baseline-file.ts';
import type { DoctorDetector, DoctorReport } from './doctor-report.ts';
import { doctorText } from './doctor-text.ts';
import { gitIn } from './git.ts';
import { expectKnown, folderSettings, rootFolder } from './open.ts';
import type { Output } from './output.ts';

const exitCodes = { fine: 0, brokenConfiguration: 2, answersWouldMiss: 3 } as const;

/** @returns the exit code that says whether a check could answer everything. @throws UsageError */
export async function doctor(argumentsOf: DoctorArguments, out: Output, stop: AbortSignal): Promise<number> {
  const report = await examine(argumentsOf, stop);
  out.write(
    argumentsOf.format === 'json' ? `${JSON.stringify(report, undefined, 2)}\n` : doctorText(report, out.columns),
  );
  return report.exitCode;
}

async function examine(argumentsOf: AnalysisArguments, stop: AbortSignal): Promise<DoctorReport> {
  const root = await rootFolder(argumentsOf.folder);
  const broken: string[] = [];
  const configuration = await readConfiguration(root).catch((error: unknown) => {
    if (!(error instanceof ConfigurationError)) throw error;
    broken.push(error.message);
    return { ...emptyConfiguration, issues: error.issues };
  });
  // The names of tools are known only when the configuration can be read.
  if (broken.length === 0) await expectKnown(root, argumentsOf.detectors ?? []);
  const { file, flaw, entries } = await baselineOf(root, argumentsOf.baselineFile);
  if (flaw !== undefined) broken.push(flaw);
  const confinement = confinementOf(argumentsOf.sandbox);
  const confined = confinement === undefined ? {} : { confined: confinement };
  const settings = { ...detectorSettings(configuration, folderSettings(root, argumentsOf).detectors ?? {}), trusted: argumentsOf.trusted, ...confined }; // prettier-ignore
  const store = await storageOf(root, argumentsOf.cache);
  const [{ detectors, missing, unheld }, memory, git, configured, editor] = await Promise.all([
    plansOf(root, settings, configuration, argumentsOf, stop),
    machineMemory(),
    gitVersion(root),
    configuredValues(root),
    editorValues(root),
  ]);
  const mistakes = broken.length > 0 ? [] : configuration.issues.map(placed);
  // One cause may keep many from their work.
  const failed = detectors.filter(({ state }) => state === 'failed');
  const failures = [...Map.groupBy(failed, ({ reason = 'It cannot run.' }) => reason)].map(
    ([reason, those]) => `${those.map(({ name }) => name).join(', ')}: ${reason}`,
  );
  const { values: cacheValues, flaws } = store;
  return {
    schemaVersion: 1,
    root,
    versions: {
      bulkhead: version,
      node: `${process.versions.node} (${process.execPath})`,
      git,
      system: `${process.platform} ${process.arch}, ${os.release()}`,
    },
    machine: {
      processors: os.availableParallelism(),
      memoryBytes: memory.totalBytes,
      freeBytes: memory.freeBytes,
      memoryFrom: memory.source,
    },
    detectors,
    configuration: [
      ...configured.filter((value) => isInForce(value, argumentsOf, configuration.external)),
      ...fromCommandLine(argumentsOf),
      ...(entries === undefined ? [] : [{ name: 'baseline', value: `${entries} entries`, from: file }]),
      ...cacheValues,
      ...fromEnvironment(),
    ],
    editor,
    troubles: [...broken, ...missing, ...failures, ...unheld, ...mistakes, ...flaws],
    offers: argumentsOf.detectors === undefined ? toolsToOffer(root, Object.keys(configuration.external)) : [],
    exitCode:
      broken.length > 0
        ? exitCodes.brokenConfiguration
        : missing.length + failures.length > 0
          ? exitCodes.answersWouldMiss
          : exitCodes.fine,
  };
}

interface Plans {
  readonly detectors: readonly DoctorDetector[];
  /** Packages that are not installed. */
  readonly missing: readonly string[];
  /** What the sandbox of workers does not keep. */
  readonly unheld: readonly string[];
}

type Settings = Pick<EngineSettings, 'detectors' | 'trusted' | 'confined' | 'exclude'>;

async function plansOf(
  root: string,
  settings: Settings,
  { detectors, external }: Configuration,
  { maxWorkers, detectors: only, sandbox }: AnalysisArguments,
  stop: AbortSignal,
): Promise<Plans> {
  const isExcluded = matcherOf(settings.exclude);
  const unheld: string[] = [];
  const pool = createPool({
    ...(maxWorkers === undefined ? {} : { maxWorkers }),
    sandbox,
    onSandbox: (message) => unheld.push(message),
  });
  try {
    const names = [...new Set([...detectorNames, ...Object.keys(external)])];
    const planOf = async (name: string): Promise<DoctorDetector> => {
      if (!settings.detectors.has(name)) {
        const isConfigured = detectors[name] === false || (name in external && external[name] === undefined);
        const reason = only !== undefined ? 'not named by --detectors' : isConfigured ? 'turned off in bulkhead.config.json' : 'turned off'; // prettier-ignore
        return { name, state: 'off', reason };
      }
      const options = optionsOf(settings, name);
      if (options === undefined)
        return { name, state: 'restricted', reason: 'It runs code of the folder, which --untrusted forbids.' };
      try {
        return detectorOf(name, await pool.plan({ detector: name, root, options }, stop), isExcluded);
      } catch (error) {
        return { name, state: 'failed', reason: messageOf(error) };
      }
    };
    const installed = missingPackages(pool, root, stop).then(
      (missing) => ({ missing, unknown: undefined }),
      (error: unknown) => ({ missing: [], unknown: messageOf(error) }),
    );
    const found = await Promise.all(names.map(planOf));
    const { missing, unknown } = await installed;
    // What keeps this from being known may keep detectors from their work, which says it.
    const isSaid = unknown === undefined || found.some(({ reason }) => reason === unknown);
    return {
      detectors: found,
      missing: isSaid ? missing : [`What is installed is not known: ${unknown}`],
      unheld,
    };
  } finally {
    await pool.dispose();
  }
}

function detectorOf(
  name: string,
  { status, note, engine, units, problems }: PlanResult,
  isExcluded: (file: string) => boolean,
): DoctorDetector {
  const included = units.filter(({ kind, file }) => kind !== 'file' || !isExcluded(file));
  const fatal = problems.filter((problem) => problem.fatal || problem.degrades === true);
  const reasons = fatal.length > 0 ? fatal.map(({ message }) => message) : note === undefined ? [] : [note];
  return {
    name,
    // A part that cannot be planned has no answers, either.
    state: fatal.length > 0 ? 'failed' : status,
    ...(engine === undefined ? {} : { tool: engine }),
    ...(status === 'ready' ? { units: included.length } : {}),
    ...(reasons.length === 0 ? {} : { reason: [...new Set(reasons)].join(' ') }),
  };
}

/** What is declared and not installed: many detectors have no answers without. */
async function missingPackages(pool: Pool, root: string, signal: AbortSignal): Promise<readonly string[]> {
  const { problems } = await pool.plan({ detector: 'installation', root, options: {} }, signal);
  return problems.map(({ file = '', range, message }) => `${file}:${(range?.start.line ?? 0) + 1}: ${message}`);
}

function placed({ file, range, message }: Issue): string {
  return `${file}:${range.start.line + 1}: ${message}`;
}

async function baselineOf(
  root: string,
  given: string | undefined,
): Promise<{ readonly file: string; readonly entries?: number; readonly flaw?: string }> {
  const file = baselineNameOf(root, given);
  try {
    const baseline = await readBaseline(baselineFileOf(root, given));
    if (baseline !== undefined) return { file, entries: baseline.entries.length };
    return given === undefined ? { file } : { file, flaw: `Baseline not found: ${file}. Create it with: bulkhead baseline --baseline ${given}` }; // prettier-ignore
  } catch (error) {
    if (error instanceof BaselineError) return { file, flaw: error.message };
    throw error;
  }
}

async function storageOf(
  root: string,
  isUsed: boolean,
): Promise<{ readonly values: readonly PlacedValue[]; readonly flaws: readonly string[] }> {
  if (!isUsed) return { values: [], flaws: [] };
  const dir = await storeDirFor(root);
  const fromVariable = process.platform === 'linux' && dir.startsWith(process.env['XDG_CACHE_HOME'] || '\0');
  const flaw = await whyForeign(dir);
  const free = await diskFree(baseDir());
  return {
    values: [{ name: 'cache', value: dir, from: fromVariable ? 'XDG_CACHE_HOME' : 'default' }],
    flaws: [
      ...(flaw === undefined ? [] : [`Stored results are not used: ${flaw}. Remove it, or make it yours alone.`]),
      ...(free !== undefined && free < LOW_DISK ? [`The disk of ${dir} is nearly full. Free some space, or use --no-cache.`] : []), // prettier-ignore
    ],
  };
}

/** Bytes. */
const LOW_DISK = 64 << 20;

async function gitVersion(root: string): Promise<string> {
  const git = await gitIn(root).catch(() => undefined);
  const text = await git?.('--version').catch(() => undefined);
  return text?.replace('git version ', '') ?? 'not found; --changed needs it';
}

/** False: an option of the command line overrides it, its detector does not run, or its tool is declared wrongly. */
function isInForce(
  { name, value }: PlacedValue,
  { detectors, tsconfigs }: AnalysisArguments,
  tools: Configuration['external'],
): boolean {
  if (name === 'exclude') return true;
  const [, section, rest = ''] = /^(\w+)\.(.*)$/s.exec(name) ?? [];
  if (section === 'external') return rest in tools && detectors?.includes(rest) !== false;
  if (name === 'detectors.typescript.projects' && tsconfigs.length > 0) return false;
  if (detectors === undefined) return true;
  return typeof value !== 'boolean' || rest.includes('.') ? detectors.includes(rest.split('.')[0] ?? '') : false;
}

function fromCommandLine(argumentsOf: AnalysisArguments): readonly PlacedValue[] {
  const { detectors, maxWorkers, tsconfigs, trusted, cache, sandbox } = argumentsOf;
  return [
    ...(detectors === undefined ? [] : [{ name: 'detectors', value: detectors, from: '--detectors' }]),
    ...(tsconfigs.length === 0
      ? []
      : [{ name: 'detectors.typescript.projects', value: tsconfigs, from: '--tsconfig' }]),
    ...(maxWorkers === undefined ? [] : [{ name: 'maxWorkers', value: maxWorkers, from: '--max-workers' }]),
    ...(sandbox.mode === 'off' ? [] : [{ name: 'sandbox', value: sandbox.mode, from: '--sandbox' }]),
    ...(sandbox.except.length === 0
      ? []
      : [{ name: 'sandboxExcept', value: sandbox.except, from: '--sandbox-except' }]),
    ...(sandbox.read.length === 0 ? [] : [{ name: 'sandboxRead', value: sandbox.read, from: '--sandbox-read' }]),
    ...(Object.keys(sandbox.network).length === 0
      ? []
      : [{ name: 'sandboxNetwork', value: sandbox.network, from: '--sandbox-network' }]),
    ...(sandbox.untrusted ? [{ name: 'sandboxUntrusted', value: true, from: '--sandbox-untrusted' }] : []),
    ...(trusted ? [] : [{ name: 'trusted', value: false, from: '--untrusted' }]),
    ...(cache ? [] : [{ name: 'cache', value: false, from: '--no-cache' }]),
  ];
}

function fromEnvironment(): readonly PlacedValue[] {
  return inCI() ? [{ name: 'frozen', value: true, from: 'CI (environment)' }] : [];
}
