/** The process behind bubblewrap, seen from outside: launcher, first process of the namespace, worker. Stateless. */
import { readFileSync } from 'node:fs';
import os from 'node:os';

interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Of two names for one signal, Node gives the first, and so does `Map` of the reversed list. */
const SIGNALS = new Map(
  Object.entries(os.constants.signals)
    .reverse()
    .map(([name, number]) => [number, name as NodeJS.Signals]),
);

/**
 * Bubblewrap tells the signal that ended its child as a shell does, as an exit code.
 * @param chosen the exit code that the child said it chose
 */
export function insideOutcome({ code, signal }: Outcome, chosen?: number): Outcome {
  if (code === chosen) return { code, signal };
  const ended = code === null ? undefined : SIGNALS.get(code - 128);
  return ended === undefined ? { code, signal } : { code: null, signal: ended };
}

/** Asks the worker to end. Bubblewrap passes no signals on: it would die of them, and take the worker along. */
export function terminateInside(launcher: number): void {
  try {
    const [worker] = childrenOf(launcher).flatMap(childrenOf);
    process.kill(worker ?? launcher, 'SIGTERM');
  } catch {
    // It has just ended.
  }
}

function childrenOf(pid: number): readonly number[] {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return list.split(' ').filter(Boolean).map(Number);
}
