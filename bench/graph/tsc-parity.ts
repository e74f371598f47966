/**
 * Compares `unresolved` and `missing-export` with what TypeScript reports (TS2307, 2792 and TS2305, 2614, 2724, 2459) for the
 * files of one tsconfig. Imports of packages are excluded, because the repositories' dependencies are not installed.
 *
 *     node bench/graph/tsc-parity.ts <root> <tsconfig below root> [--plant]
 *
 * `--plant` first deletes 8 modules of the program and misspells 15 imported names, always the same ones. `root` must be a
 * copy.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { importFindings } from '../../workers/detectors/import/index.ts';
import { exportedName } from '../../workers/graph/exports.ts';
import { graphOf } from '../../workers/graph/index.ts';
import { rangeIn } from '../../workers/graph/record.ts';
import { isRelative } from '../../workers/graph/resolution.ts';

const [rootArgument = '.', tsconfig = 'tsconfig.json', mode] = process.argv.slice(2);
const root = path.resolve(rootArgument);
const compiler = path.resolve(import.meta.dirname, '../../node_modules/typescript/lib/tsc.js');
const program = new Set(
  spawnSync(process.execPath, [compiler, '-p', tsconfig, '--listFilesOnly'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  })
    .stdout.split('\n')
    .map((file) => path.relative(root, file.trim()).split(path.sep).join('/')),
);
if (mode === '--plant') await plant();
const graph = await graphOf(root, { overlays: [] });
const output = spawnSync(
  process.execPath,
  [
    '--max-old-space-size=4096',
    compiler,
    '-p',
    tsconfig,
    '--noEmit',
    '--pretty',
    'false',
    '--ignoreDeprecations',
    '6.0',
  ],
  { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 30 },
).stdout;

const theirs = new Set<string>();
for (const match of output.matchAll(/^(\S+)\((\d+),\d+\): error TS(2307|2792|2305|2614|2724|2459): (.*)$/gm)) {
  const [, file = '', line = '', code, message = ''] = match;
  const isFile = code === '2307' || code === '2792';
  const specifier = /'([^']+)'/.exec(message)?.[1] ?? '';
  const project = graph.projects.projectOf(file);
  if (isFile && !isRelative(specifier) && project?.isAlias(specifier) !== true) continue;
  if (isFile && /\.(css|scss|svg|png|json)$/.test(specifier)) continue;
  if (!isFile) {
    // Names from packages would need their declarations.
    const asked = /"([^"]+)"/.exec(message)?.[1] ?? './';
    if (!isRelative(asked) && project?.isAlias(asked) !== true && !path.isAbsolute(asked)) continue;
  }
  theirs.add(`${path.posix.normalize(file)}:${line} ${isFile ? 'unresolved' : 'missing-export'}`);
}
const ours = new Set<string>();
for (const [file, findings] of importFindings(graph, { dedupeWithTypescript: false, ignore: [] })) {
  if (!program.has(file)) continue;
  for (const { rule, range } of findings) {
    if (rule === 'unresolved' || rule === 'missing-export') ours.add(`${file}:${String(range.start.line + 1)} ${rule}`);
  }
}
console.log(
  `ours ${String(ours.size)}, TypeScript's ${String(theirs.size)}, equal ${String([...ours].filter((one) => theirs.has(one)).length)}`,
);
for (const one of ours) if (!theirs.has(one)) console.log(`  only ours: ${one}`);
let behind = 0;
for (const one of theirs) {
  if (ours.has(one)) continue;
  if (one.endsWith('missing-export') && isBehindMissing(one)) behind++;
  else console.log(`  only TypeScript's: ${one}`);
}
if (behind > 0)
  console.log(
    `  only TypeScript's: ${String(behind)} names asked of a module that passes on another, which is missing`,
  );

/** The name may come from a missing file: TypeScript reports each such name, we report the missing file once. */
function isBehindMissing(place: string): boolean {
  const [file = '', line = ''] = place.split(/[: ]/);
  const module = graph.modules.get(file);
  if (!module) return false;
  const here = module.record.requests.flatMap((request, index) =>
    request.names
      .filter(({ start }) => String(rangeIn(module.record, start, start).start.line + 1) === line)
      .map(({ imported }) => ({ imported, target: module.targets[index] })),
  );
  // Outside an import it is a member of a namespace.
  if (here.length === 0) return true;
  return here.some(({ imported, target }) => !target || exportedName(target, imported).kind === 'unknown');
}

/** Spreads the choice evenly over the program, so that every run plants the same faults. */
async function plant(): Promise<void> {
  const { modules } = await graphOf(root, { overlays: [] });
  const own = [...modules.values()]
    .filter(({ file }) => program.has(file))
    .sort((one, other) => (one.file < other.file ? -1 : 1));
  const spread = <T>(list: readonly T[], count: number): readonly T[] =>
    Array.from({ length: Math.min(count, list.length) }, (_, index) => list[Math.floor((list.length * index) / count)]).filter((one) => one !== undefined); // prettier-ignore
  const imports = own.flatMap((module) =>
    module.record.requests.flatMap((request, index) => {
      const target = module.targets[index];
      const name = request.names.find(({ imported }) => imported !== '*' && imported !== 'default');
      return request.kind === 'import' && target && name ? [{ module, target, name }] : [];
    }),
  );
  const oneOfEach = [...new Map(imports.map((one) => [one.module, one])).values()];
  for (const { module, name } of spread(oneOfEach, 15)) {
    const file = path.join(root, module.file);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, `${text.slice(0, name.start)}${name.imported}Misspelt as ${name.local}${text.slice(name.start + name.imported.length)}`); // prettier-ignore
  }
  const asked = [...new Set(imports.map(({ target }) => target.file))].sort();
  for (const file of spread(asked, 8)) rmSync(path.join(root, file));
}
