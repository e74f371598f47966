import assert from 'node:assert/strict';
import { statusItem } from '../../../client/view.ts';
import type { View } from '../../../client/view.ts';
import type { StatusParams } from '../../../workers/protocol/editor-protocol.ts';

const idle: StatusParams = {
  state: 'idle',
  analyses: 1,
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
      running({ state: 'analysing', percent: 41.9 }),
      running({ state: 'problem', message: 'eslint: the configuration throws' }),
      running({ issues: { error: 0, warning: 0, info: 0, hint: 0 } }),
      running({ detectors: [] }),
      running({ detectors: [...idle.detectors, { name: 'build', title: 'Build', status: 'restricted', issues: 0 }] }),
    ];
    assert.deepEqual(
      views.map(statusItem).map(({ text, label, command }) => [text, label, command]),
      [
        ['$(loading~spin) Bulkhead', 'Bulkhead: starting', 'workbench.actions.view.problems'],
        [
          '$(loading~spin) Bulkhead',
          'Bulkhead: the server ended unexpectedly and is restarting',
          'workbench.actions.view.problems',
        ],
        ['$(error) Bulkhead', 'Bulkhead: the server ended repeatedly and was not restarted', 'bulkhead.showOutput'],
        ['$(circle-slash) Bulkhead', 'Bulkhead: stopped', 'workbench.actions.view.problems'],
        ['$(check) Bulkhead', 'Bulkhead: up to date, 1 error, 2 warnings', 'workbench.actions.view.problems'],
        ['$(loading~spin) Bulkhead', 'Bulkhead: analysing', 'workbench.actions.view.problems'],
        ['$(loading~spin) Bulkhead 41%', 'Bulkhead: analysing, 41 percent', 'workbench.actions.view.problems'],
        ['$(warning) Bulkhead', 'Bulkhead: eslint: the configuration throws', 'bulkhead.showOutput'],
        ['$(check) Bulkhead', 'Bulkhead: up to date, no issues', 'workbench.actions.view.problems'],
        ['$(loading~spin) Bulkhead', 'Bulkhead: starting', 'workbench.actions.view.problems'],
        [
          '$(check) Bulkhead',
          'Bulkhead: up to date, 1 error, 2 warnings; limited until the workspace is trusted',
          'workbench.actions.view.problems',
        ],
      ],
    );
  });

  it('shows detectors, workers and memory in the tooltip', () => {
    const { tooltip } = statusItem(running({}));
    assert.match(tooltip, /^\| \$\(check\) ESLint \| eslint 10\.15\.0 \| 3 \|$/m);
    assert.match(tooltip, /^\| eslint\\#1 \| ready \| 100\u00a0MB \| 150\u00a0MB \| 1 \|$/m);
    assert.match(tooltip, /^eslint\\#1, last exit: killed by SIGKILL$/m);
    assert.match(tooltip, /Memory of all workers: 100\u00a0MB/);
  });

  it('shows which results may be out of date', () => {
    const detectors = [{ name: 'eslint', title: 'ESLint', status: 'done', issues: 3, stale: 2 }] as const;
    const { text, label, tooltip } = statusItem(running({ detectors }));
    assert.equal(text, '$(history) Bulkhead');
    assert.equal(label, 'Bulkhead: results for 2 inputs may be out of date, 1 error, 2 warnings');
    assert.match(tooltip, /2 may be out of date/);
  });

  it('offers the commands that make sense in the state', () => {
    const commands = (view: View) =>
      [...statusItem(view).tooltip.matchAll(/command:bulkhead\.(\w+)/g)].map((m) => m[1]);
    assert.deepEqual(commands(running({})), ['analyze', 'restartWorkers', 'restartServer', 'showOutput']);
    assert.deepEqual(commands(running({ state: 'analysing' })), [
      'cancel',
      'restartWorkers',
      'restartServer',
      'showOutput',
    ]);
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
