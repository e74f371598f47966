/** One process: builds the graph of a folder, edits files in memory, and prints what that cost as JSON. */
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { graphOf } from '../../workers/graph/index.ts';
import { circularFindings } from '../../workers/detectors/circular/index.ts';
import { importFindings } from '../../workers/detectors/import/index.ts';
import { isolationFindings } from '../../workers/detectors/isolation/index.ts';
import { packageFindings } from '../../workers/detectors/package/index.ts';

const root = path.resolve(process.argv[2] ?? '.');
const EDITS = 40;
const before = process.memoryUsage().rss;

const started = performance.now();
const graph = await graphOf(root, { overlays: [] });
const built = performance.now();

circularFindings(graph, {});
const checked = performance.now();
const cpu = process.cpuUsage();
if (process.argv[3] === 'cold') process.exit();

const files = [...graph.modules.keys()].filter((file) => /\.tsx?$/.test(file));
const edits: Record<'graph' | 'circular' | 'import' | 'isolation' | 'package', number[]> = {
  graph: [], circular: [], import: [], isolation: [], package: [],
}; // prettier-ignore
for (let number = 0; number < EDITS; number++) {
  const file = files[Math.floor((files.length * number) / EDITS)] ?? '';
  // An import that was not there: the edges change, not only the text.
  const text = `import './${path.posix.basename(files[(number * 7919) % files.length] ?? '', '.ts')}';\n${graph.textOf(file) ?? ''}`;
  let last = threadTime();
  const lap = (name: keyof typeof edits): void => {
    edits[name].push(threadTime() - last);
    last = threadTime();
  };
  await graphOf(root, { overlays: [{ file, text, version: number }], changed: [file] });
  lap('graph');
  circularFindings(graph, {});
  lap('circular');
  importFindings(graph, {});
  lap('import');
  isolationFindings(graph, {});
  lap('isolation');
  packageFindings(graph, {});
  lap('package');
  await nextTurn();
}
/** Milliseconds this thread has worked: what a busy machine does not distort. */
function threadTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

const median = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0;
const { rss } = process.memoryUsage();
globalThis.gc?.();
const { rss: rssAfterCollection, heapUsed } = process.memoryUsage();
console.log(
  JSON.stringify({
    modules: graph.modules.size,
    build: built - started,
    circular: checked - built,
    cpuToBuild: (cpu.user + cpu.system) / 1000,
    edit: Object.fromEntries(Object.entries(edits).map(([name, values]) => [name, median(values)])),
    rssBefore: before / 2 ** 20,
    rss: rss / 2 ** 20,
    rssAfterCollection: rssAfterCollection / 2 ** 20,
    heap: heapUsed / 2 ** 20,
  }),
);
