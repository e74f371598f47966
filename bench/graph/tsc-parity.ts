/**
 * Compares `unresolved` and `missing-export` with what TypeScript reports (TS2307, 2792 and TS2305, 2614, 2724, 2459)
 * for the files of one tsconfig; imports of packages are left out, since corpora are not installed.
 *
 *     node bench/graph/tsc-parity.ts <root> <tsconfig below root>
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { importFindings } from '../../workers/detectors/import/index.ts';
import { graphOf } from '../../workers/graph/index.ts';
import { isRelative } from '../../workers/graph/resolution.ts';

const [rootArgument = '.', tsconfig = 'tsconfig.json'] = process.argv.slice(2);
const root = path.resolve(rootArgument);
const graph = await graphOf(root, { overlays: [] });
const compiler = path.resolve(import.meta.dirname, '../../node_modules/typescript/lib/tsc.js');
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
  if (!isFile && !isRelative(/["'](?:module )?["']?([^"']+)["']/.exec(message.replace(/^Module /, ''))?.[1] ?? './')) {
    // Names of packages need their declarations.
    if (!message.includes('"./') && !message.includes('"../') && !message.includes('"@/')) continue;
  }
  theirs.add(`${path.posix.normalize(file)}:${line} ${isFile ? 'unresolved' : 'missing-export'}`);
}
const program = new Set(
  spawnSync(process.execPath, [compiler, '-p', tsconfig, '--listFilesOnly'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  })
    .stdout.split('\n')
    .map((file) => path.relative(root, file.trim()).split(path.sep).join('/')),
);
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
for (const one of theirs) if (!ours.has(one)) console.log(`  only TypeScript's: ${one}`);
