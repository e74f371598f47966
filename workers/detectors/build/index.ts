/**
 * The `build` detector: what is wrong with scripts and published packages before anything is built. It reads, and
 * executes nothing. Keeps nothing between checks.
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
import { defaultSeverities, type RuleOf } from '../../protocol/manifest.ts';
import { ignoredFiles, severitiesOf } from '../../runtime/rule-options.ts';
import { manifest } from './manifest.ts';
import { publishedFindings } from './published.ts';
import { referenceFindings, tsconfigsOf } from './references.ts';
import { scriptFindings } from './scripts.ts';

export type BuildRule = RuleOf<typeof manifest>;

/** The severity comes from the options. */
export type BuildFinding = Omit<Finding, 'rule' | 'severity'> & { readonly rule: BuildRule };

export const detector: Detector = { name: 'build', version: '1', plan, check };

const defaults = defaultSeverities(manifest);

async function plan({ root, options }: PlanRequest): Promise<PlanResult> {
  const { packages, folders } = await packagesOf(root, options);
  const unit: Unit = { id: 'build', kind: 'graph', group: 'build', file: 'package.json' };
  const mentioned = new Set<string>();
  for (const folder of folders) scriptFindings(packages, folder, (file) => mentioned.add(file));
  const base = { problems: [], configFiles: [...mentioned] };
  if (folders.length > 0) return { status: 'ready', units: [unit], ...base };
  return { status: 'not-applicable', note: 'There is no package.json with a script or a name.', units: [], ...base };
}

async function check(request: CheckRequest, context: CheckContext): Promise<CheckResult> {
  const startedAt = performance.now();
  const { root, options } = request;
  const [unit] = request.units;
  if (unit === undefined) return { durationMs: 0, files: 0, issues: 0 };
  const severities = severitiesOf<BuildRule>(options, defaults);
  const { packages, folders } = await packagesOf(root, options);
  let [files, issues] = [0, 0];
  const report = async (file: string, found: readonly BuildFinding[]): Promise<void> => {
    const findings = found.flatMap((finding): Finding[] => {
      const severity = severities[finding.rule];
      return severity === 'off' ? [] : [{ ...finding, severity }];
    });
    files += 1;
    issues += findings.length;
    context.report(unit, file, findings);
    await context.done(unit, file);
  };
  context.begin(unit, unit.file);
  for (const [index, folder] of folders.entries()) {
    context.signal.throwIfAborted();
    const file = path.posix.join(path.relative(root, folder).split(path.sep).join('/'), 'package.json');
    await report(file, [...scriptFindings(packages, folder), ...(await publishedFindings(packages, folder, severities))]);
    context.progress(index + 1, folders.length, file);
  }
  for await (const file of tsconfigsOf(root, options, context.signal)) {
    const found = await referenceFindings(root, file);
    if (found.length > 0) await report(file, found);
  }
  return { durationMs: performance.now() - startedAt, files, issues };
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
  return !packages.declaresMembers && /(?:^|\/)(?:__tests__|tests?|specs?|e2e|fixtures?|templates?|examples?)(?:\/|$)/.test(file);
}
