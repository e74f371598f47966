/**
 * Compares the typescript detector after an edit with `tsc --watch`, tsserver and the language server of TypeScript 7, in the
 * same version, with the same edits, in the same run:
 *
 *     node bench/live/typescript.ts [<folder> --body <file>::<find>::<replace> --shape <file>::<find>::<replace>]…
 *
 * Without a folder, it uses a generated project of 10,000 files. A folder needs its own typescript; TypeScript 7 is measured on
 * it too (`--engines workspace,native`). `--rounds 5` makes each edit five times; files are written and restored. Prints medians,
 * and how they compare with `tsc --watch` and with the engine alone.
 */
import { mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync, mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { compilerFor, type Compiler } from '../../workers/detectors/typescript/compiler.ts';
import { generateWorkspace } from '../graph/generate.ts';
import { nativeServer, tsserver, watching, type Contender, type Times } from './typescript/contenders.ts';
import { bare, bulkhead, type DetectorTimes } from './typescript/ourselves.ts';

interface Edit {
  readonly what: string;
  /** Absolute. */
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    project: { type: 'string', default: 'tsconfig.json' },
    engines: { type: 'string', default: 'workspace,native' },
    rounds: { type: 'string', default: '5' },
    files: { type: 'string', default: '10000' },
    body: { type: 'string', multiple: true, default: [] },
    shape: { type: 'string', multiple: true, default: [] },
  },
});
const rounds = Number(values.rounds);
const generated = positionals[0] === undefined ? generate(Number(values.files)) : undefined;
const root = realpathSync(generated ?? positionals[0] ?? '.');
const config = path.join(root, values.project);
const edits = generated
  ? editsOfGenerated(root, Number(values.files))
  : [...values.body.map((text) => editOf('body', text)), ...values.shape.map((text) => editOf('shape', text))];
process.once('SIGINT', () => {
  restore();
  process.exit(130);
});
try {
  for (const mode of values.engines.split(',')) await measure(mode as 'workspace' | 'native');
} finally {
  restore();
  if (generated !== undefined) rmSync(generated, { recursive: true, force: true });
}

async function measure(mode: 'workspace' | 'native'): Promise<void> {
  const engine = await compilerFor(path.dirname(config), mode);
  console.log(`\n${root}: TypeScript ${engine.version}, medians of ${String(rounds)} in milliseconds`);
  const rows: Record<string, Record<string, string>> = {};
  const watch = `tsc --watch`;
  const results = new Map<string, Map<string, readonly (Times | DetectorTimes)[]>>();
  for (const contender of contendersFor(engine, mode)) {
    console.error(`${contender.name} …`);
    const cold = await contender.start();
    const row: Record<string, string> = { cold: whole(cold) };
    const times = new Map<string, readonly Times[]>();
    for (const edit of edits) {
      const found: Times[] = [];
      // The first time what others remember of the file is missing; it is shown apart.
      for (let round = 0; round <= rounds; round += 1) {
        for (const text of [edit.after, edit.before]) {
          await sleep(300);
          writeFileSync(edit.file, text);
          found.push(await contender.edit(edit.file, text));
        }
      }
      times.set(edit.what, found.slice(2));
      const [first] = found;
      row[`${edit.what}: first`] = pair(first?.own, first?.all);
      row[edit.what] = pair(median(found.slice(2).map(({ own }) => own)), median(found.slice(2).map(({ all }) => all)));
      const confirmed = found
        .slice(2)
        .flatMap((time) => ('confirmed' in time ? [(time as DetectorTimes).confirmed] : []));
      const files = found.flatMap((time) => ('files' in time ? [(time as DetectorTimes).files] : []));
      if (confirmed.length === 0) continue;
      const more = `${String(Math.max(...files))} files; confirmed ${whole(median(confirmed))}`;
      row[edit.what] = `${row[edit.what] ?? ''} (${more})`;
    }
    results.set(contender.name, times);
    rows[contender.name] = row;
    await contender.stop();
  }
  console.log('own file / everything:');
  for (const [name, row] of Object.entries(rows)) {
    console.log(`  ${name}`);
    for (const [what, text] of Object.entries(row)) console.log(`    ${what.padEnd(44)} ${text}`);
  }
  for (const { what } of edits) {
    const of = (name: string, which: 'own' | 'all'): number | undefined =>
      median((results.get(name)?.get(what) ?? []).map((time) => time[which]));
    console.log(
      `  ${what}: own file ${ratio(of('Bulkhead', 'own'), of('engine alone', 'own'))} of the engine alone; everything ${ratio(of('Bulkhead', 'all'), of(watch, 'all'))} of ${watch}`,
    );
  }
}

