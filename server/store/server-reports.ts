/**
 * What the user's language servers are doing, for `bulkhead status`: each writes one small file into the user's cache folder
 * and removes it when it ends. Servers of other versions may write other fields, so readers take what they understand.
 */
import { rmSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { StatusParams } from '../../workers/protocol/editor-protocol.ts';
import { readText } from '../../workers/protocol/read-file.ts';
import { isAlive } from '../processes.ts';
import { baseDir } from './location.ts';

export interface ServerReport {
  readonly pid: number;
  readonly version: string;
  /** The editor, as it calls itself; empty: it did not say. */
  readonly editor: string;
  readonly roots: readonly string[];
  readonly status: StatusParams;
  /** Failures by cause, the most severe first. */
  readonly errors: readonly { readonly detector: string; readonly message: string; readonly count: number }[];
}

/** Between two writes. */
const intervalMs = 1_000;
/** A server that was killed leaves its file. */
const keptMs = 24 * 60 * 60_000;

export function serverReportsDir(): string {
  return path.join(baseDir(), 'servers');
}

/** Writes the report of this process when it changes. Reports are a convenience, so that a full disk is no reason to complain. */
export class ReportWriter {
  readonly #dir: string;
  readonly #read: () => Omit<ServerReport, 'pid'>;
  #timer: NodeJS.Timeout | undefined;
  #last = '';
  #disposed = false;

  constructor(dir: string, read: () => Omit<ServerReport, 'pid'>) {
    this.#dir = dir;
    this.#read = read;
  }

  changed(): void {
    if (this.#disposed) return;
    this.#timer ??= setTimeout(() => {
      void this.#write()
        .catch(() => {})
        .finally(() => {
          this.#timer = undefined;
        });
    }, intervalMs).unref();
  }

  /** Also while the process ends. */
  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
    rmSync(this.#file, { force: true });
  }

  get #file(): string {
    return path.join(this.#dir, `${process.pid}.json`);
  }

  async #write(): Promise<void> {
    const text = JSON.stringify({ pid: process.pid, ...this.#read() });
    if (text === this.#last) return;
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    const draft = `${this.#file}.draft`;
    await writeFile(draft, text, { mode: 0o600 });
    if (this.#disposed) return rm(draft, { force: true });
    await rename(draft, this.#file);
    this.#last = text;
  }
}

/** The reports of the servers that run, by process id. Removes old files of servers that were killed. */
export async function readServerReports(dir: string): Promise<readonly ServerReport[]> {
  const names = await readdir(dir).catch((): string[] => []);
  const reports = await Promise.all(names.map((name) => readReport(path.join(dir, name))));
  return reports.flatMap((report) => report ?? []).sort((one, other) => one.pid - other.pid);
}

async function readReport(file: string): Promise<ServerReport | undefined> {
  const pid = Number(/^(\d+)\.json$/.exec(path.basename(file))?.[1]);
  if (!isAlive(pid)) {
    // In another container the process may be alive.
    const { mtimeMs } = (await stat(file).catch(() => undefined)) ?? { mtimeMs: Date.now() };
    if (Date.now() - mtimeMs > keptMs) await rm(file, { force: true });
    return undefined;
  }
  try {
    const report: unknown = JSON.parse(await readText(file));
    return isReport(report) ? report : undefined;
  } catch {
    // Removed or written at this moment.
    return undefined;
  }
}

function isReport(value: unknown): value is ServerReport {
  const { status, roots, errors } = (value ?? {}) as Partial<ServerReport>;
  return [roots, errors, status?.detectors, status?.workers].every(Array.isArray);
}
