/** The report of a problem besides its redaction: what was remembered, and where it goes. */
import assert from 'node:assert/strict';
import { RecentHealth } from '../../../client/report/history.ts';
import { newIssuePage } from '../../../client/report/tracker.ts';

describe('report of a problem', () => {
  it('remembers every state, and one sample of it in two seconds', () => {
    const history = new RecentHealth();
    for (let at = 0; at < 10_000; at += 100) history.add(at, { phase: at < 5000 ? 'starting' : 'failed' });
    assert.deepEqual(
      history.samples.map(({ at, state }) => `${at} ${state}`),
      ['0 starting', '2000 starting', '4000 starting', '5000 failed', '7000 failed', '9000 failed'],
    );
    for (let at = 0; at < 1500; at++) history.add(10_000 + at, { phase: at % 2 === 0 ? 'starting' : 'failed' });
    assert.equal(history.samples.length, 1000);
  });

  it('is told where the extension says, if that is on the web', () => {
    const pages = [
      { bugs: { url: 'https://host.example/owner/name/issues' } },
      { bugs: 'https://host.example/owner/name/issues/' },
      { bugs: { url: 'https://host.example/tracker' } },
      { bugs: { url: 'file:///etc/passwd' } },
      { bugs: { email: 'someone@host.example' } },
      {},
      undefined,
    ].map(newIssuePage);
    const page = 'https://host.example/owner/name/issues/new';
    assert.deepEqual(pages, [page, page, 'https://host.example/tracker', undefined, undefined, undefined, undefined]);
  });
});
