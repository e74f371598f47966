/**
 * Shows how far `boundary` agrees with eslint-plugin-boundaries, on the tests of its `boundaries/element-types`.
 *
 *     node bench/graph/agreement/elements.ts <checkout>/packages/eslint-plugin [--with <folder>] [part of a test file's name, to list its differences]
 *
 * The options and settings of each case become an `.eslintrc.json`; the aliases of its resolver become `paths` in a
 * jsconfig.json. "Theirs" is what the tests expect. With a folder in which a version of the plugin, `eslint` and
 * `@typescript-eslint/parser` are installed, it is what that version reports (the checkout's own resolver then needs `resolve`).
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { ESLint, Linter } from 'eslint';
import { detector } from '../../../workers/detectors/isolation/index.ts';
import { isRecord } from '../../../workers/graph/manifests.ts';
import { runDetector } from '../../../test/support/run-detector.ts';
import { casesOf, type RuleCase } from './cases.ts';

const { values, positionals } = parseArgs({ options: { with: { type: 'string' } }, allowPositionals: true });
const [packageArgument = '', only] = positionals;
const folder = realpathSync(packageArgument);
const installed = values.with === undefined ? undefined : installedIn(path.resolve(values.with));
const { version } = installed ?? manifestOf(path.join(folder, 'package.json'));
process.chdir(folder);
const tests = readdirSync('test/rules', { recursive: true, encoding: 'utf8' })
  .filter((file) => /element-types[\w-]*\.spec\.ts$/.test(file) && file.includes(only ?? ''))
  .sort();
for (const file of tests) {
  const counts = { both: 0, neither: 0, ours: 0, theirs: 0 };
  for (const one of casesOf(path.join(folder, 'test/rules', file))) {
    if (!one.filename.startsWith(path.join(folder, 'test/fixtures'))) continue;
    const messages = await crossings(one);
    const isTheirs = installed ? installed.speaks(one) : !one.valid;
    const kind = isTheirs ? (messages.length > 0 ? 'both' : 'theirs') : messages.length > 0 ? 'ours' : 'neither';
    counts[kind]++;
    if (only !== undefined && (kind === 'ours' || kind === 'theirs'))
      console.log(
        `only ${kind}: ${path.relative(folder, one.filename)}: ${one.code}\n    ${one.settings}\n    ${messages.join('\n    ')}`,
      );
  }
  const { both, neither, ours, theirs } = counts;
  console.log(
    `| ${file} | ${String(both + neither + ours + theirs)} | ${String(both + neither)} | ${String(ours)} | ${String(theirs)} |`,
  );
}

interface CaseSettings {
  readonly options?: readonly unknown[];
  readonly settings?: Readonly<Record<string, unknown>>;
}

async function crossings({ filename, code, settings }: RuleCase): Promise<readonly string[]> {
  const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'bulkhead-agreement-')));
  try {
    const fixtures = path.join(folder, 'test/fixtures');
    const [name = ''] = path.relative(fixtures, filename).split(path.sep);
    cpSync(path.join(fixtures, name), path.join(root, 'test/fixtures', name), { recursive: true });
    const { options = [], settings: shared = {} } = JSON.parse(settings.replaceAll(folder, root)) as CaseSettings;
    const config = { settings: shared, rules: { 'boundaries/element-types': [2, ...options] } };
    writeFileSync(path.join(root, '.eslintrc.json'), JSON.stringify(config));
    writeFileSync(
      path.join(root, 'package.json'),
      JSON.stringify({ devDependencies: { 'eslint-plugin-boundaries': version } }),
    );
    writeFileSync(
      path.join(root, 'jsconfig.json'),
      JSON.stringify({ compilerOptions: { paths: aliases(shared['import/resolver']) } }),
    );
    const file = path.relative(folder, filename).split(path.sep).join('/');
    const { issues } = await runDetector(detector, root, {}, { overlays: [{ file, text: code, version: 1 }] });
    return issues
      .filter((issue) => issue.rule === 'boundary' && issue.file === file && issue.severity !== 'info')
      .map(({ message }) => message);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function aliases(resolver: unknown): Readonly<Record<string, readonly string[]>> {
  const tables = isRecord(resolver) ? Object.values(resolver).filter(isRecord) : [];
  return Object.fromEntries(
    tables.flatMap((table) =>
      Object.entries(table).flatMap(([name, target]) =>
        typeof target === 'string' ? [[name, [target]] as const, [`${name}/*`, [`${target}/*`]] as const] : [],
      ),
    ),
  );
}

/** What an installed version of the plugin reports for a case. */
function installedIn(directory: string): { readonly version: string; speaks(one: RuleCase): boolean } {
  const require = createRequire(path.join(directory, 'any.js'));
  const eslint = require('eslint') as { readonly Linter: typeof Linter };
  const boundaries = require('eslint-plugin-boundaries') as ESLint.Plugin;
  const parser = require('@typescript-eslint/parser') as Linter.Parser;
  // It prints a deprecation warning for every case.
  console.warn = (): void => {};
  return {
    version: manifestOf(path.join(directory, 'node_modules/eslint-plugin-boundaries/package.json')).version,
    speaks: ({ code, filename, settings }) => {
      const { options = [], settings: shared = {} } = JSON.parse(settings) as CaseSettings;
      const linter = new eslint.Linter({ configType: 'flat', cwd: folder });
      const config: Linter.Config = {
        plugins: { boundaries },
        settings: shared,
        rules: { 'boundaries/element-types': [2, ...options] },
        languageOptions: { parser },
      };
      const messages = linter.verify(code, config, { filename });
      if (messages.some(({ fatal }) => fatal === true)) throw new Error(messages[0]?.message);
      return messages.some(({ ruleId }) => ruleId === 'boundaries/element-types');
    },
  };
}

function manifestOf(file: string): { readonly version: string } {
  return JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string };
}
