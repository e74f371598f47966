/** Takes a lock, prints `held <version>`, and holds it until it is ended or, with `count`, that many times shortly. */
import { Locks, openStore } from '../../../server/store/index.ts';
import { appendFileSync } from 'node:fs';

const [dir = '', name = '', count, journal = ''] = process.argv.slice(2);
const store = await openStore({ dir });
const locks = new Locks({ table: store.lockTable, label: 'test' });
if (count === undefined) {
  const lock = await locks.acquire(name);
  console.log(`held ${lock.versions.get(name)}`);
  setInterval(() => {}, 60_000);
} else {
  for (let time = 0; time < Number(count); time += 1) {
    await locks.withLock(name, async ({ versions }) => {
      appendFileSync(journal, `enter ${versions.get(name)}\n`);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
      appendFileSync(journal, `leave ${versions.get(name)}\n`);
    });
  }
  await store.close();
}
