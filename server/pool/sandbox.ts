/**
 * Whether workers run in a sandbox, in which, and what it was measured to keep. Lives as long as its pool.
 *
 * Invariant: with `require`, no worker starts outside of a sandbox that keeps everything, but those that the user excepted.
 */
import os from 'node:os';
import path from 'node:path';
import { allowedHostOf, measureSandbox } from '../../workers/ipc/index.ts';
import type { NetworkAttempt, SandboxPolicy, SandboxReport } from '../../workers/ipc/index.ts';
import { isLauncherFailure, sandboxFailure } from '../../workers/ipc/sandbox/failures.ts';
import { findLauncher } from '../../workers/ipc/sandbox/launcher.ts';
import { isWithin } from '../../workers/ipc/sandbox/policy.ts';
import type { SandboxHealth } from '../../workers/protocol/health.ts';
import type { SandboxNeeds } from '../../workers/protocol/manifest.ts';
import { detectorTable } from './detectors.ts';
import { NetworkLog } from './network-log.ts';
import { nodeProcess } from './runtimes.ts';
import type { SandboxSettings } from './sandbox-settings.ts';
import { installationOfScript, pathsAround, programFolders, type Surroundings } from './sandbox-paths.ts';
import { printableLine } from '../printable.ts';
import type { WorkerStart } from './worker-entry.ts';

/**
 * Which detectors run no code of an untrusted folder in spite of the sandbox: those that the user lets out of it, in whole or
 * to some hosts, because a folder chooses which code goes by the name of a tool. Undefined: none runs any.
 */
export function confinementOf({ mode, except, network, untrusted }: SandboxSettings): Confinement | undefined {
  if (mode !== 'require' || !untrusted) return undefined;
  const named = [...except, ...Object.keys(network)];
  const groups = new Set(named.map(groupOf));
  const mates = Object.keys(detectorTable).filter((name) => groups.has(groupOf(name)));
  return { except: [...new Set([...named, ...mates])].toSorted() };
}

export interface Confinement {
  readonly except: readonly string[];
}

function groupOf(name: string): string {
  return Object.hasOwn(detectorTable, name) ? (detectorTable[name]?.group ?? name) : name;
}

export interface SandboxOptions {
  /** Absolute path of the launcher, or why there is none. */
  readonly launcher?: typeof findLauncher;
  readonly measure?: typeof measureSandbox;
  /** Whose workers run the code of a detector. */
  readonly groupOf?: (detector: string) => string | undefined;
  /** Something to tell the user, once. */
  readonly warn: (message: string) => void;
  /** Which hosts workers reach. */
  readonly log?: (level: 'info' | 'warn', message: string) => void;
  readonly now?: () => number;
  readonly onChange?: () => void;
}

const EVERYTHING_ELSE = 'docs/sandbox.md says more.';
const WAY_OUT = "To analyse without it, set 'bulkhead.sandbox' to 'off' or 'auto' (in a terminal: --sandbox).";

function exceptionOf(name: string): string {
  return `To run it without, name '${name}' in 'bulkhead.sandboxExcept' (in a terminal: --sandbox-except).`;
}

/** What is the user's and no secret; tokens of services and package managers are not here. */
const ENVIRONMENT = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LANGUAGE', 'LC_*', 'TZ', 'TERM', 'CI', 'NO_COLOR'],
  ...['FORCE_COLOR', 'NODE_ENV', 'NODE_OPTIONS', 'NODE_PATH', 'ESLINT_FLAGS', 'ESLINT_USE_FLAT_CONFIG'],
  ...['TSESTREE_SINGLE_RUN', 'ISOLATED_WORKER_*', 'UV_THREADPOOL_SIZE'],
];

/** In a workspace that may be written to: what others execute, or trust. */
const PROTECTED = ['.git', '.vscode', '.idea', '.husky'];

const noNeeds: SandboxNeeds = { network: false, write: [], homeCaches: [], processes: false };

export class Sandbox {
  readonly #options: Required<Pick<SandboxOptions, 'launcher' | 'measure' | 'groupOf' | 'warn' | 'onChange'>>;
  readonly #network: NetworkLog;
  #settings: SandboxSettings;
  #measuring: Promise<SandboxReport> | undefined;
  #report: SandboxReport | undefined;
  /** With `auto`: why workers run outside. */
  #reason: string | undefined;
  readonly #told = new Set<string>();
  /** A worker has run inside. */
  #hasStarted = false;
  readonly #paths = new Map<string, Promise<Surroundings>>();

