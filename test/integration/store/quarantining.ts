/**
 * A process with a pool and the store of a root: `quarantining.ts <root> <store> <file>…` checks the files with the
 * scripted detector, and prints which of them are in quarantine and how many workers that took.
 */
import path from 'node:path';
import { createPool } from '../../../server/pool/pool.ts';
import { openStore } from '../../../server/store/store.ts';
import type { Unit } from '../../../workers/protocol/detector-protocol.ts';

const [root = '.', dir = '.', ...files] = process.argv.slice(2);
const modules = { scripted: path.join(import.meta.dirname, '../../fixtures/workers/scripted.ts') };
const pool = createPool({
  detectors: { scripted: { title: 'Scripted', group: 'scripted', modules } },
  maxWorkers: 1,
});
const store = await openStore({ dir });
const closeQuarantine = pool.openQuarantine(root, store.quarantine);
const outcome = await pool.check({
  request: {
    detector: 'scripted',
    root,
    options: {},
    revision: 1,
    units: files.map((file): Unit => ({ id: file, kind: 'file', group: 'all', file })),
    overlays: [],
    first: [],
  },
  priority: 'open',
  signal: new AbortController().signal,
  onEvent: () => {},
});
const quarantined = outcome.kind === 'done' ? outcome.quarantined.map(({ file }) => file).sort() : [outcome.kind];
const deaths = pool.errors().reduce((sum, { count }) => sum + count, 0);
await Promise.all([pool.dispose(), closeQuarantine()]);
await store.close();
console.log(JSON.stringify({ quarantined, deaths }));
