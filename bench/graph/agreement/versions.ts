/**
 * Compares `version-mismatch` and `duplicate-dependency` with what manypkg and syncpack 13 report about the same workspaces.
 *
 *     node bench/graph/agreement/versions.ts <folder with both installed> <checkout>... [--list]
 *
 * Compares the names of dependencies only. Which package is wrong depends on the tool: we and manypkg prefer the most common
 * range, syncpack the highest. Checkouts are copied without their folders of examples, which our rule excludes.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { detector } from '../../../workers/detectors/package/index.ts';
import { runDetector } from '../../../test/support/run-detector.ts';

const LEFT_OUT =
  /(^|\/)(node_modules|\.git|examples?|playgrounds?|templates?|fixtures|__(fixtures|tests)__|demos?|samples?|sandbox(es)?|([\w-]+-)?(e2e|integration))$/;

const [tools = '', ...rest] = process.argv.slice(2);
const isListing = rest.includes('--list');

for (const checkout of rest.filter((one) => one !== '--list')) {
  const root = mkdtempSync(path.join(tmpdir(), 'bulkhead-versions-'));
  try {
    const filter = (file: string): boolean => !LEFT_OUT.test(path.relative(checkout, file));
    cpSync(checkout, root, { recursive: true, verbatimSymlinks: true, filter });
    const ours = await ourNames(root);
    tell(checkout, 'manypkg', ours, manypkgNames(root));
    tell(checkout, 'syncpack', ours, syncpackNames(root));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function tell(checkout: string, tool: string, ours: ReadonlySet<string>, theirs: ReadonlySet<string>): void {
  const onlyOurs = [...ours].filter((name) => !theirs.has(name));
  const onlyTheirs = [...theirs].filter((name) => !ours.has(name));
  const counts = { both: ours.size - onlyOurs.length, onlyOurs: onlyOurs.length, onlyTheirs: onlyTheirs.length };
  console.log(`${path.basename(checkout)} ${tool} ${JSON.stringify(counts)}`);
  if (isListing) console.log(`  only ours: ${onlyOurs.join(' ')}\n  only theirs: ${onlyTheirs.join(' ')}`);
}

async function ourNames(root: string): Promise<ReadonlySet<string>> {
  const { issues } = await runDetector(detector, root);
  const compared = issues.filter(
    ({ rule, message }) => rule === 'version-mismatch' || (rule === 'duplicate-dependency' && !message.startsWith('"')),
  );
  return new Set(compared.map(({ message }) => /'([^']+)'/.exec(message)?.[1] ?? ''));
}

function manypkgNames(root: string): ReadonlySet<string> {
  const said = output('manypkg', ['check'], root).matchAll(
    /error \S+ has a dependency (?:on (@?[^@\s]+)@.* but|and a \w+ on ([^\s,]+), this is unnecessary)/g,
  );
  return new Set([...said].map(([, one, other = '']) => one ?? other));
}

/** Excludes workspace packages, because syncpack requires their exact version whatever the protocol. */
function syncpackNames(root: string): ReadonlySet<string> {
  const said = output('syncpack', ['list-mismatches', '--types', 'dev,prod'], root);
  return new Set([...said.matchAll(/^✘ (\S+) .*\[(?!LocalPackageMismatch)\w+\]$/gm)].map(([, name = '']) => name));
}

function output(tool: string, args: readonly string[], root: string): string {
  const command = path.resolve(tools, 'node_modules/.bin', tool);
  const { stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
  return stripVTControlCharacters(stdout + stderr);
}
