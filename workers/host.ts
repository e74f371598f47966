/**
 * The entry of a compartment: loads the detector an order names, streams what it finds, and answers. Lives as long as
 * its process; detectors stay loaded, so that what they keep warm serves the next order.
 */
import { readdirSync } from 'node:fs';
import os from 'node:os';
import { pathToFileURL } from 'node:url';
import { capture } from './runtime/capture.ts';
import type { CheckReply, CompartmentMessages, PlanReply } from './protocol/worker-messages.ts';
import type { Detector, LogLevel, PlanContext } from './protocol/detector.ts';
import { loadDetector } from './detectors/index.ts';
import { startWorkerServer } from './ipc/index.ts';
import type { CheckEvent, PlanResult } from './protocol/detector-protocol.ts';
import { Reporter } from './runtime/reporter.ts';
import { markSelfSignals } from './protocol/self-signals.ts';
import { flawOfPlan } from './runtime/well-formed.ts';

/** Background work gives way to the editor: nicer than normal, still ahead of idle jobs. */
const NICENESS = 5;

giveWay();
markSelfSignals();

/** The answer to an order that was cancelled; nobody waits for it. */
const nothingPlanned: PlanResult = { status: 'not-applicable', units: [], problems: [], configFiles: [] };

const detectors = new Map<string, Promise<Detector>>();
const cancels = new Map<number, AbortController>();

await startWorkerServer<CompartmentMessages>(
  {
    async plan({ order, request, module }, context): Promise<PlanReply> {
      return withCancel(order, async (signal) => {
        const detector = await load(request.detector, module);
        const planContext: PlanContext = {
          signal,
          log: (level, message) => context.log(level, message),
          loading: (file) => {
            void context.emit({ loading: file });
            context.flush();
          },
        };
        const plan = await unlessCancelled(signal, () => detector.plan(request, planContext));
        return { plan: plan === undefined ? nothingPlanned : soundPlan(detector, plan), version: detector.version };
      });
    },

    async check({ order, request, module }, context): Promise<CheckReply> {
      return withCancel(order, async (signal) => {
        const detector = await load(request.detector, module);
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
        const reporter = new Reporter(request, line, signal);
        const startedAt = performance.now();
        const result = await unlessCancelled(signal, () => detector.check(request, reporter));
        await reporter.settled();
        const durationMs = Math.round(performance.now() - startedAt);
        return {
          result: { ...(result ?? { files: 0, issues: 0 }), durationMs },
          version: detector.version,
          cancelled: signal.aborted,
        };
      });
    },

    cancel({ order }): void {
      cancels.get(order)?.abort();
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

async function withCancel<Result>(order: number, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController();
  cancels.set(order, controller);
  try {
    return await work(controller.signal);
  } finally {
    cancels.delete(order);
  }
}

/** Detectors may end a cancelled order with an exception: that is an answer, not a failure that costs the process. */
async function unlessCancelled<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

function load(name: string, module: string | undefined): Promise<Detector> {
  const key = module ?? name;
  const known = detectors.get(key);
  if (known !== undefined) return known;
  const loading = loadOnce(name, module);
  detectors.set(key, loading);
  // A module that failed to load may be there the next time.
  loading.catch(() => detectors.delete(key));
  return loading;
}

async function loadOnce(name: string, module: string | undefined): Promise<Detector> {
  if (module !== undefined) {
    const loaded = (await import(pathToFileURL(module).href)) as { readonly detector?: Detector };
    if (loaded.detector === undefined) throw new Error(`${module} exports no detector`);
    return loaded.detector;
  }
  return loadDetector(name);
}

function soundPlan(detector: Detector, plan: PlanResult): PlanResult {
  const flaw = flawOfPlan(plan);
  if (flaw === undefined) return plan;
  const message = `The plan of ${detector.name} is not well-formed: ${flaw}.`;
  const problem = { code: 'INVALID_RESULT', message, fatal: true } as const;
  return { status: 'failed', note: message, units: [], problems: [problem], configFiles: [] };
}

/** On Linux niceness belongs to threads, and V8's are there already; what starts later inherits it. */
function giveWay(): void {
  try {
    // Somebody has it give way further already, with `nice`.
    if (os.getPriority() >= NICENESS) return;
    if (process.platform === 'linux') {
      for (const thread of readdirSync('/proc/self/task')) os.setPriority(Number(thread), NICENESS);
    } else {
      os.setPriority(process.platform === 'win32' ? os.constants.priority.PRIORITY_BELOW_NORMAL : NICENESS);
    }
  } catch {
    // Not allowed here: then the work competes as an equal.
  }
}
