/**
 * Shows how far `boundary` agrees with dependency-cruiser, rule by rule.
 *
 *     node bench/graph/agreement/cruiser.ts <folder with dependency-cruiser and typescript in its node_modules> [<checkout> <files and folders to cruise>...]
 *
 * Without a checkout it uses generated workspaces; with one, a copy of the checkout and its own configuration. For each rule
 * it compares the file, what the file imports, and the severity. It skips the rules that ours reports as not read.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { detector } from '../../../workers/detectors/isolation/index.ts';
import { runDetector } from '../../../test/support/run-detector.ts';

const [tools = '', checkout, ...starts] = process.argv.slice(2);
const program = path.resolve(tools, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string; readonly severity: string };
}

interface Cruised {
  readonly summary: { readonly violations: readonly Violation[] };
  readonly modules: readonly {
    readonly source: string;
    readonly dependencies: readonly {
      readonly module: string;
      readonly resolved: string;
      readonly protocol?: string;
    }[];
  }[];
}

type Findings = ReadonlyMap<string, ReadonlySet<string>>;

const RULES = [
  { name: 'path', severity: 'error', from: { path: '^src/([^/]+)/' }, to: { path: '^src/', pathNot: ['^src/$1/', '^src/shared'] } },
  { name: 'default-severity', from: { path: '^src/web' }, to: { path: '^src/db' } },
  { name: 'ignored', severity: 'ignore', from: {}, to: { path: 'src' } },
  { name: 'core', severity: 'info', from: {}, to: { dependencyTypes: ['core'] } },
  { name: 'core-by-path', from: {}, to: { path: '^fs$' } },
  { name: 'not-to-dev-dep', severity: 'error', from: { path: '^src', pathNot: '[.]spec[.]ts$' }, to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: ['node_modules/@types/'] } },
  { name: 'no-non-package-json', severity: 'error', from: {}, to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] } },
  { name: 'peer', from: {}, to: { dependencyTypes: ['npm-peer'] } },
  { name: 'optional', from: {}, to: { dependencyTypes: ['npm-optional'] } },
  { name: 'twice', from: {}, to: { moreThanOneDependencyType: true, dependencyTypesNot: ['type-only'] } },
  { name: 'unresolvable', from: {}, to: { couldNotResolve: true } },
  { name: 'dynamic', from: {}, to: { dynamic: true } },
  { name: 'local-only', from: { path: '^src/web' }, to: { dependencyTypesNot: ['local', 'core'] } },
  { name: 'type-only', from: {}, to: { dependencyTypes: ['type-only'] } },
  { name: 'import', from: {}, to: { dependencyTypes: ['import'] } },
  { name: 'export', from: {}, to: { dependencyTypes: ['export'] } },
  { name: 'require', from: {}, to: { dependencyTypes: ['require'] } },
  { name: 'equals', from: {}, to: { dependencyTypes: ['import-equals'] } },
  { name: 'aliased', from: {}, to: { dependencyTypes: ['aliased'] } },
  { name: 'subpath', from: {}, to: { dependencyTypes: ['aliased-subpath-import'] } },
  { name: 'paths', from: {}, to: { dependencyTypes: ['aliased-tsconfig-paths'] } },
  { name: 'ancestor', from: {}, to: { ancestor: true } },
  { name: 'no-spec', from: {}, to: { path: '[.](?:spec|test)[.](?:js|ts)$' } },
  { name: 'deprecated', from: {}, to: { dependencyTypes: ['deprecated'] } },
  { name: 'alternatives', from: { path: ['^src/(web)/', '^src/(db)/'] }, to: { path: '^src/$1/' } },
  { name: 'orphans', severity: 'warn', from: { orphan: true, pathNot: ['[.]d[.]ts$', '(^|/)[.][^/]+$'] }, to: {} },
  { name: 'too-few', severity: 'info', module: { path: '^src/shared', numberOfDependentsLessThan: 2 }, from: {} },
  { name: 'too-many', module: { path: '^src/shared', numberOfDependentsMoreThan: 1 }, from: { path: '^src/web' } },
]; // prettier-ignore

const FILES: Readonly<Record<string, string>> = {
  'src/web/page.ts': [
    `import fs from 'node:fs';`, `import path from 'path';`, `import { rows } from '../db/rows';`, `import type { Row } from '../db/rows';`,
    `import { type Row as R } from '../db/types';`, `import { T } from '../db/unused';`, `import dep from 'dep';`, `import dev from 'dev';`, `import type { D } from 'dev/types';`,
    `import both from 'both';`, `import stray from 'stray';`, `import gone from 'gone';`, `import missing from './missing';`, `import { util } from '../shared/util';`, `import top from '../top';`,
    `export * from '../shared/util';`, `export { one } from '../shared/one';`, `import eq = require('../shared/eq');`, `import('../db/lazy');`,
    `import alias from '@shared/util';`, `import sub from '#sub';`, `import peer from 'peer';`, `import optional from 'optional';`, `import old from 'old';`, `import typed from 'typed';`,
    `const t: T = 1; const d: D = 1; const row: Row = 1; const r: R = 1;`,
    `export default [fs, path, rows, dep, dev, both, stray, gone, missing, util, top, eq, alias, sub, peer, optional, old, typed, t, d, row, r];`,
  ].join('\n'),
  'src/web/page.spec.ts': `import page from './page';\nimport dev from 'dev';\npage(dev);\n`,
  'src/web/other.js': `const rows = require('../db/plain');\nconst dev = require('dev/inner');\nmodule.exports = [rows, dev];\n`,
  'src/web/uses-spec.ts': `import './page.spec';\nimport '../shared/util';\n`,
  'src/db/rows.ts': `import '../web/other.js';\nimport './types';\nexport const rows = 1;\nexport type Row = 1;\n`,
  'src/db/types.ts': 'export type Row = 1;\n',
  'src/db/unused.ts': 'export type T = 1;\n',
  'src/db/plain.js': 'module.exports = 1;\n',
  'src/db/lazy.ts': 'export const lazy = 1;\n',
  'src/shared/util.ts': 'export const util = 1;\n',
  'src/shared/one.ts': 'export const one = 1;\n',
  'src/shared/eq.ts': 'const eq = 1;\nexport = eq;\n',
  'src/shared/alone.ts': 'export const alone = 1;\n',
  'src/shared/alone.js': '',
  'src/shared/types.d.ts': 'export type X = 1;\n',
  'src/top.ts': 'export default 1;\n',
  'src/sub.ts': 'export default 1;\n',
  'tools/script.js': '',
  'tsconfig.json': JSON.stringify({ compilerOptions: { module: 'esnext', moduleResolution: 'bundler', target: 'es2022', paths: { '@shared/*': ['./src/shared/*'] } } }),
  'package.json': JSON.stringify({
    name: 'cruised',
    imports: { '#sub': './src/sub.ts' },
    scripts: { check: 'depcruise --config .dependency-cruiser.json src' },
    dependencies: { dep: '1', both: '1', gone: '1', old: '1' },
    devDependencies: { dev: '1', both: '1', '@types/typed': '1' },
    peerDependencies: { peer: '1' },
    optionalDependencies: { optional: '1' },
  }),
}; // prettier-ignore

const PACKAGES: Readonly<Record<string, object>> = {
  dep: {}, dev: {}, both: {}, stray: {}, peer: {}, optional: {}, old: { deprecated: 'long ago' },
}; // prettier-ignore

const OPTIONS: Readonly<Record<string, object>> = {
  plain: {},
  'before compilation': { tsPreCompilationDeps: true, tsConfig: { fileName: 'tsconfig.json' }, doNotFollow: { path: 'node_modules' } },
  'after compilation': { tsConfig: { fileName: 'tsconfig.json' }, exclude: { path: '[.]spec[.]' } },
  'only what is included': { tsPreCompilationDeps: true, tsConfig: { fileName: 'tsconfig.json' }, includeOnly: '^src/(web|shared)' },
}; // prettier-ignore

if (checkout === undefined) {
  for (const [name, options] of Object.entries(OPTIONS))
    await inCopy(undefined, (root) => {
      for (const [file, text] of Object.entries(FILES)) write(root, file, text);
      for (const [packageName, data] of Object.entries(PACKAGES)) {
        write(root, `node_modules/${packageName}/package.json`, JSON.stringify({ name: packageName, version: '1.0.0', main: 'main.js', ...data }));
        for (const file of ['main.js', 'inner.js', 'types.js']) write(root, `node_modules/${packageName}/${file}`, '');
      } // prettier-ignore
      write(
        root,
        'node_modules/@types/typed/package.json',
        JSON.stringify({ name: '@types/typed', types: 'index.d.ts' }),
      );
      write(root, 'node_modules/@types/typed/index.d.ts', 'declare const typed: 1;\nexport default typed;\n');
      write(root, '.dependency-cruiser.json', JSON.stringify({ forbidden: RULES, options }));
      return compare(name, root, ['src']);
    });
  const allowed = [{ from: { path: '^src/web' }, to: { path: '^src/shared' } }, { from: {}, to: { dependencyTypes: ['core', 'npm'] } }]; // prettier-ignore
  await inCopy(undefined, (root) => {
    for (const [file, text] of Object.entries(FILES)) write(root, file, text);
    const options = { tsPreCompilationDeps: true, tsConfig: { fileName: 'tsconfig.json' } };
    write(root, '.dependency-cruiser.json', JSON.stringify({ allowed, allowedSeverity: 'error', options }));
    return compare('allowed', root, ['src']);
  });
} else {
  await inCopy(path.resolve(checkout), (root) => compare(path.basename(checkout), root, starts));
}

function write(root: string, file: string, text: string): void {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), text);
}

async function inCopy(folder: string | undefined, run: (root: string) => Promise<void>): Promise<void> {
  const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'bulkhead-agreement-')));
  try {
    if (folder !== undefined) cpSync(folder, root, { recursive: true, verbatimSymlinks: true, filter: (one) => !/[\\/]\.git$/.test(one) });
    await run(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
} // prettier-ignore

async function compare(name: string, root: string, cruised: readonly string[]): Promise<void> {
  const { findings: ours, unread } = await oursIn(root);
  const theirs = theirsIn(root, cruised);
  console.log(`\n${name}: not read: ${unread}`);
  for (const rule of new Set([...ours.keys(), ...theirs.keys()].sort())) {
    if (unread.includes(`${rule} (`)) continue;
    const [one, other] = [ours, theirs].map((all) => all.get(rule) ?? new Set<string>()) as [Set<string>, Set<string>];
    const [onlyOurs, onlyTheirs] = [[...one].filter((each) => !other.has(each)), [...other].filter((each) => !one.has(each))];
    console.log(`| ${rule} | ${String(one.size - onlyOurs.length)} | ${String(onlyOurs.length)} | ${String(onlyTheirs.length)} |`);
    for (const each of onlyOurs.slice(0, 20)) console.log(`    only ours: ${each}`);
    for (const each of onlyTheirs.slice(0, 20)) console.log(`    only theirs: ${each}`);
  }
} // prettier-ignore

async function oursIn(root: string): Promise<{ readonly findings: Findings; readonly unread: string }> {
  const { issues } = await runDetector(detector, root);
  const findings = new Map<string, Set<string>>();
  let unread = '';
  for (const { rule, message, severity } of issues) {
    if (rule !== 'boundary') continue;
    const import_ = /^(\S+) must not import (\S+) \(([^)]*)\)/.exec(message);
    const module = /^(\S+) (?:is an orphan|has \d+ dependents) \(([^)]*)\)/.exec(message);
    if (import_) add(findings, import_[3], `${severity} ${import_[1] ?? ''} -> ${(import_[2] ?? '').replace(/^node:/, '')}`);
    else if (module) add(findings, module[2], `${severity} ${module[1] ?? ''}`);
    else unread = message;
  }
  return { findings, unread };
} // prettier-ignore

/** Names anything that is not a workspace file by its specifier, as our rule does. */
function theirsIn(root: string, cruised: readonly string[]): Findings {
  const config = readdirSync(root).find((one) => one.startsWith('.dependency-cruiser.')) ?? '';
  const output = execFileSync(process.execPath, [program, '--config', config, '--output-type', 'json', '--no-cache', ...cruised], {
    cwd: root, encoding: 'utf8', maxBuffer: 2 ** 30, stdio: ['ignore', 'pipe', 'inherit'],
  }); // prettier-ignore
  const { summary, modules } = JSON.parse(output) as Cruised;
  const findings = new Map<string, Set<string>>();
  for (const { from, to, rule } of summary.violations) {
    const severity = rule.severity === 'warn' ? 'warning' : rule.severity;
    const asked = modules.find(({ source }) => source === from)?.dependencies.filter(({ resolved }) => resolved === to) ?? [];
    if (from === to && asked.length === 0) add(findings, rule.name, `${severity} ${from}`);
    else
      for (const one of asked)
        add(findings, rule.name, `${severity} ${from} -> ${to.includes('node_modules') ? one.module : to}`);
  } // prettier-ignore
  return findings;
}

function add(findings: Map<string, Set<string>>, rule: string | undefined, finding: string): void {
  findings.set(rule ?? '', (findings.get(rule ?? '') ?? new Set()).add(finding));
}
