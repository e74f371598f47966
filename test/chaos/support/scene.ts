/** A root whose files say what the detector does to its worker, and a pool of real processes that checks it. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Limits, WorkerRuntime } from '../../../server/pool/worker-entry.ts';
import { ContainerDriver } from '../../../workers/ipc/drivers/container.ts';
import { engineImage, inContainers, realEngine, roomy } from '../../support/container.ts';
import { createPool, type PoolOptions } from '../../../server/pool/pool.ts';
import type { CheckOutcome, PoolNotice, SupervisedPool } from '../../../server/pool/types.ts';
import { noSandbox, type SandboxSettings } from '../../../server/pool/sandbox-settings.ts';
import type { SandboxNeeds } from '../../../workers/protocol/manifest.ts';
import type { CheckEvent, Issue, Overlay, Unit } from '../../../workers/protocol/detector-protocol.ts';

export const scriptedDetector = path.join(import.meta.dirname, '../../fixtures/workers/scripted.ts');

/** The behaviours count how often they were tried, in the workspace. */
export const scriptedNeeds: SandboxNeeds = { network: false, write: ['.'], homeCaches: [], processes: true };

/** With `BULKHEAD_TEST_SANDBOX=require` in the environment the faults happen in a sandbox. */
export function chosenSandbox(): SandboxSettings {
  return { ...noSandbox, mode: process.env['BULKHEAD_TEST_SANDBOX'] === 'require' ? 'require' : 'off' };
}

/** With `BULKHEAD_TEST_CONTAINER=require` they happen in containers of the engine that answers here. */
async function chosenRuntime(): Promise<{ readonly runtime?: WorkerRuntime }> {
  if (process.env['BULKHEAD_TEST_CONTAINER'] !== 'require') return {};
  const engine = await realEngine();
  if (engine === undefined) throw new Error('No engine for containers answers here.');
  const driver = new ContainerDriver({ engine: engine.command, image: engineImage(engine) }, roomy);
  return { runtime: inContainers(driver) };
}

export interface CheckRun {
  readonly outcome: CheckOutcome;
  /** Of files that are done, by file. */
  readonly issues: ReadonlyMap<string, readonly Issue[]>;
  readonly problems: readonly string[];
}

export interface CheckExtras {
  readonly revision?: number;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly overlays?: readonly Overlay[];
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: CheckEvent) => void | Promise<void>;
}

export class Scene {
  readonly root: string;
  readonly pool: SupervisedPool;
  readonly notices: PoolNotice[] = [];
  readonly log: string[] = [];

  private constructor(
    root: string,
    limits: Partial<Limits>,
    options: Partial<PoolOptions>,
    chosen: { readonly runtime?: WorkerRuntime },
  ) {
    this.root = root;
    this.pool = createPool({
      detectors: {
        scripted: {
          ...{ title: 'Scripted', group: 'scripted', modules: { scripted: scriptedDetector }, limits },
          sandbox: scriptedNeeds,
          ...chosen,
        },
      },
      sandbox: chosenSandbox(),
      maxWorkers: 2,
      healthIntervalMs: 500,
      onNotice: (notice) => this.notices.push(notice),
      log: (_level, message) => this.log.push(message),
      ...options,
    });
  }

  /** @param behaviours by file name; each becomes the first line of `<name>.job` */
  static async open(
    behaviours: Readonly<Record<string, string>>,
    limits: Partial<Limits> = {},
    options: Partial<PoolOptions> = {},
  ): Promise<Scene> {
    const root = await mkdtemp(path.join(os.tmpdir(), 'bulkhead-scene-'));
    for (const [name, behaviour] of Object.entries(behaviours)) {
      await writeFile(path.join(root, `${name}.job`), `${behaviour}\n`);
    }
    return new Scene(root, limits, options, await chosenRuntime());
  }

  get units(): Promise<readonly Unit[]> {
    return readdir(this.root).then((names) =>
      names
        .filter((name) => name.endsWith('.job'))
        .sort()
        .map((file): Unit => ({ id: file, kind: 'file', group: 'all', file })),
    );
  }

  async check(extras: CheckExtras = {}): Promise<CheckRun> {
    const open = new Map<string, Issue[]>();
    const issues = new Map<string, readonly Issue[]>();
    const problems: string[] = [];
    const { revision = 1, options = {}, overlays = [], signal, onEvent } = extras;
    const outcome = await this.pool.check({
      request: {
        detector: 'scripted',
        root: this.root,
        options,
        revision,
        units: await this.units,
        overlays,
        first: [],
      },
      priority: 'background',
      signal: signal ?? new AbortController().signal,
      onEvent: (event) => {
        if (event.kind === 'begin') open.set(event.file, []);
        else if (event.kind === 'issues') open.get(event.file)?.push(...event.issues);
        else if (event.kind === 'done') issues.set(event.file, open.get(event.file) ?? []);
        else if (event.kind === 'problem') problems.push(event.problem.code);
        return onEvent?.(event);
      },
    });
    return { outcome, issues, problems };
  }

  write(name: string, behaviour: string): Promise<void> {
    return writeFile(path.join(this.root, `${name}.job`), `${behaviour}\n`);
  }

  read(name: string): Promise<string> {
    return readFile(path.join(this.root, name), 'utf8');
  }

  get restarts(): number {
    return this.pool.health().reduce((sum, { restarts }) => sum + restarts, 0);
  }

  async close(): Promise<void> {
    await this.pool.dispose();
    await rm(this.root, { recursive: true, force: true });
  }
}
