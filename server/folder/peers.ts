/**
 * Shares the analysis with other processes that have the same folder open. Whether and how it is shared may change while
 * the folder is open. Lives as long as the folder.
 */
import type { FileChange } from '../journal.ts';
import type { Follower } from '../sharing/follower.ts';
import type { Sharing, SharingHost, SharingOptions } from '../sharing/sharing.ts';
import type { Visit } from '../sharing/visitor.ts';
import type { SharingSettings } from './options.ts';

export type PeersOptions = Omit<SharingOptions, 'node' | 'sandboxExcept'>;

export class Peers {
  readonly #options: PeersOptions;
  #settings: SharingSettings | undefined;
  #sharing: Sharing | undefined;
  #visit: Visit | undefined;
  #host: SharingHost | undefined;
  /** Joining and leaving happen one after another. */
  #changing: Promise<void> = Promise.resolve();
  #disposed = false;

  constructor(options: PeersOptions) {
    this.#options = options;
  }

  /** Joins or leaves the other processes if the settings changed. */
  configure(settings: SharingSettings | undefined): void {
    if (JSON.stringify(settings) === JSON.stringify(this.#settings)) return;
    this.#settings = settings;
    this.#changing = this.#changing
      .then(() => this.#leave())
      .then(() => this.#join())
      .catch((error: unknown) =>
        this.#options.log('warn', `Could not share the analysis of ${this.#options.root}: ${String(error)}`),
      );
  }

  /** Resolves when the last {@link configure} has taken effect. */
  async joined(): Promise<void> {
    await this.#changing;
  }

  /** Answers other processes from now on. */
  serve(host: SharingHost): void {
    this.#host = host;
    this.#sharing?.serve(host);
  }

  /** The process that does the analysis for this one; undefined: none does. It may take a moment to find out. */
  leader(): Follower | undefined | Promise<Follower | undefined> {
    return this.#sharing ? this.#sharing.leader() : this.#visit?.leader();
  }

  /** `off`: nothing is shared. `alone`: no other process is known. */
  get role(): 'leader' | 'follower' | 'alone' | 'off' {
    return this.#sharing?.role ?? 'off';
  }

  /** Whether this process exchanges changes with others. */
  get active(): boolean {
    return this.#sharing !== undefined;
  }

  /** @returns see {@link Sharing.changed} */
  async changed(
    changes: readonly FileChange[],
    isUnsaved: (file: string) => boolean,
    isFound = false,
  ): Promise<readonly FileChange[]> {
    return (await this.#sharing?.changed(changes, isUnsaved, isFound)) ?? changes;
  }

  textChanged(file: string): void {
    this.#sharing?.textChanged(file);
  }

  sendAnalyze(): void {
    this.#sharing?.sendAnalyze();
  }

  sendRelease(file: string): void {
    this.#sharing?.sendRelease(file);
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    this.#changing = this.#changing.then(() => this.#leave());
    await this.#changing;
  }

  async #leave(): Promise<void> {
    const sharing = this.#sharing;
    this.#sharing = undefined;
    this.#visit?.close();
    this.#visit = undefined;
    await sharing?.dispose();
  }

  /** The modules are loaded only when needed, so that checks in the terminal start faster. */
  async #join(): Promise<void> {
    const settings = this.#settings;
    if (this.#disposed || settings === undefined) return;
    if (settings.role === 'visitor') {
      const { visit } = await import('../sharing/visitor.ts');
      this.#visit = await visit(this.#options.dir, settings.sandboxExcept);
      return;
    }
    const { Sharing: Member } = await import('../sharing/sharing.ts');
    const { node, sandboxExcept } = settings;
    this.#sharing = new Member({ ...this.#options, ...(node === undefined ? {} : { node }), sandboxExcept });
    if (this.#host) this.#sharing.serve(this.#host);
  }
}
