/**
 * The canary: a small program that tries inside a sandbox what must not work there. What a sandbox keeps is measured with
 * it, not assumed. Stateless.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { isLauncherFailure, sandboxFailure } from './failures.ts';
import type { SandboxFailure } from './failures.ts';
import { findLauncher, installationOf, sandboxed } from './launcher.ts';
import { keptEnvironment } from './policy.ts';
import type { SandboxPolicy } from './policy.ts';

/** What it tries. */
export const canaryAttempts = [
  'connect to another machine',
  'connect to a metadata service',
  'resolve a name',
  'connect to a port of this machine',
  'connect to an abstract socket',
  'connect to a socket in a folder',
  'read a file outside',
  'read a variable of the environment',
  'write beside what it reads',
  'write a file outside',
  'see processes outside',
  'signal a process outside',
] as const;

/** One of {@link canaryAttempts}. */
export type CanaryAttempt = (typeof canaryAttempts)[number];

/** What a sandbox keeps, as measured. */
export type SandboxReport =
  | { readonly state: 'full' }
  /** It runs, but these attempts succeeded. */
  | { readonly state: 'partial'; readonly allowed: readonly CanaryAttempt[] }
  | { readonly state: 'none'; readonly failure: SandboxFailure };

/** What the program inside is told to try. */
interface Targets {
  readonly port: number;
  readonly abstract: string | undefined;
  readonly socket: string;
  readonly secret: string;
  readonly readable: string;
  readonly outside: string;
  readonly variable: string;
  readonly pid: number;
}

const CANARY_MS = 10_000;
/** Of no prefix that a policy may keep. */
const VARIABLE = '_canary';

/**
 * Starts a program under the policy, beside what it needs to run, and lets it try all.
 * @param node absolute path of Node
 */
export async function measureSandbox(policy: SandboxPolicy, node: string = process.execPath): Promise<SandboxReport> {
  const launcher = policy.launcher ?? findLauncher();
  if (typeof launcher !== 'string') return { state: 'none', failure: launcher };
  return measureWith((source, readable, scratch) => {
    const inside = { ...policy, launcher, read: [...policy.read, readable, node, installationOf(node)] };
    return runInside(inside, node, source, scratch);
  });
}

/**
 * Runs the program within walls: `source` with Node, `readable` to be read only, `scratch` for what the walls need. With
 * {@link canaryEnvironment} around them.
 * @returns what it said on stdout, or why it did not run
 */
export type CanaryRun = (
  source: string,
  readable: string,
  scratch: string,
) => Promise<{ readonly stdout: string } | { readonly failure: SandboxFailure }>;

/** The host's, with a variable that must not be there inside. */
export function canaryEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, [VARIABLE]: 'secret' };
}

