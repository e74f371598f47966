import assert from 'node:assert/strict';
import { commands, runCommand, type CommandHost } from '../../../server/lsp/commands.ts';
import type { StatusParams } from '../../../workers/protocol/editor-protocol.ts';

const idle: StatusParams = {
  state: 'idle',
  analyses: 1,
  problems: [],
  detectors: [{ name: 'eslint', title: 'ESLint', status: 'failed', issues: 2, error: 'It crashed.' }],
  workers: [],
  issues: { error: 2, warning: 0, info: 0, hint: 0 },
  memoryBytes: 2 ** 20,
};

describe('commands of the server', () => {
  it('do what they say, and nothing for what is unknown', () => {
    const done: string[] = [];
    const host: CommandHost = {
      retry: (uri) => void done.push(`retry ${uri}`),
      accept: () => {},
      openPage: () => {},
      analyze: () => void done.push('analyze'),
      restartWorkers: () => void done.push('restart'),
      status: () => idle,
      memoryLimit: () => 1024,
      raiseMemoryLimit: (megabytes) => void done.push(`limit ${megabytes}`),
      tell: (message) => void done.push(message),
    };
    for (const command of commands) runCommand(command, ['file:///a.ts'], host);
    assert.deepEqual(done, [
      'retry file:///a.ts',
      'limit 2048',
      'retry file:///a.ts',
      'Bulkhead: The memory limit of a worker is 2048 MB until the server ends. The setting bulkhead.memoryLimit keeps it.',
      'analyze',
      'restart',
      'Bulkhead: 2 errors, 0 warnings. 0 workers, 1 MB, 0 restarts.\nESLint: failed, 2 issues. It crashed.',
    ]);
    assert.equal(runCommand('bulkhead.server.unknown', [], host), null);
    assert.equal(runCommand('bulkhead.server.retryInput', [1], host), null);
    assert.equal(runCommand('bulkhead.server.status', [], host), idle);
  });
});
