/** What the engine is told for a container: pure, so that a test can read it. */
import { DriverError } from '../errors.ts';
import type { Engine } from './engine.ts';
import { HOST_LABEL, SYSTEM_LABEL, WORKSPACE_LABEL } from './orphans.ts';
import type { Owner } from './orphans.ts';
import type { Bind, ContainerLimits, ContainerPolicy } from './policy.ts';

export interface ContainerPlan {
  readonly image: string;
  /** Node inside. */
  readonly nodePath: string;
  readonly network: ContainerPolicy['network'];
  readonly binds: readonly Bind[];
  readonly limits: ContainerLimits;
  /** Working directory. */
  readonly cwd: string;
  readonly workspace: string | undefined;
}

export interface ContainerUser {
  readonly uid: number;
  readonly gid: number;
}

/** The temporary folder inside, which goes with the container. */
export const TEMPORARY = '/tmp';

/**
 * @param user whose files the container's files are
 * @param source what Node runs inside
 */
export function runArguments(
  plan: ContainerPlan,
  engine: Pick<Engine, 'kind' | 'rootless' | 'limits'>,
  owner: Owner,
  name: string,
  user: ContainerUser | undefined,
  source: string,
): readonly string[] {
  const { limits } = plan;
  const isPodman = engine.kind === 'podman';
  const { tmp, memory, pids, cpu } = limits;
  return [
    ...['run', '--rm', '--interactive', '--init', '--pull=never'],
    ...['--name', name],
    ...['--label', `${SYSTEM_LABEL}=${owner.system}`, '--label', `${HOST_LABEL}=${owner.pid}`],
    ...(plan.workspace === undefined ? [] : ['--label', `${WORKSPACE_LABEL}=${plan.workspace}`]),
    // Every message would be written to the disk otherwise.
    ...['--log-driver', 'none'],
    ...['--network', plan.network === 'host' ? 'host' : 'none'],
    ...['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
    // Programs that build something run what they have written there.
    ...['--tmpfs', `${TEMPORARY}:rw,exec,nosuid,nodev,size=${tmp},mode=1777`],
    // Podman has more writable folders, and gives the host's proxies with their passwords, unless it is told not to.
    ...(isPodman ? ['--read-only-tmpfs=false', '--http-proxy=false'] : []),
    ...(engine.limits.has('memory') ? ['--memory', String(memory), '--memory-swap', String(memory)] : []),
    ...(engine.limits.has('pids') ? ['--pids-limit', String(pids)] : []),
    ...(cpu !== undefined && engine.limits.has('cpu') ? ['--cpus', String(cpu)] : []),
    ...userArguments(engine, user),
    ...plan.binds.flatMap(({ source: from, target, writable }) => [
      '--mount',
      ['type=bind', field('source', from), field('target', target), ...(writable ? [] : ['readonly'])].join(','),
    ]),
    ...['--workdir', plan.cwd, '--env', `HOME=${TEMPORARY}`, '--env', `TMPDIR=${TEMPORARY}`],
    // Not the image's own entry, which may be a script that prints.
    ...['--entrypoint', plan.nodePath, plan.image, '-e', source],
  ];
}

/** As the same user, so that what it writes is that user's. Rootless docker has root inside for that user. */
function userArguments(
  { kind, rootless }: Pick<Engine, 'kind' | 'rootless'>,
  user: ContainerUser | undefined,
): readonly string[] {
  if (user === undefined || (rootless && kind === 'docker')) return [];
  const ids = ['--user', `${user.uid}:${user.gid}`];
  return rootless ? ['--userns', 'keep-id', ...ids] : ids;
}

/** The engine reads a line of comma-separated values. */
function field(name: string, value: string): string {
  const text = `${name}=${value}`;
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @throws DriverError for a limit that was asked for and does not hold here */
export function refuseLimits({ memory, pids, cpu }: ContainerPolicy, { limits }: Pick<Engine, 'limits'>): void {
  const asked = { memory, pids, cpu };
  for (const name of ['memory', 'pids', 'cpu'] as const) {
    if (asked[name] === undefined || limits.has(name)) continue;
    throw new DriverError(
      `The engine cannot keep the limit 'sandbox.${name}' on this machine. Without root it needs cgroup v2, and that systemd delegates the controller '${name}' to users.`,
    );
  }
}
