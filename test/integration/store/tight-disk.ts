/**
 * Uses a store on a disk that gives out. `full <folder> <means>`: writes until there is no room and beyond.
 * `read-only <folder> <means>`: fills a store, then the disk can no longer be written. The means is `mount`, of a small
 * disk that only this process and its like see (run by `unshare --user --map-root-user --mount`), or `limit`: of the
 * size of files (run under `ulimit -f`), or of permissions.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { StoreError } from '../../../server/store/faults.ts';
import { openStore, type Store } from '../../../server/store/store.ts';
import { fileResult } from './results.ts';

const [mode, disk = '', means] = process.argv.slice(2);
const mounted = means === 'mount';
if (mounted) execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]);
else if (process.getuid?.() === 0) becomeNobody();
const dir = path.join(disk, 'store');
const messages: string[] = [];
const open = (fallbackToMemory = true): Promise<Store> =>
  openStore({ dir, fallbackToMemory, log: (_level, message) => void messages.push(message) });
const unitsOf = async (store: Store): Promise<ReadonlyMap<string, string>> => {
  const units = new Map<string, string>();
  for await (const { files, unit } of store.loadUnits()) units.set(unit, JSON.stringify([...files]));
  return units;
};
const issuesOf = (unit: string): string => JSON.stringify([...fileResult(unit, 100).files]);

if (mode === 'full') {
  const store = await open();
  for (let index = 0; index < 400; index += 1) {
    store.putUnit(fileResult(`${index}.ts`, 100));
    if (index % 20 === 0) await store.flush();
  }
  const all = await unitsOf(store);
  assert.equal(all.size, 400, 'something was lost when the disk was full');
  for (const [unit, issues] of all) assert.equal(issues, issuesOf(unit));
  assert.equal((await store.stats()).mode, 'memory');
  assertOneMessage(
    store,
    mounted ? /the disk is full\. .* Free some space there/ : /disk I\/O error\. .* Check the disk/,
  );
  await store.close();

  messages.length = 0;
  const again = await open();
  const kept = await unitsOf(again);
  assert.ok(kept.size > 20, `only ${kept.size} units reached the disk`);
  for (const [unit, issues] of kept) assert.equal(issues, issuesOf(unit));
  again.putUnit(fileResult('again.ts', 1));
  assert.ok((await unitsOf(again)).has('again.ts'));
  await again.close();
} else {
  const before = await open();
  before.putUnit(fileResult('a.ts', 100));
  await before.close();
  if (mounted) execFileSync('mount', ['-o', 'remount,ro', disk]);
  else for (const at of [...readdirSync(dir).map((name) => path.join(dir, name)), dir, disk]) chmodSync(at, 0o555);
  await assert.rejects(open(false), (error) => error instanceof StoreError && error.code === 'UNAVAILABLE');
  messages.length = 0;
  const store = await open();
  assert.deepEqual([...(await unitsOf(store))], [['a.ts', issuesOf('a.ts')]], 'what can be read was not read');
  store.putUnit(fileResult('b.ts', 100));
  assert.deepEqual([...(await unitsOf(store)).keys()], ['a.ts', 'b.ts']);
  assertOneMessage(
    store,
    mounted ? /it is read-only\. .* Make the folder writable/ : /no permission .* Make the folder writable/,
  );
  await store.close();
}
console.log('passed');

function assertOneMessage(store: Store, pattern: RegExp): void {
  assert.equal(messages.length, 1, messages.join('\n'));
  assert.match(messages[0] ?? '', pattern);
  assert.ok(messages[0]?.includes(dir));
  assert.equal(store.degraded, messages[0]);
}

/** Permissions and limits are not for root. */
function becomeNobody(): void {
  const nobody = 65_534;
  for (let at = disk; at !== os.tmpdir() && at !== path.dirname(at); at = path.dirname(at))
    chownSync(at, nobody, nobody);
  process.setgid?.(nobody);
  process.setuid?.(nobody);
}
