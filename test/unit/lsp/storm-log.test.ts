import assert from 'node:assert/strict';
import { StormLog } from '../../../server/lsp/storm-log.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

describe('log of the server', () => {
  it('writes a message at once, and a storm of its like as one line with a count', async () => {
    const clock = new SimulatedClock();
    const lines: string[] = [];
    const log = new StormLog((level, message) => lines.push(`${level} ${message}`), clock);
    for (let index = 1; index <= 390; index += 1) log.add('warn', `eslint#${index}: It failed.`);
    log.add('info', 'Else.');
    assert.deepEqual(lines, ['warn eslint#1: It failed.', 'info Else.']);
    await clock.advance(6000);
    assert.deepEqual(lines.slice(2), ['warn 389 more messages in 5 s like: eslint#1: It failed.']);
    log.add('warn', 'eslint#1: It failed.');
    await clock.advance(6000);
    assert.equal(lines.length, 4, 'a message that comes later is written again, without a count');
    log.add('warn', 'eslint#1: It failed.');
    log.dispose();
    assert.equal(clock.timers, 0);
  });
});
