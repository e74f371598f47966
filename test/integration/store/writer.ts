/** Writes units to a store until it is ended, and prints the number of each batch that is on disk: `acked <n>`. */
import { openStore } from '../../../server/store/store.ts';
import { fileResult } from './results.ts';

const [dir = '', name = '', batches = '1000000'] = process.argv.slice(2);
const store = await openStore({ dir, openTimeoutMs: 60_000, log: (_level, message) => console.log(`log ${message}`) });
console.log('open');
for (let batch = 0; batch < Number(batches); batch += 1) {
  for (let index = 0; index < 10; index += 1) store.putUnit(fileResult(`${name}/${batch}/${index}`, 3));
  // Shared with the other writers: replaced by each of them again and again.
  store.putUnit(fileResult('shared', (batch % 5) + 1, `${name} ${batch}`));
  if (!(await store.flush())) console.log('late');
  console.log(`acked ${batch}`);
}
await store.close();
