/**
 * The health of the workers, for views: asks the server only while somebody looks. Lives as long as the extension.
 */
import * as vscode from 'vscode';
import { requests, type FoldersResult, type TimingsResult } from '../../workers/protocol/editor-protocol.ts';
import { healthMethods, type AggregatedError, type HealthParams } from '../../workers/protocol/health.ts';
import type { ServerConnection } from '../server-connection.ts';
import type { ServerManager } from '../server-manager.ts';
import type { HealthSnapshot } from './model.ts';

/** While a worker is busy the numbers move without an event. */
const busyMs = 2000;

export interface WatchedHealth extends HealthSnapshot {
  readonly timings: TimingsResult['detectors'];
}

export class HealthFeed implements vscode.Disposable {
  readonly #manager: ServerManager;
  readonly #log: vscode.LogOutputChannel;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #watchers = new Set<object>();
  readonly #disposables: readonly vscode.Disposable[];
  /** The connection that was asked to send health. */
  #watched: ServerConnection | undefined;
  #latest: WatchedHealth | undefined;
  #timer: NodeJS.Timeout | undefined;
  #asking = false;
  /** There was news while the server was being asked. */
  #again = false;

  constructor(manager: ServerManager, log: vscode.LogOutputChannel) {
    this.#manager = manager;
    this.#log = log;
    this.#disposables = [
      manager.onHealth((health) => void this.#ask(health)),
      manager.onDidChangeView(() => {
        this.#follow();
        if (this.#watchers.size > 0) this.#changed.fire();
      }),
    ];
  }

  /** Fires while somebody watches, whenever {@link latest} or the state of the server changes. */
  get onDidChange(): vscode.Event<void> {
    return this.#changed.event;
  }

  /** Undefined: no server is running, or nobody watches. */
  get latest(): WatchedHealth | undefined {
    return this.#latest;
  }

  /** @returns ends it */
  watch(): vscode.Disposable {
    const watcher = {};
    this.#watchers.add(watcher);
    this.#follow();
    return new vscode.Disposable(() => {
      this.#watchers.delete(watcher);
      this.#follow();
    });
  }

  /** Asks now, for instance after an action. */
  refresh(): Promise<void> {
    return this.#ask();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const disposable of this.#disposables) disposable.dispose();
    this.#changed.dispose();
  }

  /** Turns the server's notifications on or off. */
  #follow(): void {
    const connection = this.#watchers.size > 0 ? this.#manager.connection : undefined;
    if (connection === this.#watched) return;
    const before = this.#watched;
    this.#watched = connection;
    this.#latest = undefined;
    clearTimeout(this.#timer);
    if (before !== undefined && before === this.#manager.connection) {
      before.request(healthMethods.watchHealth, { on: false }).catch(this.#tell);
    }
    if (connection === undefined) return;
    connection
      .request<HealthParams>(healthMethods.watchHealth, { on: true })
      .then((health) => this.#ask(health), this.#tell);
  }

  /** @param known the health, if it has just arrived */
  async #ask(known?: HealthParams): Promise<void> {
    const connection = this.#watched;
    if (connection === undefined) return;
    this.#again = this.#asking;
    if (this.#asking) return;
    this.#asking = true;
    clearTimeout(this.#timer);
    try {
      const [health, { errors }, { folders }, { detectors }] = await Promise.all([
        known ?? connection.request<HealthParams>(healthMethods.health),
        connection.request<{ readonly errors: readonly AggregatedError[] }>(healthMethods.errors),
        connection.request<FoldersResult>(requests.folders),
        connection.request<TimingsResult>(requests.timings),
      ]);
      if (connection !== this.#watched) return;
      this.#latest = { health, errors, folders, timings: detectors };
      this.#changed.fire();
      if (health.workers.some(({ state }) => state === 'busy' || state === 'starting')) {
        this.#timer = setTimeout(() => void this.#ask(), busyMs);
      }
    } catch (error) {
      this.#tell(error);
    } finally {
      this.#asking = false;
    }
    if (this.#again) await this.#ask();
  }

  /** A server that ends is reported elsewhere. */
  readonly #tell = (error: unknown): void => {
    this.#log.debug(`The health of the workers is unknown: ${String(error)}`);
  };
}
