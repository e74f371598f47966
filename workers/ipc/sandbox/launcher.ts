/** The program that makes sandboxes on this system, and how it starts another program. Stateless. */
import os from 'node:os';
import path from 'node:path';
import { DriverError } from '../errors.ts';
import { findExecutable } from '../executables.ts';
import { bubblewrapArguments, INSIDE_PID } from './bubblewrap.ts';
import type { SandboxFailure } from './failures.ts';
import { isWithin } from './policy.ts';
import type { SandboxPolicy } from './policy.ts';
import type { RelayPlace } from './relay.ts';
import { seatbeltProfile } from './seatbelt.ts';

export interface SandboxedProgram {
  readonly command: string;
  readonly args: readonly string[];
  /** The process is not the launcher's own but one that it started: signals come as exit codes over 128. */
  readonly insidePid?: number | undefined;
  /** For the program's environment. */
  readonly temporary: string;
}

const SEATBELT = '/usr/bin/sandbox-exec';

/** Absolute path of the system's launcher, or why there is none. */
export function findLauncher(
  platform: NodeJS.Platform = process.platform,
  searchPath: string = process.env['PATH'] ?? '',
): string | SandboxFailure {
  if (platform === 'darwin') return SEATBELT;
  if (platform !== 'linux') {
    const message = `There is no sandbox for ${platform === 'win32' ? 'Windows' : platform}.`;
    return { cause: 'platform', message, said: '' };
  }
  const found = findExecutable('bwrap', searchPath, ['/usr/bin', '/usr/local/bin', '/run/current-system/sw/bin']);
  const message = "bubblewrap is not installed. Install the package 'bubblewrap' with the system's package manager.";
  return found ?? { cause: 'no-launcher', message, said: '' };
}

/**
 * @param scratch a temporary folder of the worker's own, for launchers that make none
 * @param relay the way to allowed hosts
 * @throws DriverError where there is no launcher
 */
export function sandboxed(
  command: string,
  args: readonly string[],
  policy: SandboxPolicy,
  scratch: () => string,
  relay?: RelayPlace,
): SandboxedProgram {
  const launcher = policy.launcher ?? findLauncher();
  if (typeof launcher !== 'string') throw new DriverError(launcher.message);
  if (process.platform === 'darwin') {
    const temporary = scratch();
    return { command: launcher, args: ['-p', seatbeltProfile(policy, temporary, relay), command, ...args], temporary };
  }
  const program = [command, ...args];
  return { command: launcher, args: bubblewrapArguments(policy, program), insidePid: INSIDE_PID, temporary: '/tmp' };
}

/** What must be readable so that this program runs: where it is installed, but no folder that holds more, as the home folder. */
export function installationOf(program: string, home: string = os.homedir()): string {
  const shared = [home, os.tmpdir()];
  const folder = path.dirname(program);
  const prefix = path.basename(folder) === 'bin' ? path.dirname(folder) : folder;
  for (const candidate of [prefix, folder]) if (!shared.some((place) => isWithin(place, candidate))) return candidate;
  return program;
}
