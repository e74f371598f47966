/** Why a process ended, as a reason for a person. Stateless. */
import { isFromOutside } from '../../workers/protocol/killed-child.ts';
import type { LinkExit } from './link.ts';
import type { ExitKind, ExitReason } from './types.ts';

/** Why the pool itself ended a worker; it outranks the signal that ended the process. */
export interface Diagnosis {
  readonly kind: ExitKind;
  readonly message: string;
  /** Not caused by the input: the process was stopped or got no CPU time. */
  readonly external?: boolean;
}

export interface Death {
  readonly reason: ExitReason;
  /** Caused by another process (a kill, a stop): says little about the input in work. */
  readonly external: boolean;
}

export interface DeathContext {
  /** The name a person reads, for instance `ESLint`. */
  readonly title: string;
  /** The memory limit that the process was started with. */
  readonly heapLimitMb: number;
  readonly startMs: number;
  readonly ready: boolean;
  /** What it was doing, as the end of a sentence, for instance ` while checking a.ts`; may be empty. */
  readonly activity: string;
  readonly input: string | undefined;
  readonly diagnosis: Diagnosis | undefined;
  /** It used much memory while the machine had nearly none left, so a kill comes from an out-of-memory killer. */
  readonly shortOfMemory: boolean;
}

export function deathOf(exit: LinkExit, context: DeathContext): Death {
  const { kind, message, external = false } = context.diagnosis ?? diagnose(exit, context);
  return {
    external: external && exit.selfInflicted !== true,
    reason: {
      kind,
      message,
      ...(exit.exitCode === undefined ? {} : { exitCode: exit.exitCode }),
      ...(exit.signal === undefined ? {} : { signal: exit.signal }),
      stderr: exit.stderr.slice(-20),
      ...(context.input === undefined ? {} : { input: context.input }),
    },
  };
}

function diagnose(exit: LinkExit, context: DeathContext): Diagnosis {
  const { title, heapLimitMb, startMs, ready, activity, shortOfMemory } = context;
  // Says the same of every worker, so that it is told once.
  if (exit.refused !== undefined) return { kind: 'refused', message: exit.refused };
  if (exit.startTimeout === true) {
    return { kind: 'start-timeout', message: `${title} was not ready after ${startMs / 1000} s.` };
  }
  if (exit.outOfMemory === 'heap') {
    return { kind: 'oom-heap', message: `${title} ran out of memory${activity} (limit ${heapLimitMb} MB).` };
  }
  const external = isFromOutside(exit.signal) && exit.selfInflicted !== true;
  if (exit.outOfMemory === 'kernel' || (external && shortOfMemory)) {
    return { kind: 'oom-kernel', message: `The system ran out of memory and killed ${title}${activity}.` };
  }
  if (exit.protocolError !== undefined) {
    return { kind: 'protocol', message: `${title} sent an invalid message${activity}: ${exit.protocolError}` };
  }
  if (exit.signal !== undefined) {
    const verb = external ? 'was killed by another process' : exit.selfInflicted === true ? 'killed itself' : 'crashed';
    return { kind: 'signal', message: `${title} ${verb}${activity} (${exit.signal}).`, external };
  }
  const when = ready ? activity : ' before it was ready';
  return {
    kind: 'exit',
    message: `${title} exited${when} (exit code ${exit.exitCode ?? 'unknown'})${lastError(exit.stderr)}`,
  };
}

/** The error that Node.js prints before it exits, or else the last line of stderr. */
function lastError(stderr: readonly string[]): string {
  const lines = stderr.map((line) => line.trim()).filter((line) => line !== '' && !/^Node\.js v\d/.test(line));
  const line = lines.find((text) => /^(?:Uncaught )?[\w.]*Error\b.*: /.test(text)) ?? lines.at(-1);
  return line === undefined ? '.' : `: ${line}`;
}
