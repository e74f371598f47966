/**
 * What stderr says of a heap that ran out, and whose it was: processes that a worker starts often write to the same
 * stderr. Lives as long as the process.
 */
import { isV8OutOfMemory } from '../exit.ts';

/** V8 lists its last garbage collections before it gives up, each line with the process: `[4711:0x5c3…]`. */
const COLLECTION = /^\[(\d+):(?:0x)?[\da-f]+\]/i;

/** How V8 ends a process: by abort() or a trap; on Windows by an exit code. */
const ABORT_SIGNALS = new Set<string | null>(['SIGABRT', 'SIGTRAP', 'SIGILL', 'SIGSEGV', 'SIGBUS']);
const ABORT_CODES = new Set<number | null>([134, 0x80000003, 0xc000001d, 0xc0000005]);

export class HeapWitness {
  #lastCollection: number | undefined;
  /** The processes whose heap ran out; undefined for one that is not known. */
  readonly #pids = new Set<number | undefined>();

  /** A long native stack trace follows V8's words and drives them out of the tail, so each line is looked at. */
  read(line: string): void {
    const collection = COLLECTION.exec(line)?.[1];
    if (collection !== undefined) this.#lastCollection = Number(collection);
    if (!isV8OutOfMemory(line)) return;
    this.#pids.add(this.#lastCollection);
    this.#lastCollection = undefined;
  }

  /** Undefined when no heap ran out. */
  whose(pid: number | undefined, code: number | null, signal: string | null): 'own' | 'child' | undefined {
    if (this.#pids.size === 0) return undefined;
    if (this.#pids.has(pid)) return 'own';
    const aborted = ABORT_SIGNALS.has(signal) || ABORT_CODES.has(code);
    return aborted && this.#pids.has(undefined) ? 'own' : 'child';
  }
}
