/**
 * Takes a lock, prints `held <version>` and holds it until it is killed. Prints `waiting` if another process has the lock.
 * With `count`, takes it that many times, briefly.
 */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Locks, type Lock } from '../../../server/store/locks.ts';
import { openStore } from '../../../server/store/store.ts';

const [dir = '', name = '', count, journal = ''] = process.argv.slice(2);
// A busy machine may need longer than the default, after which locks would exclude nobody.
const store = await openStore({ dir, openTimeoutMs: 60_000 });
const locks = new Locks({ table: store.lockTable, label: 'test' });

async function acquire(): Promise<Lock> {
  for (let attempt = 0; ; attempt += 1) {
    const lock = await locks.tryAcquire(name);
    if (lock) return lock;
    if (attempt === 0) console.log('waiting');
    await sleep(2 + Math.random() * 20);
  }
}

if (count === undefined) {
  const { version } = await acquire();
  console.log(`held ${version}`);
  setInterval(() => {}, 60_000);
} else {
  for (let time = 0; time < Number(count); time += 1) {
    const lock = await acquire();
    appendFileSync(journal, `enter ${lock.version}\n`);
    await sleep(Math.random() * 4);
    appendFileSync(journal, `leave ${lock.version}\n`);
    await lock.release();
  }
  await store.close();
}
