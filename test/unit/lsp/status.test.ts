import assert from 'node:assert/strict';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { isBrokenConfiguration } from '../../../server/engine/broken-configurations.ts';
import type { DetectorState, DetectorStatus } from '../../../server/engine/status.ts';
import { collected, problemsOf } from '../../../server/lsp/status-problems.ts';
import { StatusSender, statusOf, type StatusSource } from '../../../server/lsp/status.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import type { Issue, Severity } from '../../../workers/protocol/detector-protocol.ts';
import type { StatusProblem } from '../../../workers/protocol/editor-protocol.ts';

const root = path.resolve('root');
const range = { start: { line: 3, character: 0 }, end: { line: 3, character: 5 } };

function detector(name: string, state: DetectorState, more: Partial<DetectorStatus> = {}): DetectorStatus {
  return { name, state, problems: [], durationMs: 0, checked: 0, fraction: 1, ...more };
}

function status(more: Partial<StatusSource>) {
  return statusOf({
    opening: false,
    paused: false,
    underWay: false,
    problems: [],
    percent: undefined,
    analyses: 1,
    detectors: [detector('eslint', 'done')],
    health: [],
    counts: () => ({ error: 0, warning: 0, info: 0, hint: 0 }),
    ...more,
  });
}

describe('status of the server', () => {
  it('says in one sentence what is under way or wrong', () => {
    const broken: StatusProblem = { message: 'It is not JSON.', count: 1 };
    const sources: readonly Partial<StatusSource>[] = [
      {},
      { detectors: [] },
      { opening: true, detectors: [] },
      { detectors: [detector('eslint', 'running'), detector('typescript', 'waiting'), detector('knip', 'done')] },
      { detectors: [detector('eslint', 'done'), detector('knip', 'confirming')] },
      { underWay: true },
      { detectors: [detector('eslint', 'failed', { error: 'ESLint crashed.' })], problems: [broken] },
      { problems: [broken] },
      { detectors: [detector('eslint', 'cancelled')] },
      { paused: true, detectors: [detector('eslint', 'cancelled')] },
    ];
    assert.deepEqual(
      sources.map(status).map(({ state, message = '' }) => [state, message.split(/[:.]/, 1)[0]]),
      [
        ['idle', ''],
        ['idle', 'Nothing is analysed'],
        ['analysing', 'Opening the folder'],
        ['analysing', 'Analysing'],
        ['analysing', 'Confirming'],
        ['analysing', 'Confirming that the results are up to date'],
        ['problem', 'ESLint crashed'],
        ['problem', 'It is not JSON'],
        ['problem', 'The analysis was cancelled'],
        ['paused', 'The analysis is paused'],
      ],
    );
  });

  it('tells no percentage when the user waits for nothing', () => {
    assert.equal(status({ percent: 40 }).percent, undefined);
    assert.equal(status({ percent: 40, detectors: [detector('eslint', 'running')] }).percent, 40);
    assert.equal(status({ percent: 40, paused: true }).percent, undefined);
  });
});

describe('problems in the status', () => {
  it('lead to their places, and name the detector', () => {
    const fatal = {
      code: 'CONFIG_ERROR',
      message: 'It throws.',
      file: 'eslint.config.js',
      range,
      fatal: true,
    } as const;
    const harmless = { ...fatal, message: 'Never mind.', fatal: false };
    const folder = {
      root,
      configurationIssues: [],
      brokenConfigurations: [],
      status: () => [
        detector('eslint', 'failed', { error: 'It throws.', problems: [fatal, harmless] }),
        detector('typescript', 'partial', { error: 'TypeScript ran out of memory.' }),
        detector('knip', 'done', { problems: [harmless] }),
      ],
    };
    assert.deepEqual(problemsOf(folder), [
      {
        detector: 'eslint',
        message: 'It throws.',
        uri: pathToFileURL(path.join(root, 'eslint.config.js')).href,
        range,
      },
      { detector: 'typescript', message: 'TypeScript ran out of memory.' },
    ]);
  });

  it('name configurations of tools that cannot be used as they are written', () => {
    const issue = (detector: string, rule: string, file: string, severity: Severity = 'error'): Issue => {
      return {
        detector,
        rule,
        file,
        severity,
        message: 'Unknown option.\nMore.',
        range,
        fingerprint: '',
        fixable: false,
      };
    };
    const broken = [
      issue('typescript', 'TS1005', 'tsconfig.json'),
      issue('typescript', 'TS5083', 'packages/a/tsconfig.build.json'),
      issue('typescript', 'TS18003', 'jsconfig.json'),
      issue('package', 'invalid-json', 'packages/a/package.json'),
    ];
    const others = [
      issue('typescript', 'TS1005', 'src/a.ts'),
      issue('typescript', 'TS1005', 'data.json'),
      issue('typescript', 'TS5101', 'tsconfig.json'),
      issue('typescript', 'TS6306', 'tsconfig.json'),
      issue('package', 'invalid-field', 'package.json'),
      issue('eslint', 'TS1005', 'tsconfig.json'),
    ];
    assert.deepEqual([...broken, ...others].filter(isBrokenConfiguration), broken);
    const folder = { root, configurationIssues: [], brokenConfigurations: broken.slice(1, 2), status: () => [detector('typescript', 'done')] }; // prettier-ignore
    const problems = collected(problemsOf(folder));
    assert.deepEqual(
      problems.map(({ message, detector: name }) => [message, name]),
      [
        [
          'packages/a/tsconfig.build.json cannot be used as it is written: Unknown option. (typescript TS5083)',
          undefined,
        ],
      ],
    );
    assert.equal(status({ problems }).state, 'problem');
  });

  it('are one with a count if they say the same, and are bounded', () => {
    const storm = Array.from({ length: 390 }, (_, index) => ({
      detector: 'eslint',
      message: 'It throws.',
      uri: `file:///${index}`,
    }));
    assert.deepEqual(collected(storm), [{ detector: 'eslint', message: 'It throws.', uri: 'file:///0', count: 390 }]);
    const many = Array.from({ length: 390 }, (_, index) => ({ message: `Problem ${index}.` }));
    assert.equal(collected(many).length, 50);
  });
});

describe('sending of the status', () => {
  it('tells a change at once, and a storm four times a second, the last state always', async () => {
    const clock = new SimulatedClock();
    const sent: [at: number, state: string][] = [];
    let present = status({});
    const sender = new StatusSender(
      () => present,
      ({ state }) => sent.push([clock.now(), state]),
      clock,
    );
    sender.changed();
    await clock.advance(1000);
    for (let ms = 0; ms < 300; ms += 10) {
      present = status({ underWay: true, analyses: ms });
      sender.changed();
      await clock.advance(10);
    }
    present = status({ analyses: 300 });
    sender.changed();
    sender.changed();
    await clock.advance(1000);
    assert.deepEqual(sent, [
      [0, 'idle'],
      [1000, 'analysing'],
      [1250, 'analysing'],
      [1500, 'idle'],
    ]);
  });
});
