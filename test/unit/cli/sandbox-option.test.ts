/** `--sandbox`: its values, and that `require` takes no answers of processes whose workers may run without. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { parseCommand, UsageError } from '../../../server/cli/arguments.ts';
import { folderSettings } from '../../../server/cli/open.ts';
import { noSandbox } from '../../../server/pool/sandbox-settings.ts';
import { greetingOf, mayAnswer } from '../../../server/sharing/messages.ts';

describe('--sandbox', () => {
  const argumentsOf = (...argv: readonly string[]) => {
    const command = parseCommand(['check', '.', ...argv]);
    assert.ok(command.kind === 'check');
    return command.arguments;
  };

  it('is off unless it is given, and takes three values', () => {
    assert.deepEqual(argumentsOf().sandbox, noSandbox);
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

  it('takes hosts for a detector or tool, only with a sandbox, and says what is wrong with others', () => {
    const hosts = ['--sandbox-network', 'lint=A.example:443', '--sandbox-network', 'lint=b.example:80'];
    const { network } = argumentsOf('--sandbox', 'auto', ...hosts).sandbox;
    assert.deepEqual(network, { lint: ['a.example:443', 'b.example:80'] });
    assert.throws(() => argumentsOf(...hosts), UsageError);
    for (const text of ['lint', 'a.example:443', '=a.example:443', 'lint=10.0.0.1:80', 'lint=a.example'])
      assert.throws(() => argumentsOf('--sandbox', 'auto', '--sandbox-network', text), /takes NAME=HOST:PORT/, text);
  });

  it('lets code of an untrusted folder run only in a required sandbox', () => {
    const full = ['--untrusted', '--sandbox', 'require', '--sandbox-untrusted'];
    assert.deepEqual(folderSettings('/', argumentsOf(...full)).confined, { except: [] });
    assert.deepEqual(argumentsOf(...full, '--detectors', 'eslint').detectors, ['eslint']);
    assert.equal(folderSettings('/', argumentsOf(...full.slice(0, 3))).confined, undefined);
    for (const missing of [
      full.slice(1),
      ['--untrusted', '--sandbox-untrusted'],
      ['--untrusted', '--sandbox', 'auto', '--sandbox-untrusted'],
    ])
      assert.throws(() => argumentsOf(...missing), /--sandbox-untrusted needs/);
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
