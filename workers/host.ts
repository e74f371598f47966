/**
 * The entry of a worker: loads the detector that a request names, runs it, and streams its findings. Lives as long as its
 * process. Detectors stay loaded, so that the next request can use their caches.
 */
import { readdirSync } from 'node:fs';
import os from 'node:os';
import { pathToFileURL } from 'node:url';
import { capture } from './runtime/capture.ts';
import type { CheckReply, WorkerMessages, PlanReply } from './protocol/worker-messages.ts';
import type { Detector, LogLevel, PlanContext } from './protocol/detector.ts';
import { loadDetector } from './detectors/index.ts';
import { toolIn } from './protocol/declared-tools.ts';
import { startWorkerServer } from './ipc/index.ts';
import type { CheckEvent, PlanRequest, PlanResult } from './protocol/detector-protocol.ts';
import { Reporter } from './runtime/reporter.ts';
import { sharingFate } from './protocol/killed-child.ts';
import { markSelfSignals } from './protocol/self-signals.ts';
import { flawOfPlan } from './protocol/well-formed.ts';

/** Background work has a lower priority than the editor, and a higher one than idle jobs. */
const NICENESS = 5;

giveWay();
markSelfSignals();

const detectors = new Map<string, Promise<Detector>>();

await startWorkerServer<WorkerMessages>(
  {
    async plan({ request, module }, context): Promise<PlanReply> {
      const detector = await load(request, module);
      const planContext: PlanContext = {
        signal: context.signal,
        log: (level, message) => context.log(level, message),
        loading: (file) => {
          void context.emit({ loading: file });
          context.flush();
        },
      };
      const plan = await sharingFate(detector.plan(request, planContext));
      return { plan: validPlan(detector, plan), version: detector.version };
    },

    async check({ request, module }, context): Promise<CheckReply> {
      const detector = await load(request, module);
      const line = {
        emit: (event: CheckEvent) => context.emit(event),
        emitNow: (event: CheckEvent): void => {
          void context.emit(event);
          context.flush();
        },
        log: (level: LogLevel, message: string) => {
          context.log(level, message);
        },
      };
      const reporter = new Reporter(request, line, context.signal);
      const startedAt = performance.now();
      const result = await sharingFate(detector.check(request, reporter));
      await reporter.settled();
      const durationMs = Math.round(performance.now() - startedAt);
      return { result: { ...result, durationMs }, version: detector.version };
    },

    async capture({ kind, file, durationMs }): Promise<{ bytes: number }> {
      return { bytes: await capture(kind, file, durationMs) };
    },
  },
  { onClose: disposeDetectors },
);

async function disposeDetectors(): Promise<void> {
  const loaded = await Promise.allSettled(detectors.values());
  await Promise.allSettled(
    loaded.map(async (load) => {
      if (load.status === 'fulfilled') await load.value.dispose?.();
    }),
  );
}

function load(request: PlanRequest, module: string | undefined): Promise<Detector> {
  const key = module ?? request.detector;
  const known = detectors.get(key);
  if (known !== undefined) return known;
  const loading = loadOnce(request, module);
  detectors.set(key, loading);
  // A module that failed to load may be available the next time.
  loading.catch(() => detectors.delete(key));
  return loading;
}

async function loadOnce({ detector: name, options }: PlanRequest, module: string | undefined): Promise<Detector> {
  if (module !== undefined) {
    const loaded = (await import(pathToFileURL(module).href)) as { readonly detector?: Detector };
    if (loaded.detector === undefined) throw new Error(`${module} exports no detector`);
    return loaded.detector;
  }
  if (toolIn(options) === undefined) return loadDetector(name);
  const { declaredTool } = await import('./tools/index.ts');
  return declaredTool(name);
}

function validPlan(detector: Detector, plan: PlanResult): PlanResult {
  const flaw = flawOfPlan(plan);
  if (flaw === undefined) return plan;
  const message = `${detector.name} returned an invalid plan: ${flaw}.`;
  const problem = { code: 'INVALID_RESULT', message, fatal: true } as const;
  return { status: 'failed', note: message, units: [], problems: [problem], configFiles: [] };
}

/** On Linux each thread has its own niceness. V8's threads exist already; later ones inherit it. */
function giveWay(): void {
  try {
    // The process was started with `nice`.
    if (os.getPriority() >= NICENESS) return;
    if (process.platform === 'linux') {
      for (const thread of readdirSync('/proc/self/task')) os.setPriority(Number(thread), NICENESS);
    } else {
      os.setPriority(process.platform === 'win32' ? os.constants.priority.PRIORITY_BELOW_NORMAL : NICENESS);
    }
  } catch {
    // Without permission the work runs at normal priority.
  }
}
