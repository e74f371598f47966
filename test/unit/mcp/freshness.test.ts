import assert from 'node:assert/strict';
import type { DetectorStatus } from '../../../server/engine/status.ts';
import { answerable, type AnalysedFolder } from '../../../server/mcp/freshness.ts';

const done: DetectorStatus = { name: 'eslint', state: 'done', problems: [], durationMs: 1, checked: 1, fraction: 1 };

function folder(overrides: Partial<AnalysedFolder> = {}): AnalysedFolder {
  return {
    compare: () => Promise.resolve(true),
    idle: () => Promise.resolve(),
    issues: () => [],
    status: () => [done],
    quarantined: [],
    content: 'db69ca84cf01aaaa',
    generation: 3,
    busy: false,
    unsaved: 0,
    ...overrides,
  };
}

describe('the freshness of an answer', () => {
  const never = new AbortController().signal;
  const ask = (of: AnalysedFolder, waitMs = 5000) => answerable(Promise.resolve(of), waitMs, never);
  const forever = (): Promise<never> => new Promise(() => {});

  it('is complete when the disk was compared after the question, and nothing is missing', async () => {
    const results = [false, false, true];
    const { state, content, revision } = await ask(folder({ compare: () => Promise.resolve(results.shift() ?? true) }));
    assert.deepEqual([state, content, revision, results], ['complete', 'db69ca84cf01', 3, []]);
  });

  it('is running, without a name of the content, when that takes too long', async () => {
    const running = { ...done, state: 'running' } as const;
    const { state, content, running: names } = await ask(folder({ compare: forever, status: () => [running] }), 5);
    assert.deepEqual([state, content, names], ['running', undefined, ['eslint']]);
    assert.equal((await answerable(forever(), 5, never)).state, 'running');
    const busy = folder({
      compare: () => Promise.resolve(false),
      idle: forever,
      status: () => [{ ...done, state: 'confirming' }],
    });
    assert.equal((await ask(busy, 5)).state, 'confirming');
  });

  it('is incomplete for whatever may hide issues, and says what', async () => {
    const problem = { code: 'UNREADABLE', message: 'a.ts cannot be read', fatal: false } as const;
    const statuses: readonly Partial<DetectorStatus>[] = [
      { state: 'failed', error: 'broken' },
      { state: 'partial', error: 'one file' },
      { state: 'degraded', error: 'not installed' },
      { state: 'cancelled' },
      { state: 'restricted' },
      { stale: 2 },
      { problems: [problem] },
      { state: 'not-applicable' },
    ];
    for (const status of statuses) {
      const { state, gaps } = await ask(folder({ status: () => [{ ...done, ...status }] }));
      assert.deepEqual([state, gaps.length], ['incomplete', 1], JSON.stringify(status));
    }
    assert.equal((await ask(folder({ status: () => [] }))).state, 'incomplete');
  });

  it('is never complete where nothing can be compared', async () => {
    const { state, gaps } = await ask(folder({ content: undefined }));
    assert.deepEqual([state, gaps.map(({ what }) => what)], ['running', ['disk']]);
  });

  it('ends with the signal of the question', async () => {
    const stop = new AbortController();
    const asked = answerable(Promise.resolve(folder({ compare: forever })), 60_000, stop.signal);
    stop.abort(new Error('enough'));
    await assert.rejects(asked, /enough/);
  });
});
