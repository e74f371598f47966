/** One table for all walls: what the canary may do in each. What is shown is what was measured. */
import assert from 'node:assert/strict';
import { canaryAttempts, measureSandbox } from '../../../workers/ipc/index.ts';
import type { CanaryAttempt, SandboxReport } from '../../../workers/ipc/index.ts';
import { ContainerDriver } from '../../../workers/ipc/drivers/container.ts';
import { canaryEnvironment, measureWith, runCanary } from '../../../workers/ipc/sandbox/canary.ts';
import { engineImage, policy, realEngine, roomy, StandIn } from '../../support/container.ts';
import { canSandbox, sandbox } from '../../support/sandbox.ts';

type Fate = 'allowed' | 'denied' | 'as the machine has it';

const machine: Fate = 'as the machine has it';
const table: Readonly<Record<CanaryAttempt, Readonly<Record<'none' | 'stand-in' | 'walls', Fate>>>> = {
  'connect to another machine': { none: machine, 'stand-in': machine, walls: 'denied' },
  'connect to a metadata service': { none: machine, 'stand-in': machine, walls: 'denied' },
  'resolve a name': { none: machine, 'stand-in': machine, walls: 'denied' },
  'connect to a port of this machine': { none: 'allowed', 'stand-in': 'allowed', walls: 'denied' },
  'connect to an abstract socket': { none: 'allowed', 'stand-in': 'allowed', walls: 'denied' },
  'connect to a socket in a folder': { none: 'allowed', 'stand-in': 'allowed', walls: 'denied' },
  'read a file outside': { none: 'allowed', 'stand-in': 'allowed', walls: 'denied' },
  'read a variable of the environment': { none: 'allowed', 'stand-in': 'denied', walls: 'denied' },
  'write beside what it reads': { none: 'allowed', 'stand-in': 'allowed', walls: 'denied' },
  'write a file outside': { none: 'allowed', 'stand-in': 'allowed', walls: 'denied' },
  'see processes outside': { none: 'allowed', 'stand-in': 'allowed', walls: 'denied' },
  'signal a process outside': { none: 'allowed', 'stand-in': 'allowed', walls: 'denied' },
};

/** Only Linux has abstract sockets, and shows processes as files. */
const onLinux: readonly CanaryAttempt[] = ['connect to an abstract socket', 'see processes outside'];

function expect(report: SandboxReport, column: 'none' | 'stand-in' | 'walls'): void {
  assert.ok(report.state !== 'none', JSON.stringify(report));
  const allowed = report.state === 'partial' ? report.allowed : [];
  assert.equal(report.state, allowed.length === 0 ? 'full' : 'partial');
  for (const attempt of canaryAttempts) {
    const fate = table[attempt][column];
    if (fate === machine || (process.platform !== 'linux' && onLinux.includes(attempt))) continue;
    assert.equal(allowed.includes(attempt) ? 'allowed' : 'denied', fate, attempt);
  }
}

const engine = await realEngine();

describe('canary', () => {
  it('a process without walls may do all', async () => {
    const run = async (source: string) => runCanary(process.execPath, ['-e', source], canaryEnvironment());
    expect(await measureWith(run), 'none');
  });

  it(canSandbox() ? 'a process in a sandbox may do none of it' : 'there is no sandbox for processes here', async () => {
    const report = await measureSandbox(sandbox);
    if (canSandbox()) expect(report, 'walls');
    // Nobody has seen yet what a Mac says.
    else if (process.platform !== 'darwin') assert.equal(report.state, 'none');
  });

  it('a container of the stand-in, which has no walls, is measured as such', async () => {
    if (process.platform === 'win32') return assert.rejects(new StandIn().driver().measure(policy), /WSL/);
    const standIn = new StandIn();
    try {
      expect(await standIn.driver().measure(policy), 'stand-in');
      standIn.play({ fail: { run: { said: 'docker: Error response from daemon: No such image: x.', code: 125 } } });
      const report = await standIn.driver().measure(policy);
      assert.ok(report.state === 'none' && report.failure.cause === 'no-image', JSON.stringify(report));
      standIn.play({ fail: { info: { said: 'Is the docker daemon running?', code: 1 } } });
      const down = await standIn.driver().measure(policy);
      assert.ok(down.state === 'none' && down.failure.cause === 'engine-down', JSON.stringify(down));
    } finally {
      standIn.remove();
    }
  });

  if (engine === undefined) {
    it('no engine answers here, so no real container was measured', async () => {
      assert.equal(await realEngine(), undefined);
    });
  } else {
    it(`a container of ${engine.kind} ${engine.version} may do none of it`, async () => {
      expect(
        await new ContainerDriver({ engine: engine.command, image: engineImage(engine) }, roomy).measure(policy),
        'walls',
      );
    });
  }
});