export async function measureWith(run: CanaryRun): Promise<SandboxReport> {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'iw-canary-')));
  const [readable, outside] = [path.join(folder, 'readable'), path.join(folder, 'outside')];
  const servers: net.Server[] = [];
  try {
    const [secret, socket] = [path.join(folder, 'secret'), path.join(folder, 'socket')];
    writeFileSync(secret, 'secret');
    writeFileSync(readable, '');
    const abstract = process.platform === 'linux' ? `\0${path.basename(folder)}` : undefined;
    const tcp = await listen(servers, { port: 0, host: '127.0.0.1' });
    await listen(servers, { path: socket });
    if (abstract !== undefined) await listen(servers, { path: abstract });
    const { port } = tcp.address() as net.AddressInfo;
    const targets = { port, abstract, socket, secret, readable, outside, variable: VARIABLE, pid: process.pid };
    const result = await run(`(${tryAll.toString()})(${JSON.stringify(targets)})`, readable, folder);
    if ('failure' in result) return { state: 'none', failure: result.failure };
    const claimed = readAttempts(result.stdout);
    if (claimed === undefined) return { state: 'none', failure: sandboxFailure([result.stdout]) };
    // Where a sandbox has files of its own in this place, it may write there.
    const real = new Set<CanaryAttempt>();
    if (readFileSync(readable, 'utf8') !== '') real.add('write beside what it reads');
    if (exists(outside)) real.add('write a file outside');
    const allowed = canaryAttempts.filter((attempt) => (isWrite(attempt) ? real : new Set(claimed)).has(attempt));
    return allowed.length === 0 ? { state: 'full' } : { state: 'partial', allowed };
  } finally {
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function isWrite(attempt: CanaryAttempt): boolean {
  return attempt.startsWith('write ');
}

function exists(file: string): boolean {
  try {
    readFileSync(file);
    return true;
  } catch {
    return false;
  }
}

async function listen(servers: net.Server[], options: net.ListenOptions): Promise<net.Server> {
  const server = net.createServer((socket) => socket.destroy());
  servers.push(server);
  const listening = Promise.withResolvers<void>();
  server.once('error', listening.reject);
  server.listen(options, listening.resolve);
  await listening.promise;
  return server.unref();
}

async function runInside(
  policy: SandboxPolicy,
  node: string,
  source: string,
  scratch: string,
): Promise<{ readonly stdout: string } | { readonly failure: SandboxFailure }> {
  const box = sandboxed(node, ['-e', source], policy, () => path.join(scratch, 'scratch'));
  const env = {
    ...keptEnvironment(policy.env, canaryEnvironment()),
    TMPDIR: box.temporary,
    ...(process.versions['electron'] === undefined ? {} : { ELECTRON_RUN_AS_NODE: '1' }),
  };
  const { stdout, lines } = await runCanary(box.command, box.args, env);
  const isRun = !isLauncherFailure(lines) && readAttempts(stdout) !== undefined;
  return isRun ? { stdout } : { failure: sandboxFailure(lines) };
}

/** @returns what it said, and on stderr line by line, with why it could not be started */
export async function runCanary(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  timeout = CANARY_MS,
): Promise<{ readonly stdout: string; readonly lines: readonly string[] }> {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const error = await new Promise<Error | undefined>((resolve) => {
    child.once('error', resolve);
    child.once('close', () => resolve(undefined));
  });
  return { stdout, lines: [...stderr.split('\n').filter(Boolean), ...(error === undefined ? [] : [error.message])] };
}

/** Undefined when the program did not get to its end. */
export function readAttempts(text: string): readonly CanaryAttempt[] | undefined {
  try {
    const names = (JSON.parse(text) as { readonly allowed: readonly unknown[] }).allowed;
    return canaryAttempts.filter((attempt) => names.includes(attempt));
  } catch {
    return undefined;
  }
}

/**
 * Runs inside, as source text, so it uses nothing from around it, and its functions are methods. An attempt counts as
 * denied only if the system says so.
 */
function tryAll(targets: Targets): void {
  const fs = process.getBuiltinModule('node:fs');
  const netModule = process.getBuiltinModule('node:net');
  const dns = process.getBuiltinModule('node:dns');
  const own = {
    allowed: [] as string[],

    /** A packet that leaves and is not answered has left. */
    connect(attempt: string, options: net.NetConnectOpts): Promise<void> {
      return new Promise((resolve) => {
        const socket = netModule.connect(options);
        const end = (isAllowed: boolean): void => {
          if (isAllowed) own.allowed.push(attempt);
          socket.destroy();
          resolve();
        };
        socket.setTimeout(1_000, () => end(true));
        socket.once('connect', () => end(true));
        socket.once('error', (error: NodeJS.ErrnoException) => {
          const denied = ['ENETUNREACH', 'EPERM', 'EACCES', 'ENOENT', 'EADDRNOTAVAIL'];
          // Nobody listens there: on this machine that is another machine's loopback, or none.
          if ('port' in options && options.host === '127.0.0.1') denied.push('ECONNREFUSED');
          if ('path' in options) denied.push('ECONNREFUSED');
          end(!denied.includes(error.code ?? ''));
        });
      });
    },

    resolve(attempt: string): Promise<void> {
      return new Promise((resolve) => {
        dns.lookup('canary.invalid', (error) => {
          // A resolver that answers that there is no such name has been reached.
          if (error === null || error.code === 'ENOTFOUND') own.allowed.push(attempt);
          resolve();
        });
      });
    },

    attempt(attempt: string, run: () => unknown): void {
      try {
        run();
        own.allowed.push(attempt);
      } catch {
        // Denied.
      }
    },

    async all(): Promise<void> {
      own.attempt('read a file outside', () => fs.readFileSync(targets.secret));
      if (process.env[targets.variable] !== undefined) own.allowed.push('read a variable of the environment');
      own.attempt('write beside what it reads', () => fs.appendFileSync(targets.readable, 'x'));
      own.attempt('write a file outside', () => fs.writeFileSync(targets.outside, 'x'));
      if (process.platform === 'linux') {
        const processes = fs.readdirSync('/proc').filter((name) => Number(name) > 0);
        // Its own, and the launcher's first one.
        if (processes.length > 2) own.allowed.push('see processes outside');
      }
      // An id that is in use in here too would be its own.
      if (targets.pid > 2) own.attempt('signal a process outside', () => process.kill(targets.pid, 0));
      await Promise.all([
        own.connect('connect to another machine', { host: '192.0.2.1', port: 9 }),
        own.connect('connect to a metadata service', { host: '169.254.169.254', port: 80 }),
        own.connect('connect to a port of this machine', { host: '127.0.0.1', port: targets.port }),
        own.connect('connect to a socket in a folder', { path: targets.socket }),
        targets.abstract === undefined
          ? Promise.resolve()
          : own.connect('connect to an abstract socket', { path: targets.abstract }),
        own.resolve('resolve a name'),
      ]);
    },
  };
  void own.all().then(() => {
    process.stdout.write(JSON.stringify({ allowed: own.allowed }));
  });
}
