/** Executes the calls of a store in its thread, one after the other. Lives as long as its store. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { DatabaseFile } from './database-file.ts';
import type { StoreDatabase } from './database.ts';
import { faultOf } from './faults.ts';
import { InputHasher } from './input-hash.ts';
import { LockFile } from './lock-table.ts';
import type { EncodedPart, Fact } from './operations.ts';
import { companions } from './set-aside.ts';
import { SNAPSHOT_NAME } from './snapshot.ts';
import type { ThreadCalls, ThreadSettings } from './thread-calls.ts';

/** How long opening waits for another process that writes. */
const OPENING_MS = 3000;

export type Log = (level: 'warn' | 'info', message: string) => void;

export interface StoreService {
  readonly file: DatabaseFile;
  readonly calls: Omit<ThreadCalls, 'open'>;
}

const now = (): number => Date.now();

/** @throws StoreError when the folder cannot be used and the settings do not allow to continue in memory */
export function openService(settings: ThreadSettings, log: Log): StoreService {
  /** Locks between the processes that use this store. */
  const storeLocks = new LockFile(settings.dir, now);
  const file = openFile(settings, storeLocks, log);
  return { file, calls: callsOn(file, settings, storeLocks) };
}

function openFile(settings: ThreadSettings, storeLocks: LockFile, log: Log): DatabaseFile {
  const deadline = performance.now() + OPENING_MS;
  for (;;) {
    try {
      return new DatabaseFile({ ...settings, now, log, exclusively: (work) => storeLocks.exclusively(work) });
    } catch (error) {
      if (faultOf(error) !== 'busy' || performance.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50 + Math.random() * 50);
    }
  }
}

/** @returns the calls on an open file */
function callsOn(file: DatabaseFile, settings: ThreadSettings, storeLocks: LockFile): Omit<ThreadCalls, 'open'> {
  /** Locks between the processes that analyse this root, whichever store they use. */
  const locks = settings.locksDir === settings.dir ? storeLocks : new LockFile(settings.locksDir, now);
  let staged: EncodedPart[] = [];
  const hasher = new InputHasher({
    load: () => file.run((database) => allFacts(database, InputHasher.factKind)),
    save: (facts) =>
      file.run((database) =>
        database.write(facts.map((fact) => ({ type: 'put-fact', kind: InputHasher.factKind, ...fact }))),
      ),
    now,
  });
  // Hashes are needed first. Meanwhile the server still lists the files.
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
    notes: (kind) => file.run((database) => database.notes(kind)),
    note: (kind, key) => file.run((database) => database.note(kind, key)),
    history: (limit) => file.run((database) => database.history(limit)),
    hashInputs: (root, files) => hasher.hashAll(root, files),
    readLock: (name) => locks.read(name),
    swapLock: (change) => locks.swap(change),
    stats: () => ({
      ...file.run((database) => database.stats()),
      fileBytes: file.memoryReason === undefined ? sizeOnDisk(file.file) : 0,
      ...snapshotTime(settings),
      setAside: file.setAside(),
      recoveries: file.recoveries,
    }),
    verify: () => {
      const report = file.run((database) => database.verify());
      // Every start checks the file; this repairs it at once.
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

function snapshotTime(settings: ThreadSettings): { readonly snapshotAt?: number } {
  if (settings.memoryOnly !== undefined) return {};
  const stat = statSync(path.join(settings.dir, SNAPSHOT_NAME), { throwIfNoEntry: false });
  return stat ? { snapshotAt: stat.mtimeMs } : {};
}

/** For work that may be skipped while another process writes. */
function tolerant(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (faultOf(error) !== 'busy') throw error;
  }
}
