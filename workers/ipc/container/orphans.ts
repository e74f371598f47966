/**
 * Containers whose host is gone. Most end with it, because their input ends; what is left, for instance after the engine's
 * own command was killed too, is removed when the next host starts. A container belongs to a process of this system by
 * its number and the time it started, because numbers are given out again. Stateless.
 */
import { execFileSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import os from 'node:os';
import { ask } from './engine.ts';

/** On every container of this library: where its host runs. */
export const SYSTEM_LABEL = 'bulkhead.system';
/** The host's process. */
export const HOST_LABEL = 'bulkhead.host';
/** What the caller says that it works on. */
export const WORKSPACE_LABEL = 'bulkhead.workspace';

export interface Owner {
  /** Machine, and the process ids that are valid there. */
  readonly system: string;
  readonly pid: number;
  /** No other process of the system has this number and this start. */
  readonly started: string;
}

let own: Owner | undefined;

export function thisOwner(): Owner {
  return (own ??= { system: systemId(), pid: process.pid, started: startOf(process.pid) ?? 'unknown' });
}

/** Says whose it is, because engines give labels in different ways. */
export function containerName({ pid, started }: Owner): string {
  return `bulkhead-${pid}-${started}-${randomUUID().slice(0, 8)}`;
}

const NAME = /^bulkhead-(\d+)-([0-9a-z]+)-[0-9a-f]{8}$/;

/**
 * Removes the containers of hosts that are gone.
 * @returns their names. Never throws: the next host tries again
 */
export async function removeOrphans(command: string, owner: Owner = thisOwner()): Promise<readonly string[]> {
  try {
    const filter = `label=${SYSTEM_LABEL}=${owner.system}`;
    const { code, stdout } = await ask(command, ['ps', '--all', '--filter', filter, '--format', '{{.Names}}']);
    if (code !== 0) return [];
    const names = stdout.split('\n').map((line) => line.trim());
    const orphans = names.filter(isOrphan);
    if (orphans.length > 0) await ask(command, ['rm', '--force', ...orphans]);
    return orphans;
  } catch {
    return [];
  }
}

function isOrphan(name: string): boolean {
  const [, pid, started] = NAME.exec(name) ?? [];
  if (pid === undefined || started === undefined) return false;
  const now = startOf(Number(pid));
  // Where the start cannot be known, a process of this number may be the host.
  return now === undefined ? !isThere(Number(pid)) : now !== started;
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Undefined for a process that is gone, or where the system does not tell. */
export function startOf(pid: number): string | undefined {
  try {
    if (process.platform !== 'linux') {
      const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' });
      return text.trim() === '' ? undefined : digest(text.trim());
    }
    const line = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // After the name, which may hold anything, the 20th is the start in clock ticks since the system started.
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return digest(`${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()} ${fields[19] ?? ''}`);
  } catch {
    return undefined;
  }
}

function systemId(): string {
  let namespace = '';
  try {
    namespace = readlinkSync('/proc/self/ns/pid');
  } catch {
    // Only Linux has them.
  }
  return digest(`${os.hostname()} ${namespace} ${process.getuid?.() ?? ''}`);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
