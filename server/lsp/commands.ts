/** The commands of the server, which every editor can execute. Stateless. */
import type { StatusParams } from '../../workers/protocol/editor-protocol.ts';
import { raiseLimitCommand, retryCommand } from './code-actions.ts';
import { acceptCommand, analyzeCommand, openPageCommand } from './issue-actions.ts';

const restartCommand = 'bulkhead.server.restartWorkers';
const statusCommand = 'bulkhead.server.status';

export const commands = [retryCommand, raiseLimitCommand, acceptCommand, openPageCommand, analyzeCommand, restartCommand, statusCommand] as const; // prettier-ignore

export interface CommandHost {
  retry(uri: string): void;
  analyze(): void;
  restartWorkers(): void;
  status(): StatusParams;
  /** Of an ordinary worker, in megabytes. */
  memoryLimit(): number;
  /** Until the server ends or its settings change. */
  raiseMemoryLimit(megabytes: number): void;
  /** Adds an issue to the baseline. */
  accept(uri: string, fingerprint: string): void;
  /** Shows a page of the documentation. */
  openPage(page: string): void;
  /** Shows a message to the user. */
  tell(message: string): void;
}

/** @returns what the editor gets as the command's result: the status, or null */
export function runCommand(
  command: string,
  [uri, fingerprint]: readonly unknown[],
  host: CommandHost,
): StatusParams | null {
  switch (command) {
    case retryCommand:
      if (typeof uri === 'string') host.retry(uri);
      break;
    case raiseLimitCommand: {
      const limit = 2 * host.memoryLimit();
      host.raiseMemoryLimit(limit);
      if (typeof uri === 'string') host.retry(uri);
      host.tell(`Bulkhead: The memory limit of a worker is ${limit} MB until the server ends. The setting bulkhead.memoryLimit keeps it.`); // prettier-ignore
      break;
    }
    case acceptCommand:
      if (typeof uri === 'string' && typeof fingerprint === 'string') host.accept(uri, fingerprint);
      break;
    case openPageCommand:
      if (typeof uri === 'string' && /^(?:https?|file):/.test(uri)) host.openPage(uri);
      break;
    case analyzeCommand:
      host.analyze();
      break;
    case restartCommand:
      host.restartWorkers();
      break;
    case statusCommand: {
      const status = host.status();
      host.tell(summaryOf(status));
      return status;
    }
  }
  return null;
}

function summaryOf({ detectors, workers, memoryBytes, issues, message }: StatusParams): string {
  const restarts = workers.reduce((sum, worker) => sum + worker.restarts, 0);
  const lines = [
    `Bulkhead: ${issues.error} errors, ${issues.warning} warnings. ` +
      `${workers.length} workers, ${Math.round(memoryBytes / 1024 / 1024)} MB, ${restarts} restarts.${message === undefined ? '' : ` ${message}`}`,
    ...detectors.map(
      ({ title, status, issues: count, error }) =>
        `${title}: ${status}, ${count} issues${error === undefined ? '' : `. ${error}`}`,
    ),
  ];
  return lines.join('\n');
}
