/**
 * One analysis of a folder for all processes that have it open: whoever holds the lock leads, the others ask the
 * leader, and the first of them to notice that it is gone leads next. Lives as long as the folder is open.
 *
 * Invariant: sharing only ever saves work. Without a leader, with one that differs, hangs or dies, this process does
 * everything by itself.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../engine/engine.ts';
import type { FileChange } from '../engine/change-triggers.ts';
import type { Pool, SupervisedPool } from '../pool/types.ts';
import { Locks, type Lock } from '../store/locks.ts';
import type { LockTable } from '../store/lock-table.ts';
import { claimAddress, readAddress, removeAddress, writeAddress } from './address.ts';
import { ChangeLedger } from './change-ledger.ts';
import { Follower } from './follower.ts';
import { Leader } from './leader.ts';
import { greetingOf, type Greeting } from './messages.ts';
import { sharedPool } from './shared-pool.ts';

export interface SharingOptions {
  /** Absolute path of the folder that is analysed. */
  readonly root: string;
  /** Folder that all processes which analyse this root have in common; that of the lock table. */
  readonly dir: string;
  readonly lockTable: LockTable;
  readonly pool: SupervisedPool;
  /** The setting `bulkhead.node`. */
  readonly program?: string;
  readonly log: (level: 'warn' | 'info', message: string) => void;
}

/** What the owner of the engine does for other processes. */
export interface SharingHost {
  readonly engine: Engine;
  /** Files changed on disk, as another process saw. */
  changed(changes: readonly FileChange[]): void;
  /** Everything again: somebody asked for it in another process. */
  analyze(): void;
  /** Lets a file out of quarantine. */
  release(file: string): void;
  /** Makes the engine's answers those of the disk as it is now. @returns whether they are */
  confirm(): Promise<boolean>;
}

/** Nobody waits longer to know whether somebody else does the work. Only a leader that hangs is waited for so long. */
const JOIN_PATIENCE_MS = 10_000;
/** Only for an owner that hangs: one that died is noticed by its process. Renewing it often would not be idle. */
const LEASE_MS = 600_000;
const FIRST_RETRY_MS = 20;
const MAX_RETRY_MS = 30_000;

export class Sharing {
  /** For the engine. */
  readonly pool: Pool;
  readonly #options: SharingOptions;
  readonly #greeting: Greeting;
  readonly #locks: Locks;
  readonly #ledger: ChangeLedger;
  readonly #closing = new AbortController();
  readonly #joined = Promise.withResolvers<void>();
  /** Resolves when it is known who leads, or nobody waits for it any longer; then it is gone. */
  #unknown: Promise<void> | undefined;
  readonly #host = Promise.withResolvers<SharingHost>();
  readonly #running: Promise<void>;
  #leader: Leader | undefined;
  #follower: Follower | undefined;

  constructor(options: SharingOptions) {
    this.#options = options;
    this.#greeting = greetingOf(options.program);
    this.#locks = new Locks({ table: options.lockTable, label: 'analysis' });
    this.#ledger = new ChangeLedger(options.root);
    this.pool = sharedPool(options.pool, () => this.#leading());
    this.#unknown = this.#wait().then(() => {
      this.#unknown = undefined;
    });
    this.#running = this.#run().catch((error: unknown) =>
      options.log('warn', `The analysis of ${options.root} is not shared: ${String(error)}`),
    );
  }

  /** From now on there is an engine to answer others with. */
  serve(host: SharingHost): void {
    this.#host.resolve(host);
  }

  /** Another process does our work. */
  get following(): boolean {
    return this.#follower?.usable === true;
  }

  /**
   * Files changed, as this process saw.
   * @param isUnsaved of which the editor holds a text that nobody else knows
   * @returns those of which no other process has told before
   */
  async changed(changes: readonly FileChange[], isUnsaved: (file: string) => boolean): Promise<readonly FileChange[]> {
    if (!this.following && (this.#leader?.followers ?? 0) === 0) {
      this.#ledger.clear();
      return changes;
    }
    const ofDisk = changes.filter(({ file }) => !isUnsaved(file));
    const news = await this.#ledger.news(ofDisk);
    if (news.length > 0) {
      this.#follower?.tellChanges(news);
      this.#leader?.tellChanges(news);
    }
    return [...changes.filter(({ file }) => isUnsaved(file)), ...news];
  }

  /** The text of the file in the editor is, or was, another than on disk. */
  textChanged(file: string): void {
    this.#ledger.forget(file);
  }

  /** The user wants everything analysed again. */
  tellAnalyze(): void {
    this.#follower?.tellAnalyze();
    this.#leader?.tellAnalyze();
  }

  tellRelease(file: string): void {
    this.#follower?.tellRelease(file);
  }

  /** While the store is still open: the lock is in its hands. */
  async dispose(): Promise<void> {
    this.#closing.abort();
    this.#follower?.close();
    this.#leader?.close();
    await this.#running;
    await this.#locks.close().catch(() => {});
  }

  /** Who does our work. Work that somebody else does is not begun: at first it is waited for, ten seconds at most. */
  #leading(): Follower | undefined | Promise<Follower | undefined> {
    return this.#unknown ? this.#unknown.then(() => this.#follower) : this.#follower;
  }

  async #wait(): Promise<void> {
    const patience = new AbortController();
    const signal = AbortSignal.any([patience.signal, this.#closing.signal]);
    const late = sleep(JOIN_PATIENCE_MS, undefined, { signal, ref: false }).catch(() => undefined);
    await Promise.race([this.#joined.promise, late]);
    patience.abort();
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
      // It has the lock and does not answer: it has just begun, or hangs.
      const pause = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt);
      await sleep(pause, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Undefined: it is somebody's, or cannot be had for another reason that may pass. */
  async #tryLock(): Promise<Lock | undefined> {
    try {
      return await this.#locks.tryAcquire('analysis', { leaseMs: LEASE_MS });
    } catch {
      return undefined;
    }
  }

  /** Resolves when the lock is no longer ours. */
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
          changed: async (changes) => {
            const news = await this.#ledger.news(changes);
            if (news.length > 0) host.changed(news);
            return news;
          },
          confirm: () => host.confirm(),
          analyze: () => host.analyze(),
          release: (file) => host.release(file),
        },
        this.#greeting,
      );
      try {
        await leader.listen(place.path);
        await writeAddress(dir, place.path);
        this.#leader = leader;
        log('info', `Leads the analysis of ${root}.`);
        await over;
      } catch (error) {
        log('warn', `The analysis of ${root} is not shared with other processes: ${String(error)}`);
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

  /** Resolves when the line to the leader has ended. @returns false: there was none */
  async #follow(): Promise<boolean> {
    const { dir, log, root } = this.#options;
    const address = await readAddress(dir);
    if (address === undefined || this.#closing.signal.aborted) return false;
    const follower = await Follower.connect(address, this.#greeting, {
      changed: (changes) => void this.#heard(changes),
      analyze: () => void this.#host.promise.then((host) => host.analyze()),
    });
    if (follower === undefined) return false;
    if (this.#closing.signal.aborted) follower.close();
    if (follower.usable) {
      this.#follower = follower;
      log('info', `Follows the analysis of ${root} by another process.`);
    } else {
      log('info', `Another process analyses ${root} too, in another version or by another Node.js: nothing is shared.`);
    }
    this.#joined.resolve();
    await follower.closed;
    this.#follower = undefined;
    return true;
  }

  async #heard(changes: readonly FileChange[]): Promise<void> {
    const host = await this.#host.promise;
    const news = await this.#ledger.news(changes);
    if (news.length > 0) host.changed(news);
  }
}
