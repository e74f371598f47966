/** `--sandbox`: its values, and that `require` takes no answers of processes whose workers may run without. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { parseCommand, UsageError } from '../../../server/cli/arguments.ts';
import { folderSettings } from '../../../server/cli/open.ts';
import { greetingOf, mayAnswer } from '../../../server/sharing/messages.ts';

describe('--sandbox', () => {
  const argumentsOf = (...argv: readonly string[]) => {
    const command = parseCommand(['check', '.', ...argv]);
    assert.ok(command.kind === 'check');
    return command.arguments;
  };

  it('is off unless it is given, and takes three values', () => {
    assert.deepEqual(argumentsOf().sandbox, { mode: 'off', except: [], read: [] });
    assert.equal(argumentsOf('--sandbox', 'auto').sandbox.mode, 'auto');
    assert.throws(() => argumentsOf('--sandbox', 'yes'), UsageError);
  });

  it('takes detectors that run outside and paths that may be read, only with a sandbox', () => {
    const more = ['--sandbox-except', 'knip', '--sandbox-except', 'lint', '--sandbox-read', 'shared'];
    const { except, read } = argumentsOf('--sandbox', 'require', ...more).sandbox;
    assert.deepEqual(except, ['knip', 'lint']);
    assert.deepEqual(read, [path.resolve('shared')]);
    assert.throws(() => argumentsOf(...more), UsageError);
  });

  it('takes answers only of processes that require as much', () => {
    const sharingWith = (...argv: readonly string[]) => folderSettings('/', argumentsOf(...argv)).sharing;
    assert.deepEqual(sharingWith('--sandbox', 'auto'), { role: 'visitor' });
    assert.deepEqual(sharingWith('--sandbox', 'require'), { role: 'visitor', sandboxExcept: [] });
    const [anything, all, some] = [greetingOf(), greetingOf('', []), greetingOf('', ['knip'])];
    assert.deepEqual(
      [all, some, anything].map((leader) => [anything, all, some].map((other) => mayAnswer(leader, other))),
      [
        [true, true, false],
        [true, false, true],
        [true, false, false],
      ],
    );
  });
});
