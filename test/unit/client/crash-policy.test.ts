import assert from 'node:assert/strict';
import { CrashPolicy, defaultCrashPolicy } from '../../../client/crash-policy.ts';

describe('restart of a crashed server', () => {
  let now = 0;
  const policyAt = (random: number) =>
    new CrashPolicy(
      defaultCrashPolicy,
      () => now,
      () => random,
    );

  beforeEach(() => {
    now = 1_000_000;
  });

  it('restarts at once, then after increasing delays, and gives up at the fifth crash in the window', () => {
    const policy = policyAt(1);
    const decisions = Array.from({ length: 5 }, () => policy.crashed());
    assert.deepEqual(decisions, [
      { action: 'restart', delayMs: 0, crashes: 1 },
      { action: 'restart', delayMs: 250, crashes: 2 },
      { action: 'restart', delayMs: 500, crashes: 3 },
      { action: 'restart', delayMs: 1000, crashes: 4 },
      { action: 'give-up', crashes: 5 },
    ]);
  });

  it('forgets crashes that left the window', () => {
    const policy = policyAt(1);
    for (let crash = 0; crash < 4; crash++) {
      policy.crashed();
    }
    now += defaultCrashPolicy.windowMs;
    assert.deepEqual(policy.crashed(), { action: 'restart', delayMs: 0, crashes: 1 });
  });

  it('forgets all crashes when the user restarts the server', () => {
    const policy = policyAt(1);
    policy.crashed();
    policy.reset();
    assert.deepEqual(policy.crashed(), { action: 'restart', delayMs: 0, crashes: 1 });
  });

  it('spreads the delay and caps it', () => {
    const policy = new CrashPolicy(
      { ...defaultCrashPolicy, limit: 50 },
      () => now,
      () => 0.5,
    );
    const delays = Array.from({ length: 20 }, () => policy.crashed()).map((decision) =>
      decision.action === 'restart' ? decision.delayMs : -1,
    );
    assert.deepEqual(delays.slice(0, 4), [0, 125, 250, 500]);
    assert.equal(Math.max(...delays), defaultCrashPolicy.maxDelayMs / 2);
  });
});
