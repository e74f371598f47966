/** How a worker ended, from what the operating system, V8 and the line said. Plain data; nothing here is kept. */

/** Why a worker ended. */
export type ExitKind =
  /** `close()`, and the worker went by itself or on SIGTERM. */
  | 'closed'
  /** `kill()`, or the last step of `close()`. */
  | 'killed'
  /** It went on its own, with any exit code. */
  | 'exit'
  /** A signal that was not ours. */
  | 'signal'
  | 'out-of-memory'
  /** An exception nobody caught (threads; a process shows it as exit code 1). */
  | 'uncaught'
  /** It sent what is no message, or its line broke; it was killed. */
  | 'protocol'
  /** It stopped turning its event loop for longer than `timeouts.unresponsive`; it was killed. */
  | 'unresponsive'
  | 'startup-timeout'
  /** It was never there. */
  | 'spawn-failed'
  /** `detach()`: it lives on without us. */
  | 'detached'
  /** `attachWorker`: it is gone; how it ended only the process knows that started it. */
  | 'lost';

/** What a driver knows. */
export interface DriverExit {
  readonly exitCode?: number | undefined;
  /** For instance `SIGSEGV`. */
  readonly signal?: string | undefined;
  /** `heap`: V8 said so. `kernel`: killed, and the kernel counted an out-of-memory kill meanwhile. */
  readonly outOfMemory: false | 'heap' | 'kernel';
  /** A process that the worker had started ran out of memory and said so on the same stderr; the worker did not. */
  readonly childOutOfMemory?: boolean | undefined;
  /** At most 20 lines. */
  readonly stderrTail: readonly string[];
  /** An exception nobody caught, a failed spawn. */
  readonly error?: Error | undefined;
  readonly errorKind?: 'uncaught' | 'protocol' | 'spawn-failed' | 'lost' | undefined;
}

/** How a worker ended: plain data. */
export interface WorkerExit extends DriverExit {
  readonly kind: ExitKind;
  /** We asked for it. */
  readonly expected: boolean;
  /** One sentence for people, for instance `The worker ran out of memory (V8 heap limit).` */
  readonly reason: string;
}

/** Why we ended a worker; it outranks the signal that did it. */
export type Verdict = 'closed' | 'killed' | 'protocol' | 'unresponsive' | 'startup-timeout' | 'detached';

export function describeExit(exit: DriverExit, verdict: Verdict | undefined, detail?: string): WorkerExit {
  const kind = kindOf(exit, verdict);
  const expected = kind === 'closed' || kind === 'killed' || kind === 'detached';
  return { ...exit, kind, expected, reason: sentence(kind, exit, detail) };
}

function kindOf(exit: DriverExit, verdict: Verdict | undefined): ExitKind {
  // What could not be ended was not killed, whatever was asked for.
  const isBeyondReach = exit.errorKind === 'lost' && exit.error !== undefined;
  if (verdict !== undefined && !isBeyondReach) return verdict;
  if (exit.outOfMemory !== false) return 'out-of-memory';
  if (exit.errorKind !== undefined) return exit.errorKind;
  return exit.signal === undefined ? 'exit' : 'signal';
}

function sentence(kind: ExitKind, exit: DriverExit, detail: string | undefined): string {
  const because = detail ?? exit.error?.message;
  const more = because === undefined ? '.' : `: ${because}`;
  const child = exit.childOutOfMemory === true ? ' A process that it had started ran out of memory.' : '';
  switch (kind) {
    case 'closed':
      return 'The worker was closed.';
    case 'killed':
      return 'The worker was killed on request.';
    case 'detached':
      return 'The worker was detached and lives on.';
    case 'lost':
      return exit.error === undefined
        ? 'The worker is gone; how it ended only the process knows that started it.'
        : `The worker cannot be ended from here${more}`;
    case 'out-of-memory':
      return exit.outOfMemory === 'heap'
        ? 'The worker ran out of memory (V8 heap limit).'
        : 'The worker was killed by the kernel because memory ran out.';
    case 'uncaught':
      return `The worker ended by an uncaught exception${more}`;
    case 'protocol':
      return `The line to the worker broke${more}`;
    case 'unresponsive':
      return `The worker stopped responding and was killed${more}`;
    case 'startup-timeout':
      return `The worker was not ready in time and was killed${more}`;
    case 'spawn-failed':
      return `The worker could not be started${more}`;
    case 'signal':
      return `The worker was ended by ${exit.signal ?? 'a signal'}.${child}`;
    case 'exit':
      return `The worker ended with exit code ${exit.exitCode ?? 'unknown'}${more}${child}`;
  }
}

const V8_OUT_OF_MEMORY =
  /JavaScript heap out of memory|Fatal JavaScript out of memory|Fatal JavaScript invalid size error|Fatal process out of memory/;

/** Whether a line of stderr is what V8 writes before it aborts for want of memory. */
export function isV8OutOfMemory(line: string): boolean {
  return V8_OUT_OF_MEMORY.test(line);
}

/** What to add to a message about it: the end of its stderr. */
export function lastWords(exit: WorkerExit): string {
  return exit.stderrTail.length === 0 ? '' : `\nIts last words:\n${exit.stderrTail.join('\n')}`;
}
