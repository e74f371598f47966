/**
 * What ends a command early: a signal, or an error of our own that nobody caught. Either way the analysis stops, what was
 * found so far is printed, and nothing stays behind. Lives as long as the process.
 */
import { printable } from '../printable.ts';

export const interruptedCode = 130;
export const internalErrorCode = 3;

/** After an error of our own, the process may not be able to end in an orderly way. */
const FAULT_END_MS = 10_000;
/** An error that repeats itself is not told without end. */
const MAX_TOLD = 20;

/** The reason of the signal when an error of our own stops the analysis. */
export class InternalFault extends Error {
  override readonly name = 'InternalFault';
}

export class Interruption {
  readonly #controller = new AbortController();
  readonly #tell: (text: string) => void;
  #faults = 0;

  /** @param tell writes to standard error */
  constructor(tell: (text: string) => void) {
    this.#tell = tell;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  listen(): void {
    // The first one stops the analysis; the second ends the process at once.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (this.signal.aborted) process.exit(this.exitCodeOf(interruptedCode));
        this.#controller.abort();
      });
    }
    process.on('uncaughtException', (error) => this.fault(error));
    process.on('unhandledRejection', (reason) => this.fault(reason));
  }

  /** An error that nobody caught, or that ended the command. */
  fault(error: unknown): void {
    this.#faults += 1;
    if (this.#faults <= MAX_TOLD) this.#tell(`bulkhead: internal error: ${printable(stackOf(error))}\n`);
    if (this.#faults > 1) return;
    process.exitCode = internalErrorCode;
    setTimeout(() => process.exit(internalErrorCode), FAULT_END_MS).unref();
    this.#controller.abort(new InternalFault('stopped by an internal error of Bulkhead'));
  }

  /** The exit code of the process for that of the command. */
  exitCodeOf(code: number): number {
    if (this.#faults > 0) return internalErrorCode;
    return this.signal.aborted ? interruptedCode : code;
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
