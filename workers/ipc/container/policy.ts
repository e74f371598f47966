/** What a container may reach and use: plain data, checked, and as mounts. Stateless. */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { DriverError } from '../errors.ts';
import { isWithin, layoutOf } from '../sandbox/policy.ts';
import type { SandboxPolicy } from '../sandbox/policy.ts';

/**
 * What a worker in a container may reach, as for a sandbox, and how much it may use. The system's programs and libraries
 * are those of the image, and so are `PATH` and `HOME`.
 */
export interface ContainerPolicy extends SandboxPolicy {
  /** Bytes, with all that it starts and what lies in its temporary folder. Default 2 GB. */
  readonly memory?: number | undefined;
  /** Processes and threads at most. Default 256. */
  readonly pids?: number | undefined;
  /** Cores, for instance 1.5. Default: all. */
  readonly cpu?: number | undefined;
  /** Size of the temporary folder in bytes. Default 256 MB. */
  readonly tmp?: number | undefined;
}

/** A place of the host that is there in the container. */
export interface Bind {
  readonly source: string;
  /** The same as `source`, unless a symbolic link led there. */
  readonly target: string;
  readonly writable: boolean;
}

export interface ContainerLimits {
  readonly memory: number;
  readonly pids: number;
  readonly cpu: number | undefined;
  readonly tmp: number;
}

const MEGABYTE = 1024 ** 2;
const DEFAULTS = { memory: 2048 * MEGABYTE, pids: 256, tmp: 256 * MEGABYTE };

/** Two Node processes and the first one start with less in no case. */
const LEAST: Readonly<Record<keyof ContainerLimits, number>> = {
  memory: 64 * MEGABYTE,
  pids: 64,
  cpu: 0.01,
  tmp: MEGABYTE,
};

/** @throws DriverError for the first number that means nothing */
export function limitsOf(policy: ContainerPolicy): ContainerLimits {
  for (const name of ['memory', 'pids', 'cpu', 'tmp'] as const) {
    const value: number | undefined = policy[name];
    const isWhole = name === 'cpu' || Number.isSafeInteger(value);
    if (value === undefined || (Number.isFinite(value) && isWhole && value >= LEAST[name])) continue;
    const kind = name === 'cpu' ? 'a number' : 'a whole number';
    throw new DriverError(
      `The option 'sandbox.${name}' is ${String(value)}; it is ${kind} of at least ${LEAST[name]}.`,
    );
  }
  return {
    memory: policy.memory ?? DEFAULTS.memory,
    pids: policy.pids ?? DEFAULTS.pids,
    cpu: policy.cpu,
    tmp: policy.tmp ?? DEFAULTS.tmp,
  };
}

/** Of the container itself, or of its image: to put a folder of the host there would hide it. */
const TAKEN = ['/', '/bin', '/boot', '/etc', '/lib', '/lib32', '/lib64', '/libx32', '/sbin', '/tmp', '/usr'];
/** The kernel's, with all that is in them. */
const OF_THE_KERNEL = ['/dev', '/proc', '/sys'];

/**
 * @param sockets of engines: whoever reaches one of them is no longer in a container
 * @throws DriverError for what cannot be put into a container
 */
export function bindsOf(policy: ContainerPolicy, sockets: readonly string[] = engineSockets()): readonly Bind[] {
  const { mounts, links } = layoutOf(policy);
  const binds: Bind[] = mounts.map(({ path: place, writable }) => ({ source: place, target: place, writable }));
  for (const name of [...policy.read, ...policy.write, ...(policy.protect ?? [])]) {
    const target = path.resolve(name);
    const isBehindLink = [...links.keys()].some((place) => isWithin(target, place));
    const source = isBehindLink ? realPath(target) : undefined;
    if (source === undefined || binds.some((bind) => bind.target === target)) continue;
    const writable = mounts.findLast((mount) => isWithin(source, mount.path))?.writable === true;
    binds.push({ source, target, writable });
  }
  for (const { source, target } of binds) {
    for (const place of [source, target]) refuse(place, sockets);
  }
  return binds.toSorted((one, other) => one.target.length - other.target.length);
}

function refuse(place: string, sockets: readonly string[]): void {
  const socket = sockets.find((name) => isWithin(name, place));
  if (socket !== undefined && place !== '/')
    throw new DriverError(
      `The container must not reach '${place}': who uses '${socket}' there is master of this machine.`,
    );
  if (TAKEN.includes(place) || OF_THE_KERNEL.some((folder) => isWithin(place, folder)))
    throw new DriverError(`'${place}' cannot be put into a container, which has its own. Name folders within it.`);
  if (/[\n\r]/.test(place)) throw new DriverError(`A line break in the path '${place}' cannot be told to the engine.`);
}

/** Where engines listen. */
export function engineSockets(env: NodeJS.ProcessEnv = process.env, uid = process.getuid?.() ?? 0): readonly string[] {
  const given = [env['DOCKER_HOST'], env['CONTAINER_HOST']].flatMap((host) =>
    host?.startsWith('unix://') === true ? [host.slice('unix://'.length)] : [],
  );
  const usual = [
    '/var/run/docker.sock',
    '/run/docker.sock',
    '/run/podman/podman.sock',
    '/run/containerd/containerd.sock',
  ];
  const own = [env['XDG_RUNTIME_DIR'] ?? `/run/user/${uid}`].flatMap((folder) =>
    ['docker.sock', 'podman/podman.sock'].map((name) => path.join(folder, name)),
  );
  return [...given, ...usual, ...own].map((name) => realPath(name) ?? name);
}

function realPath(name: string): string | undefined {
  try {
    return realpathSync(name);
  } catch {
    return undefined;
  }
}

/** Of a variable of the host's that names a place, the container has its own or none. */
const OF_THE_SYSTEM = new Set(['PATH', 'HOME', 'SHELL', 'TMPDIR', 'TMP', 'TEMP', 'PWD', 'OLDPWD', 'NODE_PATH']);

export function isOfTheSystem(variable: string): boolean {
  return OF_THE_SYSTEM.has(variable) || variable.startsWith('LD_') || variable.startsWith('DYLD_');
}
