import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ErrorAggregator, reportOfExit, reportOfProblem } from '../../../server/pool/error-aggregator.ts';

const failure = { detector: 'lint', severity: 'high', code: 'TOOL_ERROR', message: 'no' } as const;

describe('error aggregator', () => {
  it('counts the same failure instead of repeating it', () => {
    let now = 1;
    const errors = new ErrorAggregator(() => now);
    errors.record(failure);
    now = 5;
    errors.record({ ...failure, cause: 'newer' });
    assert.deepEqual(errors.list(), [{ ...failure, cause: 'newer', first: 1, last: 5, count: 2 }]);
  });

  it('distinguishes failures by detector, code, input and message', () => {
    const errors = new ErrorAggregator();
    errors.record(failure);
    errors.record({ ...failure, detector: 'types' });
    errors.record({ ...failure, code: 'HANG' });
    errors.record({ ...failure, input: 'a.ts' });
    errors.record({ ...failure, message: 'other' });
    assert.equal(errors.list().length, 5);
    assert.equal(errors.list('types').length, 1);
  });

  it('lists the most severe first, then the most recent', () => {
    let now = 0;
    const errors = new ErrorAggregator(() => (now += 1));
    errors.record({ ...failure, message: 'old' });
    errors.record({ ...failure, message: 'small', severity: 'low' });
    errors.record({ ...failure, message: 'new' });
    errors.record({ ...failure, message: 'worst', severity: 'critical' });
    assert.deepEqual(
      errors.list().map(({ message }) => message),
      ['worst', 'new', 'old', 'small'],
    );
  });

  it('is bounded: it drops the least severe and oldest first', () => {
    const errors = new ErrorAggregator();
    errors.record({ ...failure, severity: 'critical', message: 'keep me' });
    for (let index = 0; index < 600; index += 1) {
      errors.record({ ...failure, severity: index % 2 === 0 ? 'low' : 'medium', message: `m${index}` });
    }
    assert.equal(errors.list().length, 500);
    assert.equal(errors.list()[0]?.message, 'keep me');
    assert.equal(
      errors.list().some(({ message }) => message === 'm0'),
      false,
    );
    assert.equal(errors.list().filter(({ severity }) => severity === 'medium').length, 300);
    errors.record({ ...failure, message: 'x'.repeat(100_000) });
    assert.ok((errors.list().find(({ message }) => message.startsWith('xxx'))?.message.length ?? 0) < 5_000);
  });

  it('is reset by detector, or as a whole', () => {
    const errors = new ErrorAggregator();
    errors.record(failure);
    errors.record({ ...failure, detector: 'types' });
    errors.clear('lint');
    assert.deepEqual(
      errors.list().map(({ detector }) => detector),
      ['types'],
    );
    errors.clear();
    assert.deepEqual(errors.list(), []);
  });

  it('knows the code and severity of every exit and problem', () => {
    const exit = { message: 'm', stderr: ['a', 'b'], input: 'x.ts' };
    const codeOf = (kind: Parameters<typeof reportOfExit>[1]['kind'], external = false): string => {
      const { code, severity } = reportOfExit('lint', { ...exit, kind }, external);
      return `${code} ${severity}`;
    };
    assert.equal(codeOf('oom-heap'), 'OOM critical');
    assert.equal(codeOf('oom-kernel'), 'OOM critical');
    assert.equal(codeOf('rss-limit'), 'OOM critical');
    assert.equal(codeOf('signal'), 'WORKER_CRASH critical');
    assert.equal(codeOf('signal', true), 'WORKER_CRASH high');
    assert.equal(codeOf('exit'), 'WORKER_CRASH critical');
    assert.equal(codeOf('protocol'), 'PROTOCOL critical');
    assert.equal(codeOf('hang'), 'HANG high');
    assert.equal(codeOf('start-timeout'), 'TIMEOUT high');
    assert.equal(reportOfExit('lint', { ...exit, kind: 'exit' }, false).cause, 'a\nb');
    const problem = reportOfProblem('lint', {
      code: 'CONFIG_ERROR',
      message: 'm',
      file: 'eslint.config.js',
      fatal: true,
    });
    assert.deepEqual(problem, {
      detector: 'lint',
      severity: 'medium',
      code: 'CONFIG_ERROR',
      message: 'm',
      input: 'eslint.config.js',
    });
  });
});
