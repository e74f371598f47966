/** The real sandbox, where this machine has one. What is promised without it is tested with launchers that only fail. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { bubblewrapArguments } from '../../workers/ipc/sandbox/bubblewrap.ts';
import { findLauncher } from '../../workers/ipc/sandbox/launcher.ts';
import type { SandboxPolicy } from '../../workers/ipc/sandbox/policy.ts';

/** Reads this repository. */
export const sandbox: SandboxPolicy = {
  network: 'none',
  read: [path.join(import.meta.dirname, '../..')],
  write: [],
  env: ['PATH', 'HOME', 'LANG'],
};

let can: boolean | undefined;

/** Whether bubblewrap works here. */
export function canSandbox(): boolean {
  return (can ??= tryIt());
}

function tryIt(): boolean {
  const launcher = findLauncher();
  if (process.platform !== 'linux' || typeof launcher !== 'string') return false;
  return spawnSync(launcher, bubblewrapArguments(sandbox, ['/bin/sh', '-c', ':']), { timeout: 10_000 }).status === 0;
}
