import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { WorkerLog } from '../../../server/pool/worker-log.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

describe('the log of a worker', () => {
  it('folds a flood, says how much it left out, and goes on afterwards', async () => {
    const clock = new SimulatedClock();
    const lines: string[] = [];
    const log = new WorkerLog(clock, (level, message) => lines.push(`${level} ${message}`));
    for (let line = 0; line < 200_000; line += 1) log.add('debug', `visiting ${line}`);
    assert.equal(lines.length, 100);
    await clock.advance(10_000);
    assert.deepEqual(lines.slice(100), ['info 199900 more lines within 10 s are not shown.']);
    log.add('warn', 'a word');
    assert.equal(lines.at(-1), 'warn a word');
  });

  it('shows what an editor or a terminal would obey, and cuts what nobody reads', () => {
    const lines: string[] = [];
    const log = new WorkerLog(new SimulatedClock(), (_level, message) => lines.push(message));
    log.add('info', '\u001B]0;title\u0007\n::error file=x::forged\u202E');
    assert.equal(lines[0], '\\x1B]0;title\\x07\n    \\x3A:error file=x::forged\\u202E');
    log.add('info', 'x'.repeat(100_000));
    assert.ok((lines[1]?.length ?? 0) < 4100);
  });
});
