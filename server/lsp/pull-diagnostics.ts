/**
 * Diagnostics for clients that ask for them instead of taking what is published. Keeps what would have been published, with
 * an identifier for each state of a file. Lives as long as the connection.
 */
import {
  DocumentDiagnosticReportKind,
  type CancellationToken,
  type Connection,
  type Diagnostic,
  type DocumentDiagnosticReport,
  type PublishDiagnosticsParams,
  type WorkspaceDiagnosticParams,
  type WorkspaceDocumentDiagnosticReport,
} from 'vscode-languageserver/node';

/** An answer comes after this time even if the analysis goes on. The client is told when there is more. */
const longestWaitMs = 30_000;
/** Between two requests to the client to ask again. */
const refreshMs = 500;
/** Files in one partial result. */
const chunk = 100;

export interface PullHost {
  /** Resolves when nothing is being analysed, or `signal` aborts. */
  settled(signal: AbortSignal): Promise<void>;
  diagnosticsOf(uri: string): Promise<readonly Diagnostic[]>;
  versionOf(uri: string): number | undefined;
  readonly canRefresh: boolean;
  /** The client has been told to ask again. */
  refreshed(): void;
}

interface State {
  readonly resultId: string;
  readonly items: readonly Diagnostic[];
}

export class PullDiagnostics {
  readonly #connection: Connection;
  readonly #host: PullHost;
  /** Of each file that has or had diagnostics. */
  readonly #states = new Map<string, State>();
  /** Clients may keep identifiers of an earlier server. */
  readonly #session = Date.now().toString(36);
  #count = 0;
  #refresh: NodeJS.Timeout | undefined;

  constructor(connection: Connection, host: PullHost) {
    this.#connection = connection;
    this.#host = host;
  }

  listen(): void {
    const { diagnostics } = this.#connection.languages;
    diagnostics.on(({ textDocument: { uri }, previousResultId }, cancel) =>
      this.#document(uri, previousResultId, cancel),
    );
    diagnostics.onWorkspace(async (params, cancel, _progress, partial) => {
      const items = await this.#workspace(params, cancel);
      if (!partial) return { items };
      for (let start = 0; start < items.length; start += chunk)
        partial.report({ items: items.slice(start, start + chunk) });
      return { items: [] };
    });
  }

  /** Whether the client is still to be told to ask again. */
  get busy(): boolean {
    return this.#refresh !== undefined;
  }

  /** Instead of publishing. */
  keep({ uri, diagnostics }: PublishDiagnosticsParams): void {
    if (this.#set(uri, diagnostics)) this.#askToRefresh();
  }

  dispose(): void {
    clearTimeout(this.#refresh);
  }

  async #document(
    uri: string,
    previous: string | undefined,
    cancel: CancellationToken,
  ): Promise<DocumentDiagnosticReport> {
    await this.#settled(cancel);
    this.#set(uri, await this.#host.diagnosticsOf(uri));
    const { resultId, items } = this.#states.get(uri) ?? this.#nothing;
    if (resultId === previous) return { kind: DocumentDiagnosticReportKind.Unchanged, resultId };
    return { kind: DocumentDiagnosticReportKind.Full, resultId, items: [...items] };
  }

  async #workspace(
    { previousResultIds }: WorkspaceDiagnosticParams,
    cancel: CancellationToken,
  ): Promise<WorkspaceDocumentDiagnosticReport[]> {
    await this.#settled(cancel);
    const previous = new Map(previousResultIds.map(({ uri, value }) => [uri, value]));
    const uris = new Set([...this.#states.keys(), ...previous.keys()]);
    return [...uris].flatMap((uri): WorkspaceDocumentDiagnosticReport[] => {
      const { resultId, items } = this.#states.get(uri) ?? this.#nothing;
      const version = this.#host.versionOf(uri) ?? null;
      const known = previous.get(uri);
      if (known === resultId) return [{ kind: DocumentDiagnosticReportKind.Unchanged, uri, version, resultId }];
      if (items.length === 0 && known === undefined) return [];
      return [{ kind: DocumentDiagnosticReportKind.Full, uri, version, resultId, items: [...items] }];
    });
  }

  async #settled(cancel: CancellationToken): Promise<void> {
    const cancelled = new AbortController();
    const listening = cancel.onCancellationRequested(() => cancelled.abort());
    await this.#host.settled(AbortSignal.any([cancelled.signal, AbortSignal.timeout(longestWaitMs)]));
    listening.dispose();
  }

  /** @returns whether the diagnostics of the file have changed */
  #set(uri: string, items: readonly Diagnostic[]): boolean {
    const before = this.#states.get(uri) ?? this.#nothing;
    if (JSON.stringify(before.items) === JSON.stringify(items)) return false;
    this.#count += 1;
    this.#states.set(uri, { resultId: `${this.#session}-${this.#count}`, items });
    return true;
  }

  get #nothing(): State {
    return { resultId: `${this.#session}-0`, items: [] };
  }

  #askToRefresh(): void {
    if (!this.#host.canRefresh) return;
    this.#refresh ??= setTimeout(() => {
      this.#refresh = undefined;
      // The client may be gone by then.
      void this.#connection.languages.diagnostics.refresh().catch(() => {});
      this.#host.refreshed();
    }, refreshMs);
  }
}
