/** Texts of the status bar for a state of the server. Pure functions without the editor's API. */
import type {
  DetectorStatusItem,
  IssueCounts,
  StatusParams,
  WorkerStatus,
} from '../workers/protocol/editor-protocol.ts';

export type View =
  | { readonly phase: 'stopped' | 'starting' | 'restarting' | 'failed' }
  | { readonly phase: 'running'; readonly status: StatusParams };

/** What the status bar item shows. */
export interface StatusItem {
  /** With the icon. */
  readonly text: string;
  /** Markdown with theme icons and command links. */
  readonly tooltip: string;
  /** For screen readers. */
  readonly label: string;
  /** What a click does. */
  readonly command: string;
}

/** Commands that the tooltip may link to. */
export const tooltipCommands = [
  'bulkhead.analyze',
  'bulkhead.cancel',
  'bulkhead.restartWorkers',
  'bulkhead.restartServer',
  'bulkhead.showOutput',
] as const;

export function isAnalysing(view: View): boolean {
  return view.phase === 'running' && view.status.state === 'analysing';
}

export function statusItem(view: View): StatusItem {
  const { icon, summary } = summaryOf(view);
  const percent = view.phase === 'running' && view.status.state === 'analysing' ? view.status.percent : undefined;
  const bad = icon === 'error' || icon === 'warning';
  return {
    text: `$(${icon}) Bulkhead${percent === undefined ? '' : ` ${Math.floor(percent)}%`}`,
    tooltip: tooltip(view, summary),
    label: `Bulkhead: ${summary}`,
    command: bad ? 'bulkhead.showOutput' : 'workbench.actions.view.problems',
  };
}

function summaryOf(view: View): { icon: string; summary: string } {
  switch (view.phase) {
    case 'starting':
      return { icon: 'loading~spin', summary: 'starting' };
    case 'restarting':
      return { icon: 'loading~spin', summary: 'the server ended unexpectedly and is restarting' };
    case 'stopped':
      return { icon: 'circle-slash', summary: 'stopped' };
    case 'failed':
      return { icon: 'error', summary: 'the server ended repeatedly and was not restarted' };
    case 'running':
      return runningSummaryOf(view.status);
  }
}

function runningSummaryOf(status: StatusParams): { icon: string; summary: string } {
  switch (status.state) {
    case 'analysing': {
      const percent = status.percent === undefined ? '' : `, ${Math.floor(status.percent)} percent`;
      return { icon: 'loading~spin', summary: `analysing${percent}` };
    }
    case 'problem':
      return { icon: 'warning', summary: status.message ?? 'a detector failed' };
    case 'idle': {
      // The server is running but has not opened its folders yet.
      if (status.detectors.length === 0) {
        return { icon: 'loading~spin', summary: 'starting' };
      }
      const limited = status.detectors.some((detector) => detector.status === 'restricted');
      const trust = limited ? '; limited until the workspace is trusted' : '';
      const stale = status.detectors.reduce((sum, detector) => sum + (detector.stale ?? 0), 0);
      const freshness =
        stale === 0 ? 'up to date' : `results for ${stale} ${stale === 1 ? 'input' : 'inputs'} may be out of date`;
      return { icon: stale === 0 ? 'check' : 'history', summary: `${freshness}, ${countsText(status.issues)}${trust}` };
    }
  }
}

function tooltip(view: View, summary: string): string {
  const parts = [`**Bulkhead** · ${escapeMarkdown(summary)}`];
  if (view.phase === 'running') {
    const { status } = view;
    if (status.message !== undefined && status.state !== 'problem') {
      parts.push(escapeMarkdown(status.message));
    }
    if (status.detectors.length > 0) {
      parts.push(table(['Detector', 'Engine', 'Issues'], '--:', status.detectors.map(detectorRow)));
    }
    // Workers that stopped because they were idle are omitted.
    const workers = status.workers.filter((worker) => worker.state !== 'stopped' || worker.lastExit !== undefined);
    if (workers.length > 0) {
      const headers = ['Worker', 'State', 'Memory', 'Peak', 'Restarts'];
      parts.push(table(headers, '--:', workers.map(workerRow)));
      parts.push(...workers.flatMap(lastExit));
      parts.push(`Memory of all workers: ${megabytes(status.memoryBytes)}`);
    }
  }
  parts.push('---', links(view));
  return parts.join('\n\n');
}

function detectorRow(detector: DetectorStatusItem): readonly string[] {
  const earlier = detector.stale === undefined ? [] : [`${detector.stale} may be out of date`];
  const remark = [detector.error ?? detector.note ?? detector.engine ?? [], ...earlier].flat().join('; ');
  const icon = detectorIcons[detector.status];
  return [`$(${icon}) ${escapeMarkdown(detector.title)}`, escapeMarkdown(remark), String(detector.issues)];
}

const detectorIcons = {
  off: 'circle-slash',
  restricted: 'shield',
  'not-applicable': 'dash',
  waiting: 'clock',
  running: 'loading~spin',
  done: 'check',
  degraded: 'warning',
  failed: 'error',
} as const satisfies Record<DetectorStatusItem['status'], string>;

function workerRow(worker: WorkerStatus): readonly string[] {
  return [
    escapeMarkdown(worker.name),
    worker.state,
    megabytes(worker.memoryBytes),
    megabytes(worker.peakMemoryBytes),
    String(worker.restarts),
  ];
}

function lastExit({ name, lastExit: reason }: WorkerStatus): readonly string[] {
  return reason === undefined ? [] : [`${escapeMarkdown(name)}, last exit: ${escapeMarkdown(reason)}`];
}

/** The first two columns are text, the others numbers. */
function table(headers: readonly string[], numberAlignment: string, rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const alignment = headers.map((_, index) => (index < 2 ? ':--' : numberAlignment));
  return [line(headers), line(alignment), ...rows.map(line)].join('\n');
}

function links(view: View): string {
  const running = view.phase === 'running';
  const link = (title: string, command: (typeof tooltipCommands)[number]) => `[${title}](command:${command})`;
  return [
    ...(isAnalysing(view) ? [link('Cancel Analysis', 'bulkhead.cancel')] : []),
    ...(running && !isAnalysing(view) ? [link('Analyse Workspace', 'bulkhead.analyze')] : []),
    ...(running ? [link('Restart Workers', 'bulkhead.restartWorkers')] : []),
    link('Restart Server', 'bulkhead.restartServer'),
    link('Show Output', 'bulkhead.showOutput'),
  ].join(' · ');
}

function countsText(counts: IssueCounts): string {
  const part = (count: number, one: string, many: string) =>
    count === 0 ? [] : [`${count} ${count === 1 ? one : many}`];
  const parts = [
    ...part(counts.error, 'error', 'errors'),
    ...part(counts.warning, 'warning', 'warnings'),
    ...part(counts.info, 'info', 'infos'),
    ...part(counts.hint, 'hint', 'hints'),
  ];
  return parts.length === 0 ? 'no issues' : parts.join(', ');
}

function megabytes(bytes: number): string {
  // With a non-breaking space.
  return `${Math.round(bytes / (1024 * 1024))}\u00a0MB`;
}

/** The server's texts may quote the workspace. They must not become links, icons or table rows. */
function escapeMarkdown(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_{}[\]()#+\-!|<>~$]/g, '\\$&');
}
