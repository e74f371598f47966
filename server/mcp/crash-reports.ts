/**
 * What is left when a server ends without notice, or fails at something nobody handles: a file that says when, of which
 * versions, why, and what was being answered. A process that is killed or out of memory writes nothing, so each server keeps a
 * file while it runs, and the next one makes a report of it. Whoever ends in order removes that file first: a clean stop is
 * never a crash. Reports hold no text of the folder's files. Lives as long as the server.
 */
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { makeDirectory } from '../make-directory.ts';
import { version } from '../version.ts';

/** What the file of a running server, and a report of one, say. */
export interface CrashReport {
  readonly time: string;
  readonly pid: number;
  readonly versions: Readonly<Record<'bulkhead' | 'node' | 'system', string>>;
  readonly cause: { readonly kind: CrashKind; readonly error?: string; readonly at?: readonly string[] };
  /** What was being answered: the tool, and since when. */
  readonly active: readonly { readonly tool: string; readonly since: string }[];
}

/** `running`: the server is still there. */
type CrashKind = 'running' | 'ended without notice' | 'uncaught exception' | 'unhandled rejection';

export interface CrashReportsOptions {
  readonly date?: () => number;
  readonly pid?: number;
  readonly isAlive: (pid: number) => boolean;
}

/** Older ones are removed. */
const MOST = 20;
const MOST_FRAMES = 20;
const running = /^running-(\d+)\.json$/;

export class CrashReports {
  readonly #dir: string;
  readonly #date: () => number;
  readonly #pid: number;
  readonly #isAlive: (pid: number) => boolean;
  #active: CrashReport['active'] = [];
  #isRunning = false;
  #count = 0;

  /** @param dir where reports are; made when needed */
  constructor(dir: string, { date = Date.now, pid = process.pid, isAlive }: CrashReportsOptions) {
    this.#dir = dir;
    this.#date = date;
    this.#pid = pid;
    this.#isAlive = isAlive;
  }

  /** Of this server. */
  get count(): number {
    return this.#count;
  }

  /** This server runs from now on. @returns the reports of servers that have ended without notice */
  begin(): readonly string[] {
    const found = this.#try(() => this.#left()) ?? [];
    this.#isRunning = true;
    this.#write();
    return found;
  }

  /** What is being answered now. */
  answering(active: readonly { readonly tool: string; readonly ms: number }[]): void {
    this.#active = active.map(({ tool, ms }) => ({ tool, since: new Date(this.#date() - ms).toISOString() }));
    this.#write();
  }

  /** Something failed, and nobody handled it. @returns the report's file; undefined: it cannot be written */
  fault(kind: 'uncaught exception' | 'unhandled rejection', error: unknown): string | undefined {
    this.#count += 1;
    const file = this.#newFile();
    return this.#try(() => {
      makeDirectory(this.#dir);
      writeFileSync(file, textOf(this.#report({ kind, ...causeOf(error) })), { flag: 'wx' });
      this.#removeOld();
      return file;
    });
  }

  /** A clean stop. */
  end(): void {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    this.#try(() => rmSync(this.#ownFile, { force: true }));
  }

  get #ownFile(): string {
    return path.join(this.#dir, `running-${this.#pid}.json`);
  }

  #newFile(): string {
    const time = new Date(this.#date()).toISOString().replaceAll(/[:.]/g, '-');
    return path.join(this.#dir, `crash-${time}-${randomUUID().slice(0, 4)}.json`);
  }

  #left(): readonly string[] {
    makeDirectory(this.#dir);
    const found = readdirSync(this.#dir).flatMap((name) => {
      const pid = Number(running.exec(name)?.[1] ?? Number.NaN);
      // An id may have been given to this process anew.
      if (Number.isNaN(pid) || (pid !== this.#pid && this.#isAlive(pid))) return [];
      const file = this.#newFile();
      // Only one of several servers that start at once gets it.
      return this.#try(() => {
        renameSync(path.join(this.#dir, name), file);
        const known = this.#try(() => JSON.parse(readFileSync(file, 'utf8')) as CrashReport);
        const report: CrashReport = { ...(known ?? { ...this.#report({ kind: 'running' }), pid, active: [] }), cause: { kind: 'ended without notice' } }; // prettier-ignore
        writeFileSync(file, textOf(report));
        return [file];
      }) ?? []; // prettier-ignore
    });
    this.#removeOld();
    return found;
  }

  #write(): void {
    if (this.#isRunning) this.#try(() => writeFileSync(this.#ownFile, textOf(this.#report({ kind: 'running' }))));
  }

  #report(cause: CrashReport['cause']): CrashReport {
    return {
      time: new Date(this.#date()).toISOString(),
      pid: this.#pid,
      versions: { bulkhead: version, node: process.version, system: `${process.platform} ${os.release()} ${process.arch}` },
      cause,
      active: this.#active,
    }; // prettier-ignore
  }

  #removeOld(): void {
    const names = readdirSync(this.#dir).filter((name) => name.startsWith('crash-'));
    for (const name of names.sort().slice(0, -MOST)) rmSync(path.join(this.#dir, name), { force: true });
  }

  /** Reports are a convenience: a full disk is no reason to fail. */
  #try<Value>(work: () => Value): Value | undefined {
    try {
      return work();
    } catch {
      return undefined;
    }
  }
}

/** Messages may quote a file, as those of a parser do: what stands in quotes is left out, and what is long. */
function causeOf(error: unknown): { error: string; at?: readonly string[] } {
  if (!(error instanceof Error)) return { error: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : '';
  const message =
    error.message
      .split('\n', 1)[0]
      ?.replace(/["'`].*/, '…')
      .slice(0, 120) ?? '';
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { error: `${error.name}${code}: ${message}`, at: frames.slice(0, MOST_FRAMES).map((line) => line.trim()) };
}

function textOf(report: CrashReport): string {
  return `${JSON.stringify(report, undefined, 2)}\n`;
}
