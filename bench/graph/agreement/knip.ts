/**
 * Holds the `knip` detector against the JSON of the knip it runs: every answer appears, and nothing else.
 *
 *   node bench/graph/agreement/knip.ts <installed knip> <folder>... [--list]
 *
 * Each folder is a workspace, or holds workspaces (knip's own `fixtures`). They are copied, get the installed knip, and a
 * configuration where they have none.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { tmpdir } from 'node:os';
import path from 'node:path';
import { detector } from '../../../workers/detectors/knip/index.ts';
import { knipOf } from '../../../workers/graph/knip.ts';
import { runDetector } from '../../../test/support/run-detector.ts';

const [knip = '', ...rest] = process.argv.slice(2);
const folders = rest.filter((one) => one !== '--list').map((folder) => path.resolve(folder));
const isListing = rest.includes('--list');
const counts = { workspaces: 0, failed: 0, findings: 0, onlyOurs: 0, onlyTheirs: 0, unplaced: 0 };

for (const folder of folders.flatMap((one) => [...workspacesIn(one)])) await compare(folder);
console.log(JSON.stringify(counts));

function* workspacesIn(folder: string): Generator<string> {
  if (existsSync(path.join(folder, 'package.json'))) yield folder;
  else
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isDirectory() && entry.name !== 'node_modules') yield* workspacesIn(path.join(folder, entry.name));
}

async function compare(folder: string): Promise<void> {
  const root = mkdtempSync(path.join(tmpdir(), 'bulkhead-knip-'));
  try {
    cpSync(folder, root, { recursive: true, verbatimSymlinks: true });
    const place = path.join(root, 'node_modules', 'knip');
    rmSync(place, { recursive: true, force: true });
    mkdirSync(path.dirname(place), { recursive: true });
    symlinkSync(path.resolve(knip), place, 'junction');
    if (knipOf(root) === 'There is no configuration of knip here.') writeFileSync(path.join(root, 'knip.json'), '{}');
    counts.workspaces++;
    const theirs = theirAnswers(root);
    const { issues, problems } = await runDetector(detector, root);
    if (!theirs || problems.length > 0) {
      counts.failed++;
      if (!theirs !== problems.length > 0 || isListing)
        console.log(`${folder}: ${problems[0]?.message ?? 'no problem'}`);
      return;
    }
    const ours = issues.map(({ rule, file }) => `${rule} ${file}`);
    counts.findings += theirs.length;
    counts.unplaced += issues.filter(({ rule, range }) => rule !== 'files' && range.end.character === 0).length;
    const [onlyOurs, onlyTheirs] = [missing(ours, theirs), missing(theirs, ours)];
    counts.onlyOurs += onlyOurs.length;
    counts.onlyTheirs += onlyTheirs.length;
    for (const one of onlyOurs) console.log(`only ours: ${folder}: ${one}`);
    for (const one of onlyTheirs) console.log(`only theirs: ${folder}: ${one}`);
    if (isListing) for (const { rule, file, range, message } of issues) console.log(`${rule} ${file}:${String(range.start.line + 1)}:${String(range.start.character + 1)} ${message}`); // prettier-ignore
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Read without any code of the detector's. Undefined: knip gave no report. */
function theirAnswers(root: string): readonly string[] | undefined {
  const bin = JSON.parse(readFileSync(path.join(root, 'node_modules/knip/package.json'), 'utf8')) as {
    bin: { knip: string };
  };
  const command = [
    path.join('node_modules/knip', bin.bin.knip),
    '--reporter',
    'json',
    '--no-progress',
    '--no-exit-code',
  ];
  const { stdout, status } = spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
  const line = stdout.split('\n').findLast((one) => one.startsWith('{"'));
  if (status !== 0 || line === undefined) return undefined;
  const report = JSON.parse(line) as { files?: string[]; issues: (Record<string, unknown> & { file: string })[] };
  const inRows = report.issues.flatMap(({ file, owners: _, ...types }) =>
    Object.entries(types).flatMap(([type, items]) =>
      (Array.isArray(items) ? items : Object.values(items as object).flat()).map(() => `${type} ${file}`),
    ),
  );
  return [...(report.files ?? []).map((file) => `files ${file}`), ...inRows];
}

/** Of the second list, with repetition, what the first has not. */
function missing(wanted: readonly string[], from: readonly string[]): readonly string[] {
  const left = [...from];
  return wanted.filter((one) => {
    const at = left.indexOf(one);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
