/** The real sandbox, where this machine has one. What is promised without it is tested with launchers that only fail. */
import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bubblewrapArguments } from '../../workers/ipc/sandbox/bubblewrap.ts';
import { findLauncher } from '../../workers/ipc/sandbox/launcher.ts';
import type { SandboxFailureCause } from '../../workers/ipc/index.ts';
import type { SandboxPolicy } from '../../workers/ipc/sandbox/policy.ts';

/** Reads this repository. */
export const sandbox: SandboxPolicy = {
  network: 'none',
  read: [path.join(import.meta.dirname, '../..')],
  write: [],
  env: ['PATH', 'HOME', 'LANG'],
};

/** What the versions of bubblewrap say, on systems that refuse different steps. */
export const launcherWords: readonly (readonly [SandboxFailureCause, string])[] = [
  ['namespaces-off', 'bwrap: Creating new namespace failed: No space left on device'],
  [
    'namespaces-off',
    'bwrap: Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded (ENOSPC)',
  ],
  [
    'namespaces-off',
    'bwrap: No permissions to create new namespace, likely because the kernel does not allow non-privileged user namespaces.',
  ],
  ['no-setfcap', 'bwrap: setting up uid map: Operation not permitted'],
  ['apparmor', 'bwrap: setting up uid map: Permission denied'],
  ['apparmor', 'bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted'],
  ['no-proc', "bwrap: Can't mount proc on /newroot/proc: Operation not permitted"],
  ['no-capset', 'bwrap: capset failed: Operation not permitted'],
  ['no-slave-mount', 'bwrap: Failed to make / slave: Permission denied'],
  ['unreadable-program', 'bwrap: execvp /home/me/node: No such file or directory'],
  ['other', 'bwrap: Unknown option --cap-drop'],
];

/** A launcher that says this and fails. @returns its path, in the folder */
export function launcherThatSays(folder: string, text: string): string {
  const file = path.join(folder, 'bwrap');
  writeFileSync(file, `#!/bin/sh\necho '${text.replaceAll("'", `'\\''`)}' >&2\nexit 1\n`);
  chmodSync(file, 0o755);
  return file;
}

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
