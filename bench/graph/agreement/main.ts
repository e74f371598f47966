/**
 * Shows how far the graph's rules agree with the rule tests of other projects' ESLint plugins. It lays each case over a copy
 * of their files as unsaved text, and compares whether our rule reports something about it.
 *
 *     node bench/graph/agreement/main.ts <plugin> <checkout> [rule]
 *
 * `plugin` is `eslint-plugin-import` or `eslint-plugin-n`. `checkout` is a clone of its repository; its dependencies need not
 * be installed. Cases that the tests repeat for several parsers or resolvers count once. With a rule, it lists that rule's
 * differences.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { detector as circular } from '../../../workers/detectors/circular/index.ts';
import { detector as imports } from '../../../workers/detectors/import/index.ts';
import { detector as isolation } from '../../../workers/detectors/isolation/index.ts';
import { detector as packages } from '../../../workers/detectors/package/index.ts';
import type { Detector } from '../../../workers/protocol/detector.ts';
import type { DetectorOptions, Issue } from '../../../workers/protocol/detector-protocol.ts';
import { runDetector } from '../../../test/support/run-detector.ts';
import { casesOf, type RuleCase } from './cases.ts';

interface Counterpart {
  readonly detector: Detector;
  readonly rules: readonly string[];
  readonly options?: DetectorOptions;
  /** Our rules whose findings correspond to those of their rule. */
  readonly accept?: (issue: Issue) => boolean;
}

interface Suite {
  readonly tests: string;
  /** Folder of the files that the cases refer to. */
  readonly files: string;
  readonly rules: Readonly<Record<string, Counterpart>>;
  /** Files to add to theirs, by path. */
  readonly extra?: Readonly<Record<string, string>>;
}

const everything = { dedupeWithTypescript: false, ignore: [] };
const missing: Counterpart = {
  detector: imports,
  rules: ['unresolved', 'unresolved-package', 'case-mismatch', 'exports-blocked'],
};
const unlisted: Counterpart = { detector: packages, rules: ['unlisted-dependency'] };
const isDefault = ({ message }: Issue): boolean => message.includes('no default export');

const SUITES: Readonly<Record<string, Suite>> = {
  'eslint-plugin-import': {
    tests: 'tests/src/rules',
    files: 'tests/files',
    rules: {
      'no-unresolved': missing,
      named: { detector: imports, rules: ['missing-export'] },
      default: { detector: imports, rules: ['missing-export'], accept: isDefault },
      namespace: { detector: imports, rules: ['missing-export'] },
      'no-cycle': {
        detector: circular,
        rules: ['import-cycle', 'dynamic-cycle', 'cycle-uses-at-load'],
      },
      'no-self-import': { detector: circular, rules: ['self-import'] },
      'no-duplicates': { detector: imports, rules: ['duplicate-import'] },
      'no-absolute-path': { detector: imports, rules: ['absolute-path'] },
      'no-extraneous-dependencies': unlisted,
      'no-mutable-exports': { detector: isolation, rules: ['mutable-export'] },
      'no-relative-packages': { detector: isolation, rules: ['cross-package-relative-import'] },
    },
  },
  'eslint-plugin-n': {
    tests: 'tests/lib/rules',
    files: 'tests/fixtures',
    // Our rule reports this only where Node itself does not complete paths.
    extra: { 'file-extension-in-import/package.json': '{ "type": "module" }' },
    rules: {
      'no-missing-import': missing,
      'no-missing-require': missing,
      'no-extraneous-import': unlisted,
      'no-extraneous-require': unlisted,
      'file-extension-in-import': { detector: imports, rules: ['missing-extension-esm'] },
      'no-deprecated-api': { detector: imports, rules: ['deprecated-builtin'] },
      'no-unpublished-import': { detector: packages, rules: ['misplaced-dependency'] },
      'no-unpublished-require': { detector: packages, rules: ['misplaced-dependency'] },
    },
  },
};

const [name = '', checkoutArgument = '', only] = process.argv.slice(2);
const suite = SUITES[name];
if (!suite || checkoutArgument === '')
  throw new Error(`Usage: main.ts <${Object.keys(SUITES).join('|')}> <checkout> [rule]`);