function contendersFor(engine: Compiler, mode: 'workspace' | 'native'): readonly Contender[] {
  const options = { engine: mode === 'native' ? 'native' : 'auto', projects: [values.project] };
  const open = (): { file: string; text: string } => {
    const file = edits[0]?.file ?? '';
    return { file, text: readFileSync(file, 'utf8') };
  };
  const watch =
    engine.kind === 'javascript'
      ? watching('tsc --watch', process.execPath, [path.join(engine.directory, 'lib/tsc.js')], config)
      : watching('tsc --watch', engine.executable, [], config);
  const server =
    engine.kind === 'javascript'
      ? tsserver('tsserver', path.join(engine.directory, 'lib/tsserver.js'), open)
      : nativeServer('tsc --lsp', engine.executable, root, open);
  return [bulkhead(root, values.project, options), bare(engine, root, config), watch, server];
}

function editOf(kind: string, text: string): Edit {
  const [name = '', find = '', replacement = ''] = text.split('::');
  const file = path.join(root, name);
  const before = readFileSync(file, 'utf8');
  const after = before.replace(find, () => replacement);
  if (before === after) throw new Error(`${name} has no ${find}`);
  return { what: `${kind} of ${path.basename(name)}`, file, before, after };
}

function editsOfGenerated(folder: string, count: number): readonly Edit[] {
  const index = Math.floor(count / 2);
  const name = `module${String(index)}.ts`;
  const file = path.join(
    folder,
    `src/area${String(Math.floor(index / 400))}/part${String(Math.floor(index / 20))}`,
    name,
  );
  const before = readFileSync(file, 'utf8');
  const body = before.replace('const step0 = ', 'const step0 = 1 + ');
  const shape = before.replace(/= \(\) => compute\d+\(/, (text) => text.replace('() =>', '(more = 1) => more +'));
  return [
    { what: `body of ${name}`, file, before, after: body },
    { what: `shape of ${name}`, file, before, after: shape },
  ];
}

/** With a TypeScript of its own, the newest that has a JavaScript API. */
function generate(count: number): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bulkhead-live-'));
  generateWorkspace(folder, count);
  mkdirSync(path.join(folder, 'node_modules'));
  const installed = path.resolve(import.meta.dirname, '../../node_modules');
  for (const name of ['typescript', '@types']) {
    symlinkSync(path.join(installed, name), path.join(folder, 'node_modules', name), 'junction');
  }
  return folder;
}

function restore(): void {
  for (const { file, before } of generated === undefined ? edits : []) writeFileSync(file, before);
}

function median(all: readonly (number | undefined)[]): number | undefined {
  const known = all.filter((one) => one !== undefined).sort((one, other) => one - other);
  return known[Math.floor(known.length / 2)];
}

function whole(milliseconds: number | undefined): string {
  return milliseconds === undefined ? '-' : String(Math.round(milliseconds));
}

function pair(own: number | undefined, all: number | undefined): string {
  return `${whole(own)} / ${whole(all)}`;
}

function ratio(one: number | undefined, other: number | undefined): string {
  return one === undefined || other === undefined ? '-' : `${(one / other).toFixed(2)}x`;
}
