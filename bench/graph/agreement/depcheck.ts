/**
 * Shows how far `unused-dependency`, `unused-dev-dependency` and `unlisted-dependency` agree with the fixtures of depcheck.
 *
 *     node bench/graph/agreement/depcheck.ts <checkout of depcheck> [--list]
 *
 * Compares the names that depcheck's tests expect with those that we report.
 */
import { cpSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { detector } from '../../../workers/detectors/package/index.ts';
import { runDetector } from '../../../test/support/run-detector.ts';
import { defaultExportOf } from './cases.ts';

interface Fixture {
  readonly name: string;
  readonly module: string;
  readonly expected: {
    readonly dependencies: readonly string[];
    readonly devDependencies: readonly string[];
    readonly missing: Readonly<Record<string, unknown>>;
  };
}

const [checkoutArgument = '', mode] = process.argv.slice(2);
const checkout = realpathSync(checkoutArgument);
process.chdir(checkout);
const fixtures = defaultExportOf(path.join(checkout, 'test/spec.js')) as readonly Fixture[];
const RULES = ['unused-dependency', 'unused-dev-dependency', 'unlisted-dependency'] as const;
type Names = Readonly<Record<(typeof RULES)[number], ReadonlySet<string>>>;
const counts = new Map(RULES.map((rule) => [rule, { both: 0, ours: 0, theirs: 0 }]));

for (const fixture of fixtures) {
  const { dependencies, devDependencies, missing } = fixture.expected;
  const theirs: Names = {
    'unused-dependency': new Set(dependencies),
    'unused-dev-dependency': new Set(devDependencies),
    'unlisted-dependency': new Set(Object.keys(missing)),
  };
  const ours = await found(path.join(checkout, 'test/fake_modules', fixture.module));
  for (const rule of RULES) {
    const count = counts.get(rule) ?? { both: 0, ours: 0, theirs: 0 };
    for (const name of ours[rule]) count[theirs[rule].has(name) ? 'both' : 'ours']++;
    for (const name of theirs[rule]) if (!ours[rule].has(name)) count.theirs++;
    if (mode !== '--list') continue;
    for (const name of ours[rule])
      if (!theirs[rule].has(name)) console.log(`only ours: ${fixture.module} ${rule} ${name}`);
    for (const name of theirs[rule])
      if (!ours[rule].has(name)) console.log(`only theirs: ${fixture.module} ${rule} ${name} (${fixture.name})`);
  }
}
for (const [rule, { both, ours, theirs }] of counts)
  console.log(`| ${rule} | ${String(both)} | ${String(ours)} | ${String(theirs)} |`);

/** Works on a copy, because their folder has no installed dependencies and our rule must not see what lies above it. */
async function found(fixture: string): Promise<Names> {
  const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'bulkhead-agreement-')));
  try {
    cpSync(fixture, root, { recursive: true, verbatimSymlinks: true });
    const { issues } = await runDetector(detector, root, {
      ignore: [],
      rules: Object.fromEntries(RULES.map((rule) => [rule, 'error'])),
    });
    const namesOf = (rule: string): ReadonlySet<string> =>
      new Set(issues.filter((issue) => issue.rule === rule).map(({ message }) => /'([^']+)'/.exec(message)?.[1] ?? ''));
    return Object.fromEntries(RULES.map((rule) => [rule, namesOf(rule)])) as unknown as Names;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
