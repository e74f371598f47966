/** The command that makes containers, docker or podman: where it is, what it is, and how it is asked. Stateless. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { DriverError } from '../errors.ts';
import { findExecutable, isExecutable } from '../executables.ts';
import { ContainerError, containerFailure } from './failures.ts';

export interface Engine {
  /** Absolute path. */
  readonly command: string;
  /** By what it says of itself: a command `docker` may be podman. */
  readonly kind: 'docker' | 'podman';
  readonly version: string;
  /** Of the machine, or of the virtual one that the engine has. */
  readonly memoryBytes: number | undefined;
  /** It runs as an ordinary user, who is another one inside unless that is asked for. */
  readonly rootless: boolean;
  /** What it can limit. */
  readonly limits: ReadonlySet<Limit>;
}

export type Limit = 'memory' | 'pids' | 'cpu';

export interface Answer {
  readonly code: number;
  readonly stdout: string;
  /** Lines that are not empty. */
  readonly stderr: readonly string[];
}

/** An engine that is asked for no more than a look has answered by then, or hangs. */
const ANSWER_MS = 30_000;

/** Asks the engine. @throws ContainerError when it cannot be run, or does not answer */
export async function ask(command: string, args: readonly string[], timeoutMs: number = ANSWER_MS): Promise<Answer> {
  const { error, stdout, stderr } = await new Promise<{
    readonly error: (Error & { readonly code?: unknown; readonly killed?: boolean }) | null;
    readonly stdout: string;
    readonly stderr: string;
  }>((resolve) => {
    const options = { timeout: timeoutMs, maxBuffer: 1 << 26, windowsHide: true, killSignal: 'SIGKILL' } as const;
    execFile(command, args, options, (failed, out, err) => resolve({ error: failed, stdout: out, stderr: err }));
  });
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  if (error === null) return { code: 0, stdout, stderr: lines };
  if (typeof error.code === 'number') return { code: error.code, stdout, stderr: lines };
  if (error.killed === true) {
    const message = `'${command} ${args[0] ?? ''}' did not answer within ${timeoutMs / 1000} s. Restart the engine.`;
    throw new ContainerError({ cause: 'engine-down', message, said: lines.join('\n') });
  }
  const cause = error.code === 'ENOENT' ? 'no-engine' : 'engine-other';
  throw new ContainerError({ cause, message: `'${command}' cannot be run: ${error.message}.`, said: '' });
}

/** The same, where anything but success is a failure. @throws ContainerError */
export async function asked(command: string, args: readonly string[], timeoutMs?: number): Promise<string> {
  const { code, stdout, stderr } = await ask(command, args, timeoutMs);
  if (code !== 0) throw new ContainerError(containerFailure(stderr));
  return stdout;
}

/**
 * @param name a command, or its absolute path. Default: docker, and podman if that does not answer
 * @throws ContainerError when none answers
 */
export async function findEngine(name?: string, searchPath: string = process.env['PATH'] ?? ''): Promise<Engine> {
  const names = name === undefined ? ['docker', 'podman'] : [name];
  const commands = names.flatMap((candidate) => locate(candidate, searchPath) ?? []);
  const failures: ContainerError[] = [];
  for (const command of commands) {
    try {
      return await look(command);
    } catch (error) {
      if (!(error instanceof ContainerError)) throw error;
      failures.push(error);
    }
  }
  const [first, ...others] = failures;
  if (first === undefined) {
    const message =
      name === undefined
        ? "Neither docker nor podman is installed. Install one of them, for instance the package 'podman'."
        : `There is no command '${name}'. Install it, or name the engine by its absolute path.`;
    throw new ContainerError({ cause: 'no-engine', message, said: '' });
  }
  const more = others.map(({ message }, index) => ` ${commands[index + 1] ?? ''}: ${message}`).join('');
  const message = others.length === 0 ? first.message : `${commands[0] ?? ''}: ${first.message}${more}`;
  throw new ContainerError({ ...first.failure, message });
}

/** @throws DriverError for a name that depends on the folder that is open */
export function checkEngine(name: string | undefined): void {
  if (name === undefined || path.isAbsolute(name) || /^[\w.-]+$/.test(name)) return;
  throw new DriverError(`The engine '${name}' is neither the name of a command nor an absolute path.`);
}

function locate(name: string, searchPath: string): string | undefined {
  if (path.isAbsolute(name)) return isExecutable(name) ? name : undefined;
  return findExecutable(name, searchPath);
}

async function look(command: string): Promise<Engine> {
  const named = await asked(command, ['--version']);
  const kind = /\bpodman\b/i.test(named) ? 'podman' : 'docker';
  const { code, stdout, stderr } = await ask(command, ['info', '--format', '{{json .}}']);
  const info = read(stdout);
  const errors = [info?.['ServerErrors']].flat().filter((line) => typeof line === 'string');
  // An older docker says in its answer only that nobody is there.
  if (code !== 0 || errors.length > 0 || info === undefined)
    throw new ContainerError(containerFailure([...stderr, ...errors]));
  const version = /\d+(?:\.\d+)+/.exec(named)?.[0] ?? 'of an unknown version';
  return { command, kind, version, ...(kind === 'docker' ? factsOfDocker(info) : factsOfPodman(info)) };
}

type Facts = Pick<Engine, 'memoryBytes' | 'rootless' | 'limits'>;

function factsOfDocker(info: Fields): Facts {
  const options = [info['SecurityOptions']].flat();
  const limits: Limit[] = [];
  // A field that an engine does not have says nothing.
  if (info['MemoryLimit'] !== false) limits.push('memory');
  if (info['PidsLimit'] !== false) limits.push('pids');
  if (info['CpuCfsQuota'] !== false) limits.push('cpu');
  return {
    memoryBytes: amount(info['MemTotal']),
    rootless: options.some((option) => typeof option === 'string' && option.includes('name=rootless')),
    limits: new Set(limits),
  };
}

function factsOfPodman(info: Fields): Facts {
  const host = fieldsOf(info['host']);
  const rootless = fieldsOf(host['security'])['rootless'] === true;
  const controllers = host['cgroupControllers'];
  // With cgroup v1 it lists none and uses all as root, and none otherwise.
  const all = host['cgroupVersion'] === 'v1' ? !rootless : !Array.isArray(controllers);
  const has = (name: string): boolean => all || (Array.isArray(controllers) && controllers.includes(name));
  const limits = (['memory', 'pids', 'cpu'] as const).filter(has);
  return { memoryBytes: amount(host['memTotal']), rootless, limits: new Set(limits) };
}

type Fields = Readonly<Record<string, unknown>>;

function read(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function amount(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 ? value : undefined;
}
