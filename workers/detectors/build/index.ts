/**
 * The `build` detector: what is wrong with scripts and published packages before anything is built, and, if an option says
 * so, what the build script says. Remembers which roots have to be built again, as long as the process lives.
 */
import path from 'node:path';
import { ProjectPackages } from '../../commands/packages.ts';
import type { CheckContext, Detector } from '../../protocol/detector.ts';
import type {
  CheckRequest,
  CheckResult,
  DetectorOptions,
  Finding,
  PlanRequest,
  PlanResult,
  Unit,
} from '../../protocol/detector-protocol.ts';
import { anyOf, compilerConfig, packageManifest } from '../../protocol/file-patterns.ts';
import { defaultSeverities } from '../../protocol/manifest.ts';
import { ignoredFiles, severitiesOf, type RuleSeverities } from '../../runtime/rule-options.ts';
import { isAsRead, type LastRead } from '../../runtime/saved-since.ts';
import { manifest } from './manifest.ts';
import { buildFindings } from './run.ts';
import type { BuildFinding, BuildRule } from './finding.ts';
import { publishedFindings } from './published.ts';
import { referenceFindings, tsconfigsOf } from './references.ts';
import { scriptFindings } from './scripts.ts';

export const detector: Detector = { name: 'build', version: '1', plan, check };

const defaults = defaultSeverities(manifest);

async function plan({ root, options }: PlanRequest): Promise<PlanResult> {
  const { folders } = await packagesOf(root, options);
  const unit: Unit = { id: 'build', kind: 'graph', group: 'build', file: 'package.json' };
  const base = { problems: [], configFiles: [] };
  if (folders.length > 0) return { status: 'ready', units: [unit], ...base };
  return { status: 'not-applicable', note: 'There is no package.json with a script or a name.', units: [], ...base };
}

interface LastBuild {
  readonly isStale: boolean;
  /** By file. */
  readonly findings: ReadonlyMap<string, readonly BuildFinding[]>;
}

/** By root. */
const lastBuilds = new Map<string, LastBuild>();
const noBuild: LastBuild = { isStale: true, findings: new Map() };

/** By root: the last check of what needs no build. */
const lastChecks = new Map<string, LastRead>();

const buildFiles = anyOf(packageManifest, compilerConfig);

function decidesBuild(file: string): boolean {
  return buildFiles.test(path.posix.basename(file));
}

/** Progress is reported at this interval, so that a slow build is not taken for a hung worker. */
const HEARTBEAT_MS = 5000;

async function check(request: CheckRequest, context: CheckContext): Promise<CheckResult> {
  const startedAt = performance.now();
  const { root, options, since, changed, revalidate = false } = request;
  const [unit] = request.units;
  const result = (more: Partial<CheckResult> = {}): CheckResult => ({ durationMs: performance.now() - startedAt, files: 0, issues: 0, ...more }); // prettier-ignore
  if (unit === undefined) return result();
  const isKnown = since?.[unit.id] !== undefined;
  // Everything here is read from the disk.
  const isSame = !revalidate && (await isAsRead(request, lastChecks.get(root), since?.[unit.id]));
  if (isSame) return result({ coverage: { [unit.id]: 'unchanged' } });
  lastChecks.set(root, { revision: request.revision, at: Date.now() });
  const isWanted = options['run'] === true;
  const last = isWanted ? (lastBuilds.get(root) ?? noBuild) : noBuild;
  const check = new BuildCheck(request, context, unit, last.findings);
  await check.static();
  if (!isWanted) return result(check.counts);
  // What a build writes must not cause another one.
  const isStale = last.isStale || !isKnown || changed === undefined || changed.some(decidesBuild);
  lastBuilds.set(root, { ...last, isStale });
  // A build takes long, so after an edit it waits until it is quiet.
  if (isKnown && !(isStale && revalidate)) return result({ ...check.counts, coverage: { [unit.id]: isStale ? 'affected' : 'unchanged' } }); // prettier-ignore
  const life = setInterval(() => context.progress(0, 1, 'build'), HEARTBEAT_MS);
  try {
    lastBuilds.set(root, { isStale: false, findings: await check.run() });
  } finally {
    clearInterval(life);
  }
  return result(check.counts);
}

