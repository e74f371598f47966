/** Which detector runs where, and within which limits. Data; read once when a pool is made. */
import os from 'node:os';
import type { DetectorTable, WorkerEntry } from './worker-entry.ts';

/** The module graph is built once for all four: they share one worker. */
const graph: WorkerEntry = {
  group: 'graph',
  workerTitle: 'Module graph worker',
  single: true,
  limits: { progressMs: 120_000 },
  // What a graph is built from is garbage at once; room for more of it costs 40 MB and saves a twentieth of the time.
  // V8 would let the heap grow to four times what lives before it collects; twice costs a fiftieth of the time.
  execArgv: ['--max-semi-space-size=2', '--heap-growing-percent=100'],
  // By default every thread that allocates gets an arena of glibc's, and none is given back.
  env: { MALLOC_ARENA_MAX: '1' },
};

export const detectorTable: DetectorTable = {
  typescript: {
    title: 'TypeScript',
    group: 'typescript',
    // One warm program per root; the native compiler is parallel by itself.
    single: true,
    // A whole program is in memory, and the native compiler's process counts too.
    memoryFactor: 4,
    // A first program of a big project says nothing for minutes. What it cost to build is not thrown away.
    limits: { progressMs: 300_000, idleMs: Number.POSITIVE_INFINITY, cancelMs: 30_000 },
  },
  eslint: {
    title: 'ESLint',
    group: 'eslint',
    maxWorkers: busyCores(),
    // Typed rules hold TypeScript programs: about 2 GB for a big project.
    memoryFactor: { light: 1, heavy: 3 },
    // The first typed file builds its program.
    heavyLimits: { progressMs: 120_000, cancelMs: 15_000 },
  },
  circular: { title: 'Circular dependencies', ...graph },
  import: { title: 'Imports', ...graph },
  isolation: { title: 'Isolation', ...graph },
  package: { title: 'Package', ...graph },
  knip: {
    title: 'knip',
    // Seconds of another's code: nobody else shall wait for it.
    group: 'knip',
    single: true,
    // The process of knip counts too, and holds what it has read.
    memoryFactor: 3,
    // Between two runs there is nothing to keep warm.
    limits: { idleMs: 20_000 },
  },
  // Finds nothing: it answers a question about the module graph.
  dependents: { title: 'Dependents', ...graph },
};

/** Cores that background work may keep busy: of a big machine not all, the user is there too. */
function busyCores(): number {
  return Math.min(os.availableParallelism(), 4);
}

/**
 * One process a core for work that can be shared, and room beside them for the compiler and the module graph: those
 * are warm, and to end them for lack of a place would cost more than the waiting for a core.
 */
export function defaultWorkers(): number {
  return busyCores() + 2;
}
