/**
 * What a folder holds open besides its engine: the store, the worker pool and the connection to other processes. Lives as
 * long as the folder.
 */
import { createPool } from '../pool/pool.ts';
import type { Pool, SupervisedPool } from '../pool/types.ts';
import { sharedPool } from '../sharing/shared-pool.ts';
import type { Store, StoreStats } from '../store/store.ts';
import type { FolderOptions, SharingSettings } from './options.ts';
import { Peers } from './peers.ts';
import { openStorage, type FolderStorage, type StorageLog } from './storage.ts';

export interface FolderResourcesReport {
  /** Absent: results are not stored. */
  readonly store?: StoreStats;
  readonly sharing: Peers['role'];
}

export class FolderResources {
  readonly #root: string;
  readonly #options: FolderOptions;
  readonly #log: StorageLog;
  #storage: FolderStorage | undefined;
  #pool: SupervisedPool | undefined;
  #peers: Peers | undefined;
  #closeQuarantine: (() => Promise<void>) | undefined;

  constructor(root: string, options: FolderOptions, log: StorageLog) {
    this.#root = root;
    this.#options = options;
    this.#log = log;
  }

  /** Undefined: results are not stored, or the store is not open yet. */
  get store(): Store | undefined {
    return this.#storage?.store;
  }

  get pool(): SupervisedPool | undefined {
    return this.#pool;
  }

  /** Undefined: without storage nothing is shared. */
  get peers(): Peers | undefined {
    return this.#peers;
  }

  async openStorage(): Promise<void> {
    const { storage } = this.#options;
    if (storage !== undefined) this.#storage = await openStorage(this.#root, storage, this.#log);
  }

  /**
   * Opens the pool, and joins other processes that have the folder open. Call it after {@link openStorage}.
   * @returns the pool for the engine, which may let another process do the work
   */
  async openPool(sharing: SharingSettings | undefined): Promise<Pool> {
    const { pool: given, poolSettings } = this.#options;
    const { store, sharedDir } = this.#storage ?? {};
    const storageDir = store === undefined ? {} : { storageDir: store.dir };
    const pool =
      given ??
      createPool({
        ...poolSettings,
        ...storageDir,
        onSlow: (message) => this.#log('warn', message),
        onSandbox: (message) => this.#log('warn', message),
        onUnreached: (message) => this.#log('warn', message),
      });
    this.#pool = pool;
    if (store === undefined || sharedDir === undefined) return pool;
    this.#closeQuarantine = pool.openQuarantine(this.#root, store.quarantine);
    const peers = new Peers({ root: this.#root, dir: sharedDir, lockTable: store.lockTable, pool, log: this.#log });
    this.#peers = peers;
    peers.configure(sharing);
    await peers.joined();
    return sharedPool(pool, () => peers.leader());
  }

  /** Closes everything that was opened; a pool that was passed in the options stays open. */
  async dispose(): Promise<void> {
    const { store } = this;
    const ownPool = this.#options.pool ? undefined : this.#pool;
    await Promise.all([this.#peers?.dispose(), ownPool?.dispose(), this.#closeQuarantine?.()]);
    await store?.close();
  }
}
