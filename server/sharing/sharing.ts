/**
 * Shares one analysis of a folder between all processes that have it open: the holder of the lock leads, the others follow,
 * and the first to notice that the leader has ended leads next. Lives as long as this process takes part.
 *
 * Invariant: sharing only saves work. Without a leader, or with one that differs, hangs or dies, this process analyses
 * everything itself.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { backoffDelay, type Backoff } from '../../workers/protocol/backoff.ts';
import type { Engine } from '../engine/engine.ts';
import type { FileChange } from '../journal.ts';
import type { SupervisedPool } from '../pool/types.ts';
import { Locks, type Lock } from '../store/locks.ts';
import type { LockTable } from '../store/lock-table.ts';
import { claimAddress, readAddress, removeAddress, writeAddress } from './address.ts';
import { SeenChanges } from './seen-changes.ts';
import { Follower } from './follower.ts';
import { Leader } from './leader.ts';
import { greetingOf, type ChangesParams, type EditedParams, type EditedReply, type Greeting } from './messages.ts';

export interface SharingOptions {
  /** Absolute path of the folder that is analysed. */
  readonly root: string;
  /** Folder that is the same for all processes with this root; its locks are in `lockTable`. */
  readonly dir: string;
  readonly lockTable: LockTable;
  readonly pool: SupervisedPool;
  /** Path of the Node.js that runs the workers, if the user named one. */
  readonly node?: string;
  /** See {@link Greeting.sandboxExcept}. */
  readonly sandboxExcept?: readonly string[] | undefined;
  readonly log: (level: 'warn' | 'info', message: string) => void;
}

/** What a folder does for other processes. */
export interface SharingHost {
  readonly engine: Engine;
  /** Files changed on disk, as another process reported. */
  changed(changes: readonly FileChange[]): void;
  /** The user of another process requested a new analysis of everything. */
  analyze(): void;
  /** Releases a file from quarantine. */
  release(file: string): void;
  /** Compares with the disk until the engine's results are valid for it. @returns false: files kept changing */
  confirm(): Promise<boolean>;
  /** Compares with the disk once. Resolves when the engine knows what was not reported. */
  catchUp(): Promise<void>;
  /** What an edit made new or fixed. */
  edited(params: EditedParams): Promise<EditedReply>;
}

/** How long work waits until it is known who leads. Only a leader that hangs takes so long. */
const JOIN_TIMEOUT_MS = 10_000;
/** Matters only if the owner hangs: the end of its process is noticed at once. Frequent renewal would burden idle processes. */
const LEASE_MS = 600_000;
const RETRIES: Backoff = { delayMs: 20, maxDelayMs: 30_000, jitter: 0 };

export class Sharing {
  readonly #options: SharingOptions;
  readonly #greeting: Greeting;
  readonly #locks: Locks;
  readonly #seen: SeenChanges;
  readonly #closing = new AbortController();
  readonly #joined = Promise.withResolvers<void>();
  /** Resolves when it is known who leads, or after a timeout; undefined from then on. */
  #unknown: Promise<void> | undefined;
  readonly #host = Promise.withResolvers<SharingHost>();
  readonly #running: Promise<void>;
  #leader: Leader | undefined;
  #follower: Follower | undefined;

