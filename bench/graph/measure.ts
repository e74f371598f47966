/**
 * One process: builds the graph of a folder, runs all four detectors, edits files, and prints the costs as JSON. With `cold`
 * as the second argument it ends after graph and cycles, which is what madge and similar tools do.
 */
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { circularFindings } from '../../workers/detectors/circular/index.ts';
import { graphOf, type ModuleGraph } from '../../workers/graph/index.ts';
import type { DetectorOptions } from '../../workers/protocol/detector-protocol.ts';

const EDITS = 100;

/** Milliseconds. */
interface Cost {
  wall: number;
  cpu: number;
}

const root = path.resolve(process.argv[2] ?? '.');
const atStart = megabytes().rss;
const started = performance.now();
const graph = await graphOf(root, { overlays: [] });
circularFindings(graph, {});
const cold: Cost = { wall: performance.now() - started, cpu: processTime() };
if (process.argv[3] === 'cold') process.exit();

const detectors: Readonly<Record<string, (graph: ModuleGraph, options: DetectorOptions) => unknown>> = {
  circular: circularFindings,
  import: (await import('../../workers/detectors/import/index.ts')).importFindings,
  isolation: (await import('../../workers/detectors/isolation/index.ts')).isolationFindings,
  package: (await import('../../workers/detectors/package/index.ts')).packageFindings,
};
for (const find of Object.values(detectors)) find(graph, {});
const allCold: Cost = { wall: performance.now() - started, cpu: processTime() };
const built = megabytes();

// One text with the same imports, and one with an additional import. Only the second changes edges.
const texts = await edits((text) => `// edited\n${text}`);
const imports = await edits((text, other) => `import './${other}';\n${text}`);
const edited = megabytes();
globalThis.gc?.();
console.log(
  JSON.stringify({ modules: graph.modules.size, cold, allCold, texts, imports, memory: { atStart, built: built.rss, edited: edited.rss, heap: megabytes().heap } }), // prettier-ignore
);

/** Costs of each part of an edit: `wall` is the median, `cpu` the mean, because the kernel counts it in ticks. */
async function edits(change: (text: string, other: string) => string): Promise<Readonly<Record<string, Cost>>> {
  const files = [...graph.modules.keys()].filter((file) => /(?<!\.d)\.[cm]?[jt]sx?$/.test(file));
  const walls: Record<string, number[]> = {};
  const cpu: Record<string, number> = {};
  for (let number = 0; number < EDITS; number++) {
    const file = files[Math.floor((files.length * number) / EDITS)] ?? '';
    const text = change(graph.textOf(file) ?? '', stem(files[(number * 7919) % files.length] ?? ''));
    const begun = performance.now();
    let [lastWall, lastCpu] = [begun, threadTime()];
    const lap = (name: string): void => {
      const [wall, time] = [performance.now(), threadTime()];
      (walls[name] ??= []).push(wall - lastWall);
      cpu[name] = (cpu[name] ?? 0) + time - lastCpu;
      [lastWall, lastCpu] = [wall, time];
    };
    await graphOf(root, { overlays: [{ file, text, version: number }], changed: [file] });
    lap('graph');
    for (const [name, find] of Object.entries(detectors)) {
      find(graph, {});
      lap(name);
    }
    (walls['all'] ??= []).push(lastWall - begun);
    await nextTurn();
  }
  cpu['all'] = Object.values(cpu).reduce((sum, one) => sum + one, 0);
  return Object.fromEntries(
    Object.entries(walls).map(([name, list]) => [name, { wall: median(list), cpu: (cpu[name] ?? 0) / EDITS }]),
  );
}

function stem(file: string): string {
  return path.posix.basename(file).replace(/\.\w+$/, '');
}

/** CPU milliseconds of this thread, which a busy machine distorts least. */
function threadTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** CPU milliseconds of all threads, including the start of Node. */
function processTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function megabytes(): { readonly rss: number; readonly heap: number } {
  const { rss, heapUsed } = process.memoryUsage();
  return { rss: rss / 2 ** 20, heap: heapUsed / 2 ** 20 };
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0;
}
