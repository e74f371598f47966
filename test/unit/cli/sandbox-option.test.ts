/** `--sandbox`: its values, and that `require` takes no answers of processes whose workers may run without. */
import assert from 'node:assert/strict';
import { parseCommand, UsageError } from '../../../server/cli/arguments.ts';
import { folderSettings } from '../../../server/cli/open.ts';

describe('--sandbox', () => {
  const argumentsOf = (...argv: readonly string[]) => {
    const command = parseCommand(['check', '.', ...argv]);
    assert.ok(command.kind === 'check');
    return command.arguments;
  };

  it('is off unless it is given, and takes three values', () => {
    assert.equal(argumentsOf().sandbox, 'off');
    assert.equal(argumentsOf('--sandbox', 'auto').sandbox, 'auto');
    assert.throws(() => argumentsOf('--sandbox', 'yes'), UsageError);
  });

  it('takes no answers of other processes when a sandbox is required', () => {
    assert.deepEqual(folderSettings('/', argumentsOf('--sandbox', 'auto')).sharing, { role: 'visitor' });
    assert.equal(folderSettings('/', argumentsOf('--sandbox', 'require')).sharing, undefined);
  });
});
