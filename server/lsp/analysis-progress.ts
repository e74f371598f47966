/** The editor's progress notification, with a cancel button. Shown only during an analysis; at most one at a time. */
import type { Connection, WorkDoneProgressServerReporter } from 'vscode-languageserver/node';
import type { StatusParams } from '../../workers/protocol/editor-protocol.ts';

export class AnalysisProgress {
  readonly #connection: Connection;
  readonly #supported: boolean;
  readonly #onCancel: () => void;
  #reporter: Promise<WorkDoneProgressServerReporter> | undefined;
  #last = '';

  constructor(connection: Connection, supported: boolean, onCancel: () => void) {
    this.#connection = connection;
    this.#supported = supported;
    this.#onCancel = onCancel;
  }

  update(status: StatusParams): void {
    if (!this.#supported) return;
    const { percent, message = '' } = status;
    if (status.state !== 'analysing' || percent === undefined) {
      const reporter = this.#reporter;
      this.#reporter = undefined;
      void reporter?.then((progress) => progress.done()).catch(() => {});
      return;
    }
    this.#reporter ??= this.#begin();
    const text = `${percent} ${message}`;
    if (text === this.#last) return;
    this.#last = text;
    // The editor may have gone before the reporter is ready.
    void this.#reporter.then((progress) => progress.report(percent, message)).catch(() => {});
  }

  async #begin(): Promise<WorkDoneProgressServerReporter> {
    const progress = await this.#connection.window.createWorkDoneProgress();
    progress.begin('Bulkhead', 0, 'Analysing', true);
    progress.token.onCancellationRequested(this.#onCancel);
    return progress;
  }
}
