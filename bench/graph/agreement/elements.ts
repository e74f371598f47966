/**
 * How far `boundary` agrees with the tests of `boundaries/element-types` of eslint-plugin-boundaries.
 *
 *     node bench/graph/agreement/elements.ts <checkout>/packages/eslint-plugin [part of a test file's name, to list its differences]
 *
 * Options and settings of each case become an `.eslintrc.json`, the aliases of its resolver `paths` of a jsconfig.json.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { detector } from '../../../workers/detectors/isolation/index.ts';
import { isRecord } from '../../../workers/graph/manifests.ts';
import { runDetector } from '../../../test/support/run-detector.ts';
import { casesOf, type RuleCase } from './cases.ts';

const [packageArgument = '', only] = process.argv.slice(2);
const folder = realpathSync(packageArgument);
const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { readonly version: string };
process.chdir(folder);
const tests = readdirSync('test/rules', { recursive: true, encoding: 'utf8' })
  .filter((file) => /element-types[\w-]*\.spec\.ts$/.test(file) && file.includes(only ?? ''))
  .sort();
for (const file of tests) {
  const counts = { both: 0, neither: 0, ours: 0, theirs: 0 };
  for (const one of casesOf(path.join(folder, 'test/rules', file))) {
    if (!one.filename.startsWith(path.join(folder, 'test/fixtures'))) continue;
    const messages = await crossings(one);
    const kind = one.valid ? (messages.length > 0 ? 'ours' : 'neither') : messages.length > 0 ? 'both' : 'theirs';
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

async function crossings({ filename, code, settings }: RuleCase): Promise<readonly string[]> {
  const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'bulkhead-agreement-')));
  try {
    const fixtures = path.join(folder, 'test/fixtures');
    const [name = ''] = path.relative(fixtures, filename).split(path.sep);
    cpSync(path.join(fixtures, name), path.join(root, 'test/fixtures', name), { recursive: true });
    const { options = [], settings: shared = {} } = JSON.parse(settings.replaceAll(folder, root)) as {
      readonly options?: readonly unknown[];
      readonly settings?: Readonly<Record<string, unknown>>;
    };
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
    return issues.filter((issue) => issue.rule === 'boundary' && issue.file === file && issue.severity !== 'info').map(({ message }) => message);
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
