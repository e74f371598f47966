/**
 * `npm run chaos -- [--seed N] [--faults M] [--pause MS] [--workers W] [--files F] [--host dist/host.mjs] [folder]`
 * `npm run chaos -- --table` prints all figures of docs/reliability.md. Run it on a machine that does nothing else.
 *
 * Without a folder it generates a project of F files. Workers run from the bundle, as shipped; it is built first unless
 * `--host` names one. The exit code is 1 if a promise is broken.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runChaos } from './chaos.ts';
import { printFigures } from './figures.ts';
import { seeded, writeProject } from './project.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    faults: { type: 'string', default: '100' },
    workers: { type: 'string' },
    files: { type: 'string', default: '300' },
    pause: { type: 'string' },
    host: { type: 'string' },
    table: { type: 'boolean', default: false },
  },
});
const house = path.resolve(import.meta.dirname, '../..');
if (values.host === undefined) execFileSync(process.execPath, ['esbuild.mjs'], { cwd: house, stdio: 'inherit' });
const host = values.host === undefined ? path.join(house, 'dist/host.mjs') : path.resolve(values.host);
const random = seeded(Number(values.seed));
const [folder] = positionals;
const root = folder === undefined ? await mkdtemp(path.join(os.tmpdir(), 'bulkhead-chaos-')) : path.resolve(folder);
console.log(`seed ${values.seed}, ${values.faults} faults, ${root}`);
try {
  if (folder === undefined) await writeProject(root, Number(values.files), random);
  const options = {
    root,
    random,
    faults: Number(values.faults),
    ...(values.workers === undefined ? {} : { maxWorkers: Number(values.workers) }),
    ...(values.pause === undefined ? {} : { pauseMs: Number(values.pause) }),
    host,
    say: (line: string) => console.log(line),
  };
  const report = values.table ? await printFigures(options) : await runChaos(options);
  if (!values.table) console.log(JSON.stringify(report, undefined, 2));
  const promises: readonly (readonly [string, boolean])[] = [
    ['the final issues are byte-equal to the run without faults', report.equal],
    ['no input was quarantined by chance', report.quarantined.length === 0],
    ['restart p95 under 1 s', report.restartP95 < 1_000],
    ['event-loop lag p99 under 50 ms', report.lagP99 < 50],
    ['no orphan', report.orphans.length === 0],
  ];
  for (const [promise, kept] of promises) console.log(`${kept ? 'kept  ' : 'BROKEN'} ${promise}`);
  process.exitCode = promises.every(([, kept]) => kept) ? 0 : 1;
} finally {
  if (folder === undefined) await rm(root, { recursive: true, force: true });
}
