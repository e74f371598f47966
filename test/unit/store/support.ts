/** Issues and folders for tests of the store. */
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { StoreDatabase } from '../../../server/store/database.ts';
import { DatabaseFile, type DatabaseFileOptions } from '../../../server/store/database-file.ts';
import { partsOf } from '../../../server/store/issue-parts.ts';
import type { LoadedUnit, WriteOperation } from '../../../server/store/operations.ts';
import { ensureSchema } from '../../../server/store/schema.ts';
import { Connection } from '../../../server/store/sqlite.ts';
import type { StoredUnit } from '../../../server/store/store.ts';
import type { UnitResult } from '../../../server/store/write-queue.ts';
import type { Issue } from '../../../workers/protocol/detector-protocol.ts';

export function issue(detector: string, file: string, line: number, message = `problem in line ${line}`): Issue {
  return {
    ...{ detector, file, message, rule: 'some-rule', severity: 'warning', fixable: true },
    range: { start: { line, character: 2 }, end: { line, character: 9 } },
    fingerprint: `${detector}:${file}:${line}:${message}`,
    fixes: [
      {
        title: 'Mend',
        kind: 'fix',
        edits: [{ range: { start: { line, character: 2 }, end: { line, character: 3 } }, newText: 'é' }],
      },
    ],
  };
}

/** A unit of one file with issues in lines 0 to `count`. */
export function fileResult(file: string, count: number, fingerprint = `of ${file}`): UnitResult {
  const issues = Array.from({ length: count }, (_, line) => issue('eslint', file, line));
  const files = new Map(count === 0 ? [] : [[file, issues]]);
  return { detector: 'eslint', unit: file, fingerprint, engine: 'eslint 10', files };
}

export function putUnit(result: UnitResult): WriteOperation {
  const { files, ...unit } = result;
  return { type: 'put-unit', ...unit, parts: [...partsOf(files)] };
}

/** Without the revision, which counts commits. */
export function content({ detector, unit, fingerprint, engine, files }: UnitResult | StoredUnit): UnitResult {
  return { detector, unit, fingerprint, engine, files };
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** All units of a database, chunk after chunk. */
export function unitsIn(database: StoreDatabase, detector?: string): readonly LoadedUnit[] {
  const units: LoadedUnit[] = [];
  for (let chunk = database.units({ detector }); ; chunk = database.units({ detector }, chunk.next)) {
    units.push(...chunk.items);
    if (chunk.next === undefined) return units;
  }
}

export function memoryDatabase(maxBytes = Infinity, now = (): number => Date.now()): StoreDatabase {
  const connection = new Connection(':memory:');
  ensureSchema(connection);
  return new StoreDatabase(connection, { maxBytes, now });
}

/** Folders that are removed after each test; `inMemory` where the system has a disk there. */
export function temporaryFolders(inMemory = false): (name?: string) => string {
  const base = inMemory && existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();
  const made: string[] = [];
  afterEach(() => {
    for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  });
  return (name = 'store') => {
    const dir = realpathSync(mkdtempSync(path.join(base, `bulkhead-${name}-`)));
    made.push(dir);
    return dir;
  };
}

export interface OpenedFile {
  readonly file: DatabaseFile;
  readonly messages: string[];
}

/** Opens a store without its thread. */
export function openFile(dir: string, options: Partial<DatabaseFileOptions> = {}): OpenedFile {
  const messages: string[] = [];
  const file = new DatabaseFile({
    ...{ dir, maxBytes: Infinity, fallbackToMemory: true, now: () => Date.now(), durable: false },
    log: (_level, message) => void messages.push(message),
    ...options,
  });
  return { file, messages };
}
