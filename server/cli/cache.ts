/** `bulkhead cache`: the results of a folder that are stored between runs. */
import path from 'node:path';
import { openStorage } from '../folder/storage.ts';
import { storedInputs } from '../pool/quarantine-storage.ts';
import { asRunEntry, describeRun } from '../store/run-history.ts';
import type { CacheAction } from './arguments.ts';
import type { Output } from './output.ts';
import { printableLine } from '../printable.ts';

/** The newest entries of the history. */
const RUNS_SHOWN = 10;

/** @returns the exit code: 1 when damage was found and repaired */
export async function cache(action: CacheAction, folder: string, out: Output): Promise<number> {
  const root = path.resolve(folder);
  const storage = await openStorage(root, 'user-cache', (_level, message) => out.write(`${printableLine(message)}\n`));
  if (storage === undefined) return 1;
  await using store = storage.store;
  const { dir } = store;
  switch (action) {
    case 'info': {
      const { mode, units, facts, bytes } = await store.stats();
      out.write(`${dir}\n${mode}, ${units} results, ${facts} facts, ${(bytes / 1024 / 1024).toFixed(1)} MB\n`);
      for (const { detector, file, reason } of await storedInputs(store.quarantine, root)) {
        out.write(`${printableLine(`quarantined: ${file} (${detector}): ${reason.message}`)}\n`);
      }
      for (const { at, entry } of await store.history.list(RUNS_SHOWN)) {
        const run = asRunEntry(entry);
        if (run) out.write(`${new Date(at).toISOString()}  ${describeRun(run)}\n`);
      }
      return 0;
    }
    case 'verify': {
      const { structure, records, damaged } = await store.verify();
      for (const line of structure) out.write(`${line}\n`);
      out.write(
        `${records} records, ${damaged} damaged${damaged > 0 ? ' and removed; the files will be analysed again' : ''}\n`,
      );
      return structure.length === 0 && damaged === 0 ? 0 : 1;
    }
    case 'clear':
      await store.clear();
      out.write(`Cleared ${dir}\n`);
      return 0;
  }
}
