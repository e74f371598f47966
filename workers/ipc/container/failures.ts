/** Why no container runs, by what the engine said: each cause with the way out. Stateless. */
import type { SandboxFailure } from '../sandbox/failures.ts';
import type { ContainerFailureCause } from './failure-cause.ts';

/** No container was started. */
export class ContainerError extends Error {
  override readonly name = 'ContainerError';
  readonly failure: SandboxFailure;

  constructor(failure: SandboxFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

interface KnownCause {
  readonly cause: ContainerFailureCause;
  readonly said: RegExp;
  readonly message: string;
}

/** The first that fits: what comes early is said beside what comes late. */
const CAUSES: readonly KnownCause[] = [
  {
    cause: 'engine-forbidden',
    said: /permission denied while trying to connect|dial unix \S+: (?:connect: )?permission denied/i,
    message:
      "You may not use the engine's socket. Use podman without root, or add your user to the group 'docker', which is as much as being root.",
  },
  {
    cause: 'engine-down',
    said: /Cannot connect to the Docker daemon|Is the docker daemon running|error during connect|(?:unable to|Cannot) connect to Podman|connection refused|docker daemon is not running/i,
    message:
      "The engine does not answer. Start it: 'systemctl start docker', Docker Desktop, or on macOS 'podman machine start'.",
  },
  {
    cause: 'no-subuid',
    said: /no sub[ug]id ranges found|cannot find (?:UID\/GID|mappings) for user|insufficient UIDs or GIDs|newuidmap|newgidmap/i,
    message:
      "Your user has no ids for containers. Give it some: 'usermod --add-subuids 100000-165535 --add-subgids 100000-165535 <user>', then 'podman system migrate'; the commands newuidmap and newgidmap come with the package 'uidmap'.",
  },
  {
    cause: 'no-init',
    said: /docker-init\S*: (?:executable file )?(?:not found|no such file)|exec: "[^"]*(?:docker|podman)-init"|container-init binary not found|lookup init binary|catatonit/i,
    message:
      "The engine has no first process for containers. Install the package 'catatonit' (podman) or 'docker-init'.",
  },
  {
    cause: 'no-image',
    said: /No such image|image not known|Unable to find image|no such object|unable to copy from source|failed to (?:pull|resolve)|manifest unknown|pull access denied/i,
    message: 'The image is not there.',
  },
  {
    cause: 'no-mount',
    said: /invalid mount config|bind source path does not exist|mounts denied|statfs \S+: |error mounting|not shared from the host|mount source path/i,
    message:
      'The engine cannot reach a folder that the worker needs. Share it with the engine (Docker Desktop: Settings, Resources, File sharing), or run the engine on this machine.',
  },
  {
    cause: 'no-limits',
    said: /cgroups?: |\bcgroups?\b.*\b(?:not|cannot)\b|kernel does not support|range of CPUs|limits? (?:is|are) not supported/i,
    message:
      'The engine cannot limit what a container uses. It needs the controllers memory, pids and cpu, without root those of cgroup v2 that systemd delegates.',
  },
  {
    cause: 'no-node',
    said: /executable file .*not found|exec: "[^"]*"|exec format error|is too old for a worker|no such file or directory: OCI runtime/i,
    message:
      "The image has no Node that runs. Take one with Node 22.13 or later for this machine's processor, or set 'nodePath'.",
  },
];

/** @param lines what the engine wrote to its stderr */
export function containerFailure(lines: readonly string[]): SandboxFailure {
  const said = lines.join('\n').trim();
  const known = CAUSES.find((candidate) => candidate.said.test(said));
  const last = lines.findLast((line) => line.trim() !== '' && !/^(?:Run '|See ')/.test(line))?.trim();
  if (known !== undefined) {
    const quoted = last === undefined ? '' : ` It said: ${shortened(last)}`;
    return { cause: known.cause, message: `${known.message}${quoted}`, said };
  }
  const message = last === undefined ? 'The engine failed and said nothing.' : `The engine failed: ${shortened(last)}`;
  return { cause: 'engine-other', message, said };
}

function shortened(text: string): string {
  return text.length <= 300 ? text : `${text.slice(0, 300)}…`;
}
