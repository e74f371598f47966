/**
 * The settings in force on a connection: what the client sent or answered, whether the workspace is trusted, and what is wrong
 * with them. Lives as long as the connection.
 */
import type { Connection } from 'vscode-languageserver/node';
import { isRecord } from '../configuration/is-record.ts';
import { defaultSettings, type BulkheadSettings } from '../configuration/settings.ts';
import { sandboxOf } from '../pool/sandbox-settings.ts';
import type { PoolSettings } from '../pool/types.ts';
import { readEditorSettings, type EditorSettings } from './editor-settings.ts';
import { sectionIn, type Initialization } from './initialization.ts';

/** A client that has not answered by then is taken to have no settings. */
const answerMs = 5_000;

/** All that may change at once. */
export interface SettingsChange {
  readonly window?: BulkheadSettings;
  readonly folders?: ReadonlyMap<string, BulkheadSettings>;
  readonly trusted?: boolean;
}

/** What was in force before a change, as far as the change has consequences. */
export type FormerSettings = Readonly<Pick<ClientSettings, 'window' | 'pool' | 'codeLenses'>>;

export class ClientSettings {
  readonly #connection: Connection;
  readonly #onChange: (before: FormerSettings) => void;
  #window: BulkheadSettings = defaultSettings;
  #folders: ReadonlyMap<string, BulkheadSettings> = new Map();
  #trusted = true;
  #problems: readonly string[] = [];
  /** Problems that have been logged, or will be when the connection is ready. */
  readonly #logged = new Set<string>();
  #isReady = false;

  /** @param onChange called after a change */
  constructor(connection: Connection, onChange: (before: FormerSettings) => void) {
    this.#connection = connection;
    this.#onChange = onChange;
  }

  /** Those of the window. */
  get window(): BulkheadSettings {
    return this.#window;
  }

  /** Of folders that have their own, by URI. */
  get folders(): ReadonlyMap<string, BulkheadSettings> {
    return this.#folders;
  }

  /** Code of the workspace may run. */
  get trusted(): boolean {
    return this.#trusted;
  }

  /** What is wrong with the present settings, a sentence each. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  get pool(): Required<PoolSettings> {
    const { maxWorkers, memoryLimit, healthInterval, node } = this.#window;
    return {
      maxWorkers,
      memoryMb: memoryLimit,
      healthIntervalMs: healthInterval * 1_000,
      // An untrusted workspace must not choose which program runs.
      node: this.#trusted ? node : '',
      sandbox: sandboxOf(this.#window),
    };
  }

  /** Where code lenses are shown, to be compared. */
  get codeLenses(): string {
    return JSON.stringify([this.#window, ...this.#folders.values()].map(({ codeLens }) => codeLens));
  }

  initialize({ settings, folders, problems, trusted }: Initialization): void {
    this.#window = settings;
    this.#folders = folders;
    this.#trusted = trusted;
    this.#problems = problems;
    for (const problem of problems) this.#logged.add(problem);
  }

  /** The client takes messages. */
  ready(): void {
    this.#isReady = true;
    this.#log(this.#logged);
  }

  change({ window = this.#window, folders = this.#folders, trusted = this.#trusted }: SettingsChange): void {
    const before = { window: this.#window, pool: this.pool, codeLenses: this.codeLenses };
    this.#window = window;
    this.#folders = folders;
    this.#trusted = trusted;
    this.#onChange(before);
  }

  /** Applies what the client sent. Each problem is logged once. */
  apply({ settings, folders, problems }: EditorSettings): void {
    this.#problems = problems;
    const fresh = problems.filter((problem) => !this.#logged.has(problem));
    for (const problem of fresh) this.#logged.add(problem);
    if (this.#isReady) this.#log(fresh);
    this.change({ window: settings, folders });
  }

  /** Asks the client, and applies its answer. Resolves when it has answered, or will not. */
  async ask(): Promise<void> {
    const ask = async (): Promise<void> => {
      const answer: unknown = await this.#connection.workspace.getConfiguration('bulkhead').catch(() => undefined);
      if (isRecord(answer) && Object.keys(answer).length > 0)
        this.apply(readEditorSettings(sectionIn(answer) ?? answer));
    };
    // A late answer still counts, but nobody waits for it.
    const timedOut = Promise.withResolvers<void>();
    const timer = setTimeout(timedOut.resolve, answerMs).unref();
    await Promise.race([ask(), timedOut.promise]);
    clearTimeout(timer);
  }

  #log(problems: Iterable<string>): void {
    for (const problem of problems) this.#connection.console.warn(problem);
  }
}
