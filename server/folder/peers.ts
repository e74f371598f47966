/**
 * Other processes that have the same folder open, and this one's part among them, which may change while the folder is
 * open. Lives as long as the folder.
 */
import type { FileChange } from '../journal.ts';
import type { Follower } from '../sharing/follower.ts';
import type { Sharing, SharingHost, SharingOptions } from '../sharing/sharing.ts';
import type { Visit } from '../sharing/visitor.ts';
import type { SharingSettings } from './options.ts';

export type PeersOptions = Omit<SharingOptions, 'node'>;

export class Peers {
  readonly #options: PeersOptions;
  #settings: SharingSettings | undefined;
  #sharing: Sharing | undefined;
  #visit: Visit | undefined;
  #host: SharingHost | undefined;
  /** Leaving and joining, one after another. */
  #changing: Promise<void> = Promise.resolve();
  #disposed = false;

  constructor(options: PeersOptions) {
    this.#options = options;
  }

  /** Leaves the others, or joins them, if that is what the difference means. */
  configure(settings: SharingSettings | undefined): void {
    if (settings?.role === this.#settings?.role && settings?.node === this.#settings?.node) return;
    this.#settings = settings;
    this.#changing = this.#changing
      .then(() => this.#leave())
      .then(() => this.#join())
      .catch((error: unknown) =>
        this.#options.log('warn', `Could not share the analysis of ${this.#options.root}: ${String(error)}`),
      );
  }

  /** Resolves when it is settled whether this process shares its analysis. */
  async joined(): Promise<void> {
    await this.#changing;
  }

  /** From now on there is an engine to answer others with. */
  serve(host: SharingHost): void {
    this.#host = host;
    this.#sharing?.serve(host);
  }

  /** The process that does our work; undefined: nobody else does. May take a moment to find out. */
  leader(): Follower | undefined | Promise<Follower | undefined> {
    return this.#sharing ? this.#sharing.leader() : this.#visit?.leader();
  }

  /** This process tells others of changes, and hears of theirs. */
  get active(): boolean {
    return this.#sharing !== undefined;
  }

  /** @returns see {@link Sharing.changed} */
  async changed(changes: readonly FileChange[], isUnsaved: (file: string) => boolean): Promise<readonly FileChange[]> {
    return (await this.#sharing?.changed(changes, isUnsaved)) ?? changes;
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

  /** Loaded only where it is needed: a check in the terminal starts faster without. */
  async #join(): Promise<void> {
    const settings = this.#settings;
    if (this.#disposed || settings === undefined) return;
    if (settings.role === 'visitor') {
      const { visit } = await import('../sharing/visitor.ts');
      this.#visit = await visit(this.#options.dir);
      return;
    }
    const { Sharing: Member } = await import('../sharing/sharing.ts');
    this.#sharing = new Member({ ...this.#options, ...(settings.node === undefined ? {} : { node: settings.node }) });
    if (this.#host) this.#sharing.serve(this.#host);
  }
}