  constructor(options: SharingOptions) {
    this.#options = options;
    this.#greeting = greetingOf(options.node, options.sandboxExcept);
    this.#locks = new Locks({ table: options.lockTable, label: 'analysis' });
    this.#seen = new SeenChanges(options.root);
    this.#unknown = this.#wait().then(() => {
      this.#unknown = undefined;
    });
    this.#running = this.#run().catch((error: unknown) =>
      options.log('warn', `Could not share the analysis of ${options.root}: ${String(error)}`),
    );
  }

  get role(): 'leader' | 'follower' | 'alone' {
    return this.#leader ? 'leader' : this.#follower ? 'follower' : 'alone';
  }

  /** Answers other processes from now on. */
  serve(host: SharingHost): void {
    this.#host.resolve(host);
  }

  /**
   * The process that does the work for this one; undefined: none does. Takes up to ten seconds until it is known who leads,
   * so that this process does not start work that another one does.
   */
  leader(): Follower | undefined | Promise<Follower | undefined> {
    return this.#unknown ? this.#unknown.then(() => this.#follower) : this.#follower;
  }

  /** Whether another process does the work for this one. */
  get following(): boolean {
    return this.#follower?.usable === true;
  }

  /**
   * Sends changes that this process saw to the others.
   * @param isUnsaved whether the editor holds unsaved text of the file
   * @param isFound see {@link SeenChanges.takeNew}
   * @returns the changes that no other process has reported before
   */
  async changed(
    changes: readonly FileChange[],
    isUnsaved: (file: string) => boolean,
    isFound = false,
  ): Promise<readonly FileChange[]> {
    if (!this.following && (this.#leader?.followers ?? 0) === 0) {
      this.#seen.clear();
      return changes;
    }
    const ofDisk = changes.filter(({ file }) => !isUnsaved(file));
    const news = await this.#seen.takeNew(ofDisk, isFound);
    if (news.length > 0) {
      this.#follower?.sendChanges({ changes: news, isFound });
      this.#leader?.sendChanges({ changes: news, isFound });
    }
    return [...changes.filter(({ file }) => isUnsaved(file)), ...news];
  }

  /** The editor's text of the file became different from the disk, or equal again. */
  textChanged(file: string): void {
    this.#seen.forget(file);
  }

  /** The user requested a new analysis of everything. */
  sendAnalyze(): void {
    this.#follower?.sendAnalyze();
    this.#leader?.sendAnalyze();
  }

  sendRelease(file: string): void {
    this.#follower?.sendRelease(file);
  }

  /** Call it while the store is open, because the lock is there. */
  async dispose(): Promise<void> {
    this.#closing.abort();
    this.#leader?.close();
    await this.#running;
    await this.#locks.close().catch(() => {});
  }

  async #wait(): Promise<void> {
    const timeout = new AbortController();
    const signal = AbortSignal.any([timeout.signal, this.#closing.signal]);
    const timedOut = sleep(JOIN_TIMEOUT_MS, undefined, { signal, ref: false }).catch(() => undefined);
    await Promise.race([this.#joined.promise, timedOut]);
    timeout.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const lock = await this.#tryLock();
      if (lock) {
        await this.#lead(lock);
        attempt = 0;
      } else if (await this.#follow()) {
        attempt = 0;
        continue;
      }
      // The leader has the lock but does not answer: it is starting, or hangs.
      await sleep(backoffDelay(RETRIES, attempt), undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Undefined: another process holds it, or it is unavailable for the moment. */
  async #tryLock(): Promise<Lock | undefined> {
    try {
      return await this.#locks.tryAcquire('analysis', { leaseMs: LEASE_MS });
    } catch {
      return undefined;
    }
  }

  /** Resolves when this process no longer holds the lock. */
  async #lead(lock: Lock): Promise<void> {
    const { dir, log, pool, root } = this.#options;
    const over = new Promise<void>((resolve) => {
      if (lock.signal.aborted || this.#closing.signal.aborted) resolve();
      lock.signal.addEventListener('abort', () => resolve(), { once: true });
      this.#closing.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    this.#joined.resolve();
    const host = await Promise.race([this.#host.promise, over]);
    if (host) {
      const place = await claimAddress(dir);
      const leader = new Leader(
        {
          engine: host.engine,
          quarantined: () => pool.quarantined(),
          changed: async ({ changes, isFound }) => {
            const news = await this.#seen.receive(changes, isFound);
            if (news.length > 0) host.changed(news);
            return news;
          },
          confirm: () => host.confirm(),
          catchUp: () => host.catchUp(),
          edited: (params) => host.edited(params),
          analyze: () => host.analyze(),
          release: (file) => host.release(file),
        },
        this.#greeting,
      );
      try {
        await leader.listen(place.path);
        await writeAddress(dir, place.path);
        this.#leader = leader;
        log('info', `This process leads the analysis of ${root}.`);
        await over;
      } catch (error) {
        log('warn', `Could not share the analysis of ${root} with other processes: ${String(error)}`);
        await over;
      } finally {
        this.#leader = undefined;
        leader.close();
        await removeAddress(dir, place.path);
        place.release();
      }
    }
    await lock.release();
  }

  /** Resolves when the connection to the leader has ended. @returns false: there was none */
  async #follow(): Promise<boolean> {
    const { dir, log, root } = this.#options;
    const address = await readAddress(dir);
    if (address === undefined || this.#closing.signal.aborted) return false;
    const follower = await Follower.connect(address, this.#greeting, {
      changed: (params) => void this.#receiveChanges(params),
      analyze: () => void this.#host.promise.then((host) => host.analyze()),
    });
    if (follower === undefined) return false;
    if (this.#closing.signal.aborted) follower.close();
    const leave = (): void => follower.close();
    // Also where the leader is of no use and only its end is awaited.
    this.#closing.signal.addEventListener('abort', leave);
    if (follower.usable) {
      this.#follower = follower;
      log('info', `Another process leads the analysis of ${root}; this one uses its results.`);
    } else {
      log('info', `Another process analyses ${root} with another version of Bulkhead or Node.js. Nothing is shared.`);
    }
    this.#joined.resolve();
    await follower.closed;
    this.#closing.signal.removeEventListener('abort', leave);
    this.#follower = undefined;
    return true;
  }

  async #receiveChanges({ changes, isFound }: ChangesParams): Promise<void> {
    const host = await this.#host.promise;
    const news = await this.#seen.receive(changes, isFound);
    if (news.length > 0) host.changed(news);
  }
}
