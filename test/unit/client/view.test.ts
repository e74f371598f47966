import assert from 'node:assert/strict';
import { statusItem } from '../../../client/view.ts';
import type { View } from '../../../client/view.ts';
import type { StatusParams } from '../../../workers/protocol/editor-protocol.ts';

const idle: StatusParams = {
  state: 'idle',
  analyses: 1,
  problems: [],
  detectors: [{ name: 'eslint', title: 'ESLint', status: 'done', engine: 'eslint 10.15.0', issues: 3 }],
  workers: [
    {
      name: 'eslint#1',
      detector: 'eslint',
      state: 'ready',
      pid: 42,
      memoryBytes: 100 * 1024 * 1024,
      peakMemoryBytes: 150 * 1024 * 1024,
      restarts: 1,
      lastExit: 'killed by SIGKILL',
    },
  ],
  issues: { error: 1, warning: 2, info: 0, hint: 0 },
  memoryBytes: 100 * 1024 * 1024,
};

const none = { error: 0, warning: 0, info: 0, hint: 0 };
const failed = { name: 'eslint', title: 'ESLint', status: 'failed', issues: 3 } as const;

const running = (status: Partial<StatusParams>): View => ({ phase: 'running', status: { ...idle, ...status } });

describe('status bar item', () => {
  it('names every state with an icon, and in words for screen readers', () => {
    const views: readonly View[] = [
      { phase: 'starting' },
      { phase: 'restarting' },
      { phase: 'failed' },
      { phase: 'stopped' },
      running({}),
      running({ state: 'analysing' }),
      running({ state: 'analysing', percent: 41 }),
      running({ state: 'problem', message: 'eslint: the configuration throws.', detectors: [failed] }),
      running({ state: 'problem', message: 'It is not JSON', problems: [{ message: 'It is not JSON', count: 1 }] }),
      running({ state: 'paused' }),
      running({ issues: { error: 0, warning: 0, info: 2, hint: 1 } }),
      running({ issues: none }),
      running({ state: 'analysing', detectors: [], issues: none }),
      running({ detectors: [], message: 'Nothing is analysed: all detectors are off', issues: none }),
      running({ detectors: [...idle.detectors, { name: 'build', title: 'Build', status: 'restricted', issues: 0 }] }),
    ];
    assert.deepEqual(
      views.map(statusItem).map(({ text, label }) => [text, label]),
      [
        ['$(loading~spin) Bulkhead', 'Bulkhead: starting'],
        ['$(loading~spin) Bulkhead', 'Bulkhead: the server ended unexpectedly and is restarting'],
        ['$(error) Bulkhead: stopped', 'Bulkhead: the server ended repeatedly and was not restarted'],
        ['$(circle-slash) Bulkhead: stopped', 'Bulkhead: stopped'],
        ['$(check) Bulkhead $(error) 1 $(warning) 2', 'Bulkhead: up to date, 1 error, 2 warnings'],
        ['$(loading~spin) Bulkhead $(error) 1 $(warning) 2', 'Bulkhead: confirming the results, 1 error, 2 warnings'],
        [
          '$(loading~spin) Bulkhead: 41% $(error) 1 $(warning) 2',
          'Bulkhead: analysing, 41 percent, 1 error, 2 warnings',
        ],
        [
          '$(warning) Bulkhead: ESLint $(error) 1 $(warning) 2',
          'Bulkhead: eslint: the configuration throws; 1 error, 2 warnings',
        ],
        ['$(warning) Bulkhead: configuration $(error) 1 $(warning) 2', 'Bulkhead: It is not JSON; 1 error, 2 warnings'],
        ['$(debug-pause) Bulkhead: paused $(error) 1 $(warning) 2', 'Bulkhead: paused, 1 error, 2 warnings'],
        ['$(check) Bulkhead $(info) 3', 'Bulkhead: up to date, 2 infos, 1 hint'],
        ['$(check) Bulkhead', 'Bulkhead: up to date, no issues'],
        ['$(loading~spin) Bulkhead', 'Bulkhead: starting'],
        ['$(circle-slash) Bulkhead', 'Bulkhead: Nothing is analysed: all detectors are off'],
        [
          '$(check) Bulkhead $(error) 1 $(warning) 2 $(shield)',
          'Bulkhead: up to date, 1 error, 2 warnings, limited until the workspace is trusted',
        ],
      ],
    );
  });

  it('opens the menu in every state', () => {
    const views: readonly View[] = [{ phase: 'failed' }, running({}), running({ state: 'problem' })];
    assert.deepEqual(new Set(views.map((view) => statusItem(view).command)), new Set(['bulkhead.showStatus']));
  });

  it('shows what is wrong in the tooltip, a storm as one line', () => {
    const problems = [
      { message: 'A rule throws', count: 390 },
      { message: 'b', count: 1 },
      { message: 'c', count: 1 },
      { message: 'd', count: 1 },
    ];
    const { tooltip } = statusItem(running({ state: 'problem', problems }));
    assert.match(tooltip, /A rule throws \\\(390 places\\\)/);
    assert.match(tooltip, /and 2 more/);
  });

  it('shows detectors, workers and memory in the tooltip', () => {
    const { tooltip } = statusItem(running({}));
    assert.match(tooltip, /^\| \$\(check\) ESLint \| eslint 10\.15\.0 \| 3 \|$/m);
    assert.match(tooltip, /^\| eslint\\#1 \| ready \| 100\u00a0MB \| 150\u00a0MB \| 1 \|$/m);
    assert.match(tooltip, /^eslint\\#1, last exit: killed by SIGKILL$/m);
    assert.match(tooltip, /Memory of all workers: 100\u00a0MB/);
  });

  it('shows which results may be out of date', () => {
    const detectors = [{ name: 'eslint', title: 'ESLint', status: 'cancelled', issues: 3, stale: 2 }] as const;
    const { text, label, tooltip } = statusItem(running({ state: 'problem', message: 'It was cancelled', detectors }));
    assert.equal(text, '$(warning) Bulkhead: ESLint $(error) 1 $(warning) 2 $(history) 2');
    assert.equal(label, 'Bulkhead: It was cancelled; 1 error, 2 warnings, results for 2 inputs may be out of date');
    assert.match(tooltip, /2 may be out of date/);
  });

  it('offers the commands that make sense in the state', () => {
    const commands = (view: View) =>
      [...statusItem(view).tooltip.matchAll(/command:bulkhead\.(\w+)/g)].map((m) => m[1]);
    const always = ['openHealth', 'restartServer', 'showOutput'];
    assert.deepEqual(commands(running({})), ['analyze', 'pause', ...always]);
    assert.deepEqual(commands(running({ state: 'analysing' })), ['cancel', 'pause', ...always]);
    assert.deepEqual(commands(running({ state: 'paused' })), ['resume', ...always]);
    assert.deepEqual(commands({ phase: 'failed' }), ['restartServer', 'showOutput']);
  });

  it('does not let text of the workspace become a link, an icon or a row', () => {
    const hostile = '[x](command:bulkhead.cancel)\n| $(bug) | **b** <img src=x>';
    const { tooltip } = statusItem(
      running({ detectors: [{ name: 'eslint', title: 'ESLint', status: 'failed', issues: 0, error: hostile }] }),
    );
    const row = tooltip.split('\n').find((line) => line.includes('ESLint') && line.includes('error'));
    assert.equal(
      row,
      '| $(error) ESLint | \\[x\\]\\(command:bulkhead.cancel\\) \\| \\$\\(bug\\) \\| \\*\\*b\\*\\* \\<img src=x\\> | 0 |',
    );
  });
});
