/** Why a sandbox could not be made, by what its launcher said: each cause with the way out. Stateless. */
import type { ContainerFailureCause } from '../container/failure-cause.ts';

/** Why there is no sandbox, or no container. */
export interface SandboxFailure {
  readonly cause: SandboxFailureCause;
  /** For people: the cause and the way out. */
  readonly message: string;
  /** What the launcher or the engine said; may be empty. */
  readonly said: string;
}

/** Which step failed; each has its own way out. */
export type SandboxFailureCause =
  | 'no-launcher'
  | 'platform'
  | 'namespaces-off'
  | 'apparmor'
  | 'no-setfcap'
  | 'no-proc'
  | 'no-capset'
  | 'no-slave-mount'
  | 'unreadable-program'
  | 'other'
  | ContainerFailureCause;

interface KnownCause {
  readonly cause: SandboxFailureCause;
  readonly said: RegExp;
  readonly message: string;
}

const inContainer = 'In a container, whose walls hold already: start it with';

/** The first that fits. Kernels, containers and distributions refuse different steps. */
const CAUSES: readonly KnownCause[] = [
  {
    cause: 'namespaces-off',
    said: /Creating new namespace failed|No permissions to create(?: a)? new namespace|kernel does not support user namespaces|needs to be setuid/i,
    message:
      'The system allows no user namespaces. Allow them: sysctl -w user.max_user_namespaces=15000, on older Debian also kernel.unprivileged_userns_clone=1.',
  },
  {
    cause: 'apparmor',
    said: /loopback: Failed RTM_NEWADDR|setting up uid map: Permission denied/i,
    message:
      "AppArmor keeps bubblewrap from using user namespaces, as on Ubuntu 24.04. Install the profile 'bwrap-userns-restrict' of the package apparmor-profiles.",
  },
  {
    cause: 'no-setfcap',
    said: /setting up uid map: Operation not permitted/i,
    message: `Root lacks the capability CAP_SETFCAP. Run as an ordinary user, or grant it. ${inContainer} --cap-add SETFCAP.`,
  },
  {
    cause: 'no-proc',
    said: /Can't mount proc/i,
    message: `No /proc can be mounted for a process namespace. ${inContainer} --security-opt systempaths=unconfined.`,
  },
  {
    cause: 'no-capset',
    said: /capset failed/i,
    message: `Capabilities cannot be dropped. ${inContainer} --security-opt seccomp=unconfined.`,
  },
  {
    cause: 'no-slave-mount',
    said: /Failed to make \/ slave/i,
    message: `AppArmor forbids mounts. ${inContainer} --security-opt apparmor=unconfined.`,
  },
  {
    cause: 'unreadable-program',
    said: /execvp .*: (?:No such file or directory|Permission denied)/i,
    message: 'Node cannot be read in the sandbox. Install it in a folder of its own, outside of the home folder.',
  },
];

/** @param lines of the launcher's stderr */
export function sandboxFailure(lines: readonly string[]): SandboxFailure {
  const said = lines.filter((line) => /^(?:bwrap|sandbox-exec): /.test(line)).join('\n');
  const known = CAUSES.find((candidate) => candidate.said.test(said));
  if (known !== undefined) return { cause: known.cause, message: known.message, said };
  const last = said === '' ? (lines.at(-1) ?? 'it said nothing') : said;
  return { cause: 'other', message: `The sandbox could not be made: ${last}`, said };
}

/** Whether these are the words of a launcher that failed, not of what it started. */
export function isLauncherFailure(lines: readonly string[]): boolean {
  return lines.some((line) => /^(?:bwrap|sandbox-exec): /.test(line));
}
