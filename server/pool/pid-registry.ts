/**
 * A list on disk of the processes that this server started, so that a later server can end those that outlived it. A guard
 * in each worker ends it seconds after its server died; this covers workers that did not get far enough to start the guard.
 *
 * There is one file per server. A later server reads it when its server is gone. It ends a process only if the start time
 * matches, never another process that reuses the id.
 */
import { rmSync } from 'node:fs';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectory } from '../make-directory.ts';
import { whyForeign } from '../ownership.ts';
import { systemProcesses, type ProcessTable } from '../processes.ts';

/** Identifies a process: two with the same id have different start times. */
export interface ProcessIdentity {
  readonly pid: number;
  /** In the platform's format, compared only for equality. */
  readonly startTime: string;
}

export interface RegistryOptions {
  readonly storageDir: string;
  readonly processes?: ProcessTable;
  readonly log: (message: string) => void;
}

interface RegistryFile {
  readonly owner: ProcessIdentity;
  readonly workers: readonly ProcessIdentity[];
}

const PREFIX = 'workers-';

export class PidRegistry {
  readonly #folder: string;
  readonly #processes: ProcessTable;
  readonly #log: (message: string) => void;
  readonly #living = new Map<number, ProcessIdentity>();
  #writing: Promise<void> = Promise.resolve();
  #dirty = false;
  #owner: ProcessIdentity | undefined;

  constructor({ storageDir, processes = systemProcesses, log }: RegistryOptions) {
    this.#folder = storageDir;
    this.#processes = processes;
    this.#log = log;
    process.once('exit', this.#atExit);
  }

  /** Ends processes that earlier servers left behind. @returns their ids */
  async sweep(): Promise<readonly number[]> {
    const ended: number[] = [];
    // Whoever can write there could have us end processes of ours.
    const flaw = await whyForeign(this.#folder, { withParent: false });
    if (flaw !== undefined) return (this.#log(`The lists of workers are not used: ${flaw}.`), []);
    const names = await readdir(this.#folder).catch(() => []);
    for (const name of names) {
      if (!name.startsWith(PREFIX) || !name.endsWith('.json')) continue;
      const file = path.join(this.#folder, name);
      const content = await readRegistry(file);
      if (content !== undefined && (await this.#isAlive(content.owner))) continue;
      for (const worker of content?.workers ?? []) {
        if (!(await this.#isAlive(worker))) continue;
        this.#log(`Ending worker process ${worker.pid}, which server process ${content?.owner.pid} left behind.`);
        this.#processes.kill(worker.pid);
        ended.push(worker.pid);
      }
      await rm(file, { force: true });
    }
    return ended;
  }

  async started(pid: number): Promise<void> {
    const startTime = await this.#processes.startTimeOf(pid);
    if (startTime === undefined) return;
    this.#living.set(pid, { pid, startTime });
    this.#save();
  }

  ended(pid: number): void {
    if (this.#living.delete(pid)) this.#save();
  }

  /** Nothing starts any more. Resolves when the list is on disk, or gone. */
  async close(): Promise<void> {
    process.off('exit', this.#atExit);
    await this.#writing;
  }

  /** Resolves when the list is on disk. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  /** A process that ends in a hurry waits for nobody: what lives is ended now, and there is nothing left to list. */
  readonly #atExit = (): void => {
    for (const { pid } of this.#living.values()) this.#processes.kill(pid);
    if (this.#living.size > 0) rmSync(this.#file, { force: true });
  };

  get #file(): string {
    return path.join(this.#folder, `${PREFIX}${process.pid}.json`);
  }

  async #isAlive({ pid, startTime }: ProcessIdentity): Promise<boolean> {
    return (await this.#processes.startTimeOf(pid)) === startTime;
  }

  #save(): void {
    if (this.#dirty) return;
    this.#dirty = true;
    this.#writing = this.#writing.then(async () => {
      this.#dirty = false;
      const file = this.#file;
      try {
        if (this.#living.size === 0) {
          await rm(file, { force: true });
          return;
        }
        this.#owner ??= { pid: process.pid, startTime: (await this.#processes.startTimeOf(process.pid)) ?? '' };
        const content: RegistryFile = { owner: this.#owner, workers: [...this.#living.values()] };
        makeDirectory(this.#folder, 0o700);
        const draft = `${file}.tmp`;
        await writeFile(draft, JSON.stringify(content));
        await rename(draft, file);
      } catch (error) {
        this.#log(`The list of workers could not be written: ${String(error)}`);
      }
    });
  }
}

async function readRegistry(file: string): Promise<RegistryFile | undefined> {
  try {
    const content = JSON.parse(await readFile(file, 'utf8')) as Partial<RegistryFile>;
    if (!isIdentity(content.owner) || !Array.isArray(content.workers)) return undefined;
    return { owner: content.owner, workers: content.workers.filter(isIdentity) };
  } catch {
    return undefined;
  }
}

function isIdentity(value: unknown): value is ProcessIdentity {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, startTime } = value as Partial<Record<keyof ProcessIdentity, unknown>>;
  return Number.isInteger(pid) && (pid as number) > 1 && typeof startTime === 'string' && startTime !== '';
}
