/** Starts scripts of this folder as processes of their own, and reads the lines they print. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

export interface Script {
  readonly process: ChildProcess;
  readonly lines: readonly string[];
  /** Resolves with the first line that begins so; rejects when the process ends before. */
  line(start: string): Promise<string>;
  /** Sends SIGKILL (on Windows its like) and resolves when the process is gone. */
  kill(): Promise<void>;
  /** Resolves with the exit code. */
  ended(): Promise<number | null>;
}

/** @param prefix a program that runs it, for instance in a namespace of its own */
export function startScript(name: string, values: readonly string[], prefix: readonly string[] = []): Script {
  const command = [...prefix, process.execPath, path.join(import.meta.dirname, name), ...values];
  const child = spawn(command[0] ?? '', command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const errors: string[] = [];
  const listeners = new Set<() => void>();
  const wake = (): void => listeners.forEach((listener) => listener());
  createInterface(child.stdout).on('line', (text) => {
    lines.push(text);
    wake();
  });
  createInterface(child.stderr).on('line', (text) => errors.push(text));
  const closed = once(child, 'close').then(wake);
  return {
    process: child,
    lines,
    line: (start) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines.find((text) => text.startsWith(start));
          if (found === undefined && child.exitCode === null && child.signalCode === null) return;
          listeners.delete(look);
          if (found === undefined)
            reject(new Error(`${name} ended without "${start}": ${[...lines, ...errors].join('\n')}`));
          else resolve(found);
        };
        listeners.add(look);
        look();
      }),
    kill: async () => {
      child.kill('SIGKILL');
      await closed;
    },
    ended: async () => {
      await closed;
      if (child.exitCode !== 0) throw new Error(`${name} failed: ${[...lines, ...errors].join('\n')}`);
      return child.exitCode;
    },
  };
}