class BuildCheck {
  readonly #request: CheckRequest;
  readonly #context: CheckContext;
  readonly #unit: Unit;
  readonly #severities: RuleSeverities<BuildRule>;
  /** By file, like those of the build. */
  readonly #static = new Map<string, readonly BuildFinding[]>();
  #build: LastBuild['findings'];
  readonly #issues = new Map<string, number>();

  constructor(request: CheckRequest, context: CheckContext, unit: Unit, build: LastBuild['findings']) {
    this.#request = request;
    this.#context = context;
    this.#unit = unit;
    this.#build = build;
    this.#severities = severitiesOf<BuildRule>(request.options, defaults);
  }

  get counts(): Pick<CheckResult, 'files' | 'issues'> {
    return { files: this.#issues.size, issues: [...this.#issues.values()].reduce((sum, count) => sum + count, 0) };
  }

  async static(): Promise<void> {
    const { root, options } = this.#request;
    const { signal } = this.#context;
    this.#context.begin(this.#unit, this.#unit.file);
    const { packages, folders } = await packagesOf(root, options);
    for (const [index, folder] of folders.entries()) {
      signal.throwIfAborted();
      const file = path.posix.join(path.relative(root, folder).split(path.sep).join('/'), 'package.json');
      const published = await publishedFindings(packages, folder, this.#severities);
      this.#static.set(file, [...scriptFindings(packages, folder), ...published]);
      await this.#report(file);
      this.#context.progress(index + 1, folders.length, file);
    }
    // The compiler says it too, wherever it runs.
    const references = options['typescript'] === 'off' ? tsconfigsOf(root, options, signal) : [];
    for await (const file of references) {
      this.#static.set(file, await referenceFindings(root, file));
      await this.#report(file);
    }
    for (const file of this.#build.keys()) if (!this.#static.has(file)) await this.#report(file);
  }

  async run(): Promise<LastBuild['findings']> {
    const { root, options } = this.#request;
    const { timeout, typescript } = options;
    const before = this.#build;
    this.#build = await buildFindings(await ProjectPackages.in(root), {
      timeoutMs: (typeof timeout === 'number' ? timeout : manifest.options.timeout.default) * 1000,
      withoutCompiler: typescript !== 'off',
      signal: this.#context.signal,
      onProgress: (line) => this.#context.progress(0, 1, line),
    });
    for (const file of new Set([...before.keys(), ...this.#build.keys()])) await this.#report(file);
    return this.#build;
  }

  async #report(file: string): Promise<void> {
    const found = [...(this.#static.get(file) ?? []), ...(this.#build.get(file) ?? [])];
    const findings = found.flatMap((finding): Finding[] => {
      const severity = this.#severities[finding.rule];
      return severity === 'off' ? [] : [{ ...finding, severity }];
    });
    this.#issues.set(file, findings.length);
    this.#context.report(this.#unit, file, findings);
    await this.#context.done(this.#unit, file);
  }
}

/** Packages that people work on; test data has package.json files too. */
async function packagesOf(
  root: string,
  options: DetectorOptions,
): Promise<{ readonly packages: ProjectPackages; readonly folders: readonly string[] }> {
  const packages = await ProjectPackages.in(root);
  const isIgnored = ignoredFiles(options, manifest.options.ignore.default);
  const folders = [root, ...packages.members].filter((folder) => {
    const found = packages.manifestIn(folder);
    return found?.isValid === true && !isIgnored(found.file) && !isTestData(packages, folder);
  });
  return { packages, folders };
}

function isTestData(packages: ProjectPackages, folder: string): boolean {
  const file = path.relative(packages.root, folder).split(path.sep).join('/');
  return (
    !packages.declaresMembers &&
    /(?:^|\/)(?:__tests__|tests?|specs?|e2e|fixtures?|templates?|examples?)(?:\/|$)/.test(file)
  );
}