  constructor(settings: SandboxSettings, options: SandboxOptions) {
    this.#settings = settings;
    this.#network = new NetworkLog(options.log ?? (() => {}), options.now ?? Date.now);
    this.#options = {
      launcher: findLauncher,
      measure: measureSandbox,
      groupOf: (name) => name,
      onChange: () => {},
      ...options,
    };
  }

  /** @returns true: workers that run now were started differently */
  configure(settings: SandboxSettings): boolean {
    const differs = JSON.stringify(settings) !== JSON.stringify(this.#settings);
    this.#settings = settings;
    if (differs) this.#forget();
    return differs;
  }

  /** What is known; nothing is measured before the first worker starts. */
  health(): SandboxHealth {
    const { mode } = this.#settings;
    if (mode === 'off') return { mode, state: 'none' };
    const network = this.#network.health();
    const more = {
      ...(confinementOf(this.#settings) === undefined ? {} : { untrusted: true }),
      ...(network === undefined ? {} : { network }),
    };
    if (this.#reason !== undefined) return { mode, state: 'none', reason: this.#reason, ...more };
    if (this.#report === undefined) return { mode, state: 'unknown', ...more };
    return { mode, ...told(this.#report), ...more };
  }

  /** A worker inside reached a host, or wished to. */
  reached(worker: string, attempt: NetworkAttempt): void {
    this.#network.add(worker, attempt);
    this.#options.onChange();
  }

  /** A folder declares that a tool needs these hosts, which says nothing about what the user thinks of that. */
  asked(tool: string, hosts: readonly string[]): void {
    if (this.#settings.mode === 'off' || this.#reason !== undefined || this.#isExcepted(tool)) return;
    const granted = this.#grantsOf(tool);
    const missing = hosts.filter((host) => !granted.includes(spelled(host)));
    const [first] = missing;
    if (first === undefined) return;
    this.#warn(
      `${printableLine(tool)} asks for ${printableLine(missing.join(', '))}, which it cannot reach in the sandbox. ` +
        `If you agree, name it in 'bulkhead.sandboxNetwork' (in a terminal: --sandbox-network ${printableLine(`${tool}=${first}`)}).`,
    );
  }

  /**
   * @returns undefined: the worker starts outside
   * @throws Error with `require` when there is no sandbox that keeps everything; its message says how to repair it
   */
  async policyFor(start: WorkerStart): Promise<SandboxPolicy | undefined> {
    const { mode } = this.#settings;
    if (mode === 'off' || this.#isExcepted(start.entry.group) || this.#reason !== undefined) return undefined;
    const { driver } = start.entry.runtime ?? nodeProcess;
    if (driver !== nodeProcess.driver) return this.#withoutDriver(start, driver.name);
    const launcher = this.#options.launcher();
    if (typeof launcher !== 'string') return this.#without({ state: 'none', failure: launcher });
    const policy = await this.#policy(start, launcher);
    if (mode === 'require') {
      const report = await this.#measure(policy, start.entry.node);
      if (report.state !== 'full') return this.#without(report);
    }
    return policy;
  }

  /** A worker runs inside: now it is known that it works, and time to see what it keeps. */
  started(start: WorkerStart, policy: SandboxPolicy): void {
    this.#hasStarted = true;
    void this.#measure(policy, start.entry.node).then((report) => {
      if (report.state === 'partial') this.#warn(`The sandbox of workers does not keep everything: ${list(report)}.`);
    });
  }

  /**
   * A worker did not start inside. Once one has, code of a workspace may be the cause, by using up what the system has:
   * that must not lead outside.
   * @returns true: it is to be started outside
   */
  failed(name: string, stderr: readonly string[]): boolean {
    if (this.#settings.mode !== 'auto') return false;
    const failure = sandboxFailure(stderr);
    const isRefused = isLauncherFailure(stderr);
    // A mount of this worker's own.
    const isItsOwn = isRefused && failure.cause === 'other';
    if (this.#hasStarted && !isItsOwn) return false;
    if (isRefused && !isItsOwn) this.#without({ state: 'none', failure });
    else this.#warn(`${name} did not start in a sandbox and runs without one: ${failure.message} ${EVERYTHING_ELSE}`);
    return true;
  }

  #without(report: SandboxReport): undefined {
    const { reason = '' } = told(report);
    this.#report = report;
    if (this.#settings.mode === 'require') {
      this.#options.onChange();
      throw new Error(`No worker runs, because a sandbox is required. ${reason} ${WAY_OUT}`);
    }
    this.#reason = reason;
    this.#warn(`Workers run without a sandbox. ${reason} ${EVERYTHING_ELSE}`);
    this.#options.onChange();
    return undefined;
  }

  #withoutDriver({ name, entry }: WorkerStart, driver: string): undefined {
    const message = `Workers of the driver '${driver}' cannot run in a sandbox.`;
    if (this.#settings.mode === 'require') throw new Error(`${message} ${exceptionOf(entry.group)}`);
    this.#warn(`${name} runs without a sandbox. ${message}`);
    return undefined;
  }

  #isExcepted(group: string): boolean {
    return this.#settings.except.some((name) => this.#isOf(name, group));
  }

  #isOf(name: string, group: string): boolean {
    return name === group || this.#options.groupOf(name) === group;
  }

  /** The hosts that the user lets a worker reach, in one spelling. */
  #grantsOf(group: string): readonly string[] {
    const named = Object.entries(this.#settings.network).filter(([name]) => this.#isOf(name, group));
    const valid = named.flatMap(([name, hosts]) =>
      hosts.flatMap((text) => {
        const host = allowedHostOf(text);
        if (typeof host === 'string') this.#warn(`'bulkhead.sandboxNetwork' of ${printableLine(name)}: ${host}`);
        return typeof host === 'string' ? [] : [`${host.host}:${host.port}`];
      }),
    );
    return [...new Set(valid)];
  }

  #warn(message: string): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.#options.warn(message);
  }

  #measure(policy: SandboxPolicy, node: string | undefined): Promise<SandboxReport> {
    const measuring = (this.#measuring ??= this.#options
      .measure({ ...policy, write: [] }, node)
      .catch((error: unknown): SandboxReport => ({ state: 'none', failure: sandboxFailure([String(error)]) })));
    void measuring.then((report) => {
      if (this.#measuring !== measuring || this.#report !== undefined) return;
      this.#report = report;
      this.#options.onChange();
    });
    return measuring;
  }

  /** The user may have repaired what was missing. */
  reconsider(): void {
    this.#measuring = undefined;
    this.#report = undefined;
    this.#reason = undefined;
  }

  #forget(): void {
    this.reconsider();
    this.#told.clear();
    this.#hasStarted = false;
    this.#paths.clear();
  }

  async #policy({ root, entry }: WorkerStart, launcher: string): Promise<SandboxPolicy> {
    const needs = entry.sandbox ?? noNeeds;
    const grants = this.#grantsOf(entry.group);
    const ours = [import.meta.filename, ...(entry.script === undefined ? [] : [entry.script])];
    const modules = Object.values(entry.modules ?? {});
    const [{ read: around, unread }, ...read] = await Promise.all([
      this.#pathsOf(root),
      Promise.all([...ours, ...modules].map((script) => installationOfScript(script))),
      needs.processes ? programFolders() : [],
    ]);
    const chosen = this.#settings.read.map(inHome).filter((name) => path.isAbsolute(name));
    this.#tellOf(
      root,
      [...unread].filter(([, target]) => !chosen.some((name) => isWithin(target, name))),
    );
    return {
      network: needs.network ? 'host' : grants.length === 0 ? 'none' : { allow: grants },
      read: [...around, ...read.flat(), ...needs.homeCaches.map(inHome), ...chosen],
      write: needs.write.map((folder) => path.join(root, folder)),
      protect: needs.write.length === 0 ? [] : PROTECTED.map((name) => path.join(root, name)),
      env: ENVIRONMENT,
      launcher,
    };
  }

  /** Whoever linked a package by hand sees unresolved imports otherwise, and no cause. */
  #tellOf(root: string, links: readonly (readonly [string, string])[]): void {
    if (links.length === 0) return;
    const named = links.slice(0, MOST_LINKS).map(([place, target]) => `${path.relative(root, place)} (${target})`);
    const more = links.length > named.length ? ` and ${links.length - named.length} more` : '';
    this.#warn(
      `Workers in the sandbox cannot read what these links lead to: ${printableLine(named.join(', '))}${more}. If they are meant, name the folders in 'bulkhead.sandboxRead' (in a terminal: --sandbox-read).`,
    );
  }

  /** Workers that start together need not search the folder one after the other. */
  #pathsOf(root: string): Promise<Surroundings> {
    const known = this.#paths.get(root);
    if (known !== undefined) return known;
    const searching = pathsAround(root);
    this.#paths.set(root, searching);
    setTimeout(() => this.#paths.delete(root), PATHS_KEPT_MS).unref();
    return searching;
  }
}

/** An installation may have changed what `node_modules` leads to. */
const PATHS_KEPT_MS = 2_000;
/** So many are named. */
const MOST_LINKS = 3;

function spelled(text: string): string {
  const host = allowedHostOf(text);
  return typeof host === 'string' ? text : `${host.host}:${host.port}`;
}

function inHome(name: string): string {
  return name.startsWith('~/') ? path.join(os.homedir(), name.slice(2)) : name;
}

function told(report: SandboxReport): { readonly state: SandboxReport['state']; readonly reason?: string } {
  if (report.state === 'full') return { state: 'full' };
  if (report.state === 'none') return { state: 'none', reason: report.failure.message };
  return { state: 'partial', reason: `Code inside can still ${list(report)}.` };
}

function list({ allowed }: Extract<SandboxReport, { readonly state: 'partial' }>): string {
  return allowed.join(', ');
}
