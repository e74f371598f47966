/**
 * Compares the `knip` detector with the JSON of the knip it runs: every entry must appear, and nothing else.
 *
 *   node bench/graph/agreement/knip.ts <installed knip> <folder>... [--list]
 *
 * Each folder is a workspace or contains workspaces (knip's own `fixtures`). The workspaces are copied. Each copy gets the
 * installed knip, and a configuration if it has none.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { tmpdir } from 'node:os';
import path from 'node:path';
import { detector } from '../../../workers/detectors/knip/index.ts';
import type { Issue } from '../../../workers/protocol/detector-protocol.ts';
import { findKnip } from '../../../workers/graph/knip-installation.ts';
import { runDetector } from '../../../test/support/run-detector.ts';

const [knip = '', ...rest] = process.argv.slice(2);
const folders = rest.filter((one) => one !== '--list').map((folder) => path.resolve(folder));
const isListing = rest.includes('--list');
const counts = { workspaces: 0, failed: 0, withProblems: 0, findings: 0, onlyOurs: 0, onlyTheirs: 0, unplaced: 0 };

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
    if (findKnip(root) === 'This folder has no knip configuration.') writeFileSync(path.join(root, 'knip.json'), '{}');
    counts.workspaces++;
    const theirs = theirAnswers(root);
    const { issues, problems } = await runDetector(detector, root);
    if (problems.length > 0) counts.withProblems++;
    if (!theirs) {
      counts.failed++;
      if (problems.length === 0 || issues.length > 0) console.log(`${folder}: no report, and no problem`);
      return;
    }
    counts.findings += theirs.length;
    counts.unplaced += issues.filter(({ rule, range }) => rule !== 'files' && range.end.character === 0).length;
    const left = [...issues];
    for (const answer of theirs) {
      const at = left.findIndex((issue) => isSame(issue, answer));
      if (at >= 0) left.splice(at, 1);
      else {
        counts.onlyTheirs++;
        console.log(`only theirs: ${folder}: ${answer.type} ${answer.file} ${answer.name}`);
      }
    }
    counts.onlyOurs += left.length;
    for (const { rule, file, message } of left) console.log(`only ours: ${folder}: ${rule} ${file} ${message}`);
    if (!isListing) return;
    for (const { rule, file, range, message } of issues) {
      const { line, character } = range.start;
      console.log(`${rule} ${file}:${String(line + 1)}:${String(character + 1)} ${message}`);
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

interface Answer {
  readonly type: string;
  readonly file: string;
  readonly name: string;
}

function isSame({ rule, file, message }: Issue, answer: Answer): boolean {
  if (rule !== answer.type || file !== answer.file) return false;
  return rule === 'files' || ["'", '.', ' '].some((before) => message.includes(`${before}${answer.name}`));
}

/** Reads the report without the detector's code. Undefined: knip produced no report. */
function theirAnswers(root: string): readonly Answer[] | undefined {
  const manifest = readFileSync(path.join(root, 'node_modules/knip/package.json'), 'utf8');
  const { bin } = JSON.parse(manifest) as { readonly bin: { readonly knip: string } };
  const command = [
    path.join('node_modules/knip', bin.knip),
    ...'--reporter json --no-progress --no-exit-code'.split(' '),
  ];
  const { stdout } = spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
  const line = stdout.split('\n').findLast((one) => one.startsWith('{"'));
  if (line === undefined) return undefined;
  const report = JSON.parse(line) as { files?: string[]; issues: (Record<string, unknown> & { file: string })[] };
  const inRows = report.issues.flatMap(({ file, owners: _, ...types }) =>
    Object.entries(types).flatMap(([type, items]) =>
      Object.values(items as object)
        .flatMap((item: unknown) => (Array.isArray(items) ? [item] : (item as unknown[])))
        .map((item) => ({ type, file, name: ([item].flat()[0] as { readonly name: string }).name })),
    ),
  );
  return [...(report.files ?? []).map((file) => ({ type: 'files', file, name: file })), ...inRows];
}