const checkout = realpathSync(checkoutArgument);
const copyOfCheckout = realpathSync(mkdtempSync(path.join(tmpdir(), 'bulkhead-agreement-')));
const copy = path.join(copyOfCheckout, suite.files);
process.chdir(checkout);
try {
  cpSync(checkout, copyOfCheckout, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (file) => !/[\\/]\.git([\\/]|$)/.test(file),
  });
  pretendInstalled(copyOfCheckout);
  for (const [file, text] of Object.entries(suite.extra ?? {})) writeFileSync(path.join(copy, file), text);
  for (const [rule, counterpart] of Object.entries(suite.rules)) {
    if (only === undefined || only === rule) await compare(suite, rule, counterpart);
  }
} finally {
  rmSync(copyOfCheckout, { recursive: true, force: true });
}

/** Their tests run with their own dependencies installed; here the names are enough. */
function pretendInstalled(folder: string): void {
  const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
    readonly [section in 'dependencies' | 'devDependencies']?: Readonly<Record<string, string>>;
  } & { readonly name: string };
  for (const name of [...Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }), manifest.name]) {
    const directory = path.join(folder, 'node_modules', name);
    if (existsSync(directory)) continue;
    mkdirSync(directory, { recursive: true });
    writeFileSync(path.join(directory, 'package.json'), JSON.stringify({ name, version: '1.0.0' }));
    writeFileSync(path.join(directory, 'index.js'), '');
  }
}

async function compare({ tests, files }: Suite, rule: string, counterpart: Counterpart): Promise<void> {
  const cases = new Map<string, RuleCase>();
  for (const one of casesOf(path.join(checkout, tests, `${rule}.js`))) {
    const key = `${one.filename}\n${one.code}\n${one.settings.replace(/"import\/(resolver|cache)":[^,}]*,?/g, '')}`;
    if (!cases.has(key)) cases.set(key, one);
  }
  let outside = 0;
  const counts = { both: 0, neither: 0, ours: 0, theirs: 0 };
  for (const one of cases.values()) {
    const inside = path.relative(path.join(checkout, files), one.filename || path.join(checkout, files, 'input.js'));
    if (inside.startsWith('..') || path.isAbsolute(inside)) {
      outside++;
      continue;
    }
    const file = fileOf(one, inside.split(path.sep).join('/'));
    const issues = (await issuesOf(counterpart, file, one.code)).filter((issue) => counterpart.accept?.(issue) ?? true);
    const kind = one.valid ? (issues.length > 0 ? 'ours' : 'neither') : issues.length > 0 ? 'both' : 'theirs';
    counts[kind]++;
    if (only === undefined || kind === 'both' || kind === 'neither') continue;
    console.log(`only ${kind}: ${file} ${one.settings}\n    ${one.code.replaceAll('\n', '\n    ')}`);
    for (const { rule: found, message } of issues) console.log(`    = ${found}: ${message}`);
  }
  const { both, neither, ours, theirs } = counts;
  const total = both + neither + ours + theirs;
  console.log(
    `| ${rule} | ${counterpart.rules.join(', ')} | ${String(total)} | ${String(both + neither)} | ${String(ours)} | ${String(theirs)} |` +
      (outside === 0 ? '' : ` (${String(outside)} about files elsewhere)`),
  );
}

/** Their parsers accept types in `.js` files; ours decides by the file name. */
function fileOf({ isTypeScript }: RuleCase, file: string): string {
  return isTypeScript ? file.replace(/\.jsx?$/, (end) => (end === '.js' ? '.ts' : '.tsx')) : file;
}

async function issuesOf(
  { detector, rules, options }: Counterpart,
  file: string,
  text: string,
): Promise<readonly Issue[]> {
  const severities = Object.fromEntries(rules.map((rule) => [rule, 'error']));
  const { issues } = await runDetector(
    detector,
    copy,
    { ...everything, ...options, rules: severities },
    { overlays: [{ file, text, version: 1 }], changed: [file] },
  );
  const isAbout = (issue: Issue): boolean =>
    issue.file === file || (issue.related?.some((place) => place.file === file) ?? false);
  return issues.filter((issue) => rules.includes(issue.rule) && isAbout(issue));
}
