/**
 * The entry of the store's thread: does what the store asks, one call after the other. All that blocks on the disk is
 * here, away from the server's loop. Lives as long as its store.
 */
import { once } from 'node:events';
import { statSync } from 'node:fs';
import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { DatabaseFile, SNAPSHOT_NAME } from './database-file.ts';
import type { StoreDatabase } from './database.ts';
import { faultOf, StoreError } from './faults.ts';
import { InputHasher } from './input-hash.ts';
import { LockFile } from './lock-table.ts';
import type { EncodedPart, Fact } from './operations.ts';
import { companions } from './set-aside.ts';
import type { CallMessage, CallName, ThreadCalls, ThreadMessage, ThreadSettings } from './thread-calls.ts';

/** After so long without a call the thread looks after its files. */
const IDLE_MS = 10_000;
/** For so long the start waits for another process that is writing. */
const OPENING_MS = 3000;

const port = parentPort;
if (port === null) throw new Error('store-thread is the entry of a worker thread.');
// A thread that was started ahead is told for which store, once there is one.
const settings = (workerData ?? (await once(port, 'message'))[0]) as ThreadSettings;

const say = (message: ThreadMessage): void => port.postMessage(message);
const now = (): number => Date.now();
/** Between the processes that use this store. */
const storeLocks = new LockFile(settings.dir, now);
/** Between the processes that analyse this root, whatever store they use. */
const locks = settings.locksDir === settings.dir ? storeLocks : new LockFile(settings.locksDir, now);

function open(): DatabaseFile {
  const deadline = performance.now() + OPENING_MS;
  for (;;) {
    try {
      return new DatabaseFile({
        ...settings,
        now,
        log: (level, message) => say({ type: 'log', level, message }),
        exclusively: (work) => storeLocks.exclusively(work),
      });
    } catch (error) {
      if (faultOf(error) !== 'busy' || performance.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50 + Math.random() * 50);
    }
  }
}

function serve(file: DatabaseFile): ThreadCalls {
  let staged: EncodedPart[] = [];
  const hasher = new InputHasher({
    load: () => file.run((database) => allFacts(database, InputHasher.factKind)),
    save: (facts) =>
      file.run((database) =>
        database.write(facts.map((fact) => ({ type: 'put-fact', kind: InputHasher.factKind, ...fact }))),
      ),
    now,
  });
  // The first thing that is asked for; meanwhile the other side still finds out which files there are.
  setImmediate(() => hasher.prepare());
  return {
    stage: (parts, first) => {
      staged = first ? [...parts] : staged.concat(parts);
    },
    commit: (operations) => {
      const complete = operations.map((operation) => {
        if (operation.type !== 'put-unit' || operation.continued !== true) return operation;
        const parts = staged.concat(operation.parts);
        staged = [];
        return { ...operation, parts };
      });
      file.run((database) => database.write(complete));
      file.changed();
    },
    units: (query, from) => {
      const chunk = file.run((database) => database.units(query, from));
      if (chunk.next === undefined) tolerant(() => file.run((database) => database.touchUnits(query.detector)));
      return chunk;
    },
    facts: (kind, from) => {
      const chunk = file.run((database) => database.facts(kind, from));
      if (chunk.next === undefined) tolerant(() => file.run((database) => database.touchFacts(kind)));
      return chunk;
    },
    factsOf: (kind, files) => file.run((database) => database.factsOf(kind, files)),
    notes: (kind) => file.run((database) => database.notes(kind)),
    note: (kind, key) => file.run((database) => database.note(kind, key)),
    history: (limit) => file.run((database) => database.history(limit)),
    hashInputs: (root, files) => hasher.hashAll(root, files),
    readLocks: (names) => locks.read(names),
    swapLocks: (changes) => locks.swap(changes),
    stats: () => ({
      ...file.run((database) => database.stats()),
      fileBytes: file.memoryReason === undefined ? sizeOnDisk(file.file) : 0,
      ...snapshotTime(),
      setAside: file.setAside(),
      recoveries: file.recoveries,
    }),
    verify: () => {
      const report = file.run((database) => database.verify());
      // The check that begins every use of a file finds the same and repairs it.
      if (report.structure.length > 0) file.repair(report.structure);
      return report;
    },
    clear: () => {
      file.run((database) => database.clear());
      file.removeRemains();
      hasher.forget();
    },
    snapshot: () => file.snapshot(),
    close: () => {
      file.close();
      locks.close();
      storeLocks.close();
    },
  };
}

function allFacts(database: StoreDatabase, kind: string): readonly Fact[] {
  const facts: Fact[] = [];
  for (let chunk = database.facts(kind); ; chunk = database.facts(kind, chunk.next)) {
    facts.push(...chunk.items);
    if (chunk.next === undefined) return facts;
  }
}

function sizeOnDisk(file: string): number {
  return ['', ...companions].reduce(
    (sum, ending) => sum + (statSync(file + ending, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

function snapshotTime(): { readonly snapshotAt?: number } {
  if (settings.memoryOnly !== undefined) return {};
  const stat = statSync(path.join(settings.dir, SNAPSHOT_NAME), { throwIfNoEntry: false });
  return stat ? { snapshotAt: stat.mtimeMs } : {};
}

/** For what may be left undone. */
function tolerant(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (faultOf(error) !== 'busy') throw error;
  }
}

function codeOf(error: unknown): StoreError['code'] {
  if (error instanceof StoreError) return error.code;
  return faultOf(error) === 'busy' ? 'BUSY' : 'INTERNAL';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

let file: DatabaseFile;
try {
  file = open();
} catch (error) {
  say({ type: 'failed', code: codeOf(error), message: messageOf(error) });
  throw error;
}
const calls = serve(file);
let memoryReason = file.memoryReason;
let idle: NodeJS.Timeout | undefined;

/** Nobody has asked for it, so nobody is told that it failed but the log. */
function tidy(): void {
  try {
    file.tidy();
  } catch (error) {
    if (faultOf(error) !== 'busy')
      say({ type: 'log', level: 'warn', message: `The store was not tidied: ${messageOf(error)}` });
  }
}

/** The values of a call are those of its name in `ThreadCalls`. */
function call(name: CallName, values: readonly unknown[]): unknown {
  const known = calls as unknown as Readonly<Record<string, (...given: readonly unknown[]) => unknown>>;
  return known[name]?.(...values);
}

port.on('message', ({ id, name, values }: CallMessage) => {
  try {
    const result = call(name, values);
    say({ type: 'answer', id, result });
  } catch (error) {
    say({ type: 'refused', id, code: codeOf(error), message: messageOf(error) });
  }
  if (file.memoryReason !== memoryReason && file.memoryReason !== undefined) {
    memoryReason = file.memoryReason;
    say({ type: 'memory', reason: memoryReason });
  }
  clearTimeout(idle);
  if (name === 'close') port.close();
  else if (file.untidy) idle = setTimeout(tidy, IDLE_MS).unref();
});
say({ type: 'ready', memoryReason });
