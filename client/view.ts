/** Texts of the status bar for a state of the server. Pure functions without the editor's API. */
import * as l10n from '@vscode/l10n';
import { countsText } from './counts.ts';
import { stateWords } from './health/format.ts';
import type {
  DetectorStatusItem,
  StatusParams,
  StatusProblem,
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
  'bulkhead.pause',
  'bulkhead.resume',
  'bulkhead.openHealth',
  'bulkhead.restartServer',
  'bulkhead.showOutput',
  'workbench.trust.manage',
] as const;

export function isAnalysing(view: View): boolean {
  return view.phase === 'running' && view.status.state === 'analysing';
}

export function statusItem(view: View): StatusItem {
  const { icon, face, summary } = summaryOf(view);
  return {
    text: [`$(${icon}) Bulkhead${face === undefined ? '' : `: ${face}`}`, ...marksOf(view)].join(' '),
    tooltip: tooltip(view),
    label: `Bulkhead: ${summary}`,
    command: 'bulkhead.showStatus',
  };
}

interface Summary {
  readonly icon: string;
  /** What the item says besides the name. */
  readonly face?: string;
  /** A sentence without its full stop. */
  readonly summary: string;
  /** The summary without what is listed below it; absent: the same. */
  readonly heading?: string;
}

export function summaryOf(view: View): Summary {
  switch (view.phase) {
    case 'starting':
      return { icon: 'loading~spin', summary: l10n.t('starting') };
    case 'restarting':
      return { icon: 'loading~spin', summary: l10n.t('the server ended unexpectedly and is restarting') };
    case 'stopped':
      return { icon: 'circle-slash', face: l10n.t('stopped'), summary: l10n.t('stopped') };
    case 'failed':
      return {
        icon: 'error',
        face: l10n.t('stopped'),
        summary: l10n.t('the server ended repeatedly and was not restarted'),
      };
    case 'running':
      return runningSummaryOf(view.status);
  }
}

function runningSummaryOf(status: StatusParams): Summary {
  const details = [countsText(status.issues), ...staleText(status), ...restrictedText(status)].join(', ');
  switch (status.state) {
    case 'analysing': {
      const { percent } = status;
      if (status.detectors.length === 0) return { icon: 'loading~spin', summary: l10n.t('starting') };
      if (percent === undefined)
        return { icon: 'loading~spin', summary: l10n.t('confirming the results, {0}', details) };
      return {
        icon: 'loading~spin',
        face: `${percent}%`,
        summary: l10n.t('analysing, {0} percent, {1}', percent, details),
      };
    }
    case 'paused':
      return { icon: 'debug-pause', face: l10n.t('paused'), summary: l10n.t('paused, {0}', details) };
    case 'problem':
      return {
        icon: 'warning',
        face: degradedText(status),
        summary: `${withoutStop(status.message ?? l10n.t('a detector failed'))}; ${details}`,
        heading: l10n.t('answers are missing, or a configuration is broken; {0}', details),
      };
    case 'idle':
      if (status.detectors.length === 0)
        return { icon: 'circle-slash', summary: status.message ?? l10n.t('no detector is on') };
      return { icon: 'check', summary: l10n.t('up to date, {0}', details) };
  }
}

/** Counts and limits, as icons: they are to be seen in every state. */
function marksOf(view: View): readonly string[] {
  if (view.phase !== 'running') return [];
  const { issues, detectors } = view.status;
  const stale = staleOf(view.status);
  return [
    ...(issues.error > 0 ? [`$(error) ${issues.error}`] : []),
    ...(issues.warning > 0 ? [`$(warning) ${issues.warning}`] : []),
    ...(issues.info + issues.hint > 0 ? [`$(info) ${issues.info + issues.hint}`] : []),
    ...(stale > 0 ? [`$(history) ${stale}`] : []),
    ...(detectors.some(({ status }) => status === 'restricted') ? ['$(shield)'] : []),
  ];
}

function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, '');
}

/** Who cannot do its part. */
function degradedText({ detectors, problems }: StatusParams): string {
  const titles = detectors.filter(({ status }) => incomplete.has(status)).map(({ title }) => title);
  if (problems.some(({ detector }) => detector === undefined)) titles.push(l10n.t('configuration'));
  const [first = l10n.t('degraded'), ...more] = titles;
  return more.length === 0 ? first : `${first} +${more.length}`;
}

const incomplete: ReadonlySet<DetectorStatusItem['status']> = new Set(['failed', 'degraded', 'cancelled']);

function staleOf({ detectors }: StatusParams): number {
  return detectors.reduce((sum, detector) => sum + (detector.stale ?? 0), 0);
}

function staleText(status: StatusParams): readonly string[] {
  const stale = staleOf(status);
  if (stale === 0) return [];
  return [
    stale === 1
      ? l10n.t('results for 1 input may be out of date')
      : l10n.t('results for {0} inputs may be out of date', stale),
  ];
}

function restrictedText({ detectors }: StatusParams): readonly string[] {
  const isRestricted = detectors.some(({ status }) => status === 'restricted');
  return isRestricted ? [l10n.t('limited until the workspace is trusted')] : [];
}

function tooltip(view: View): string {
  const { summary, heading = summary } = summaryOf(view);
  const parts = [`**Bulkhead** · ${escapeMarkdown(heading)}`];
  if (view.phase === 'running') {
    const { status } = view;
    if (status.message !== undefined && status.state !== 'problem') {
      parts.push(escapeMarkdown(status.message));
    }
    const [first, second, ...others] = status.problems.map(problemText);
    for (const problem of [first, second]) {
      if (problem !== undefined) parts.push(`$(warning) ${escapeMarkdown(problem)}`);
    }
    if (others.length > 0) parts.push(l10n.t('and {0} more: click the item', others.length));
    if (status.detectors.length > 0) {
      parts.push(
        table([l10n.t('Detector'), l10n.t('Engine'), l10n.t('Issues')], '--:', status.detectors.map(detectorRow)),
      );
    }
    // Workers that stopped because they were idle are omitted.
    const workers = status.workers.filter((worker) => worker.state !== 'stopped' || worker.lastExit !== undefined);
    if (workers.length > 0) {
      const headers = [l10n.t('Worker'), l10n.t('State'), l10n.t('Memory'), l10n.t('Peak'), l10n.t('Restarts')];
      parts.push(table(headers, '--:', workers.map(workerRow)));
      parts.push(...workers.flatMap(lastExit));
      parts.push(l10n.t('Memory of all workers: {0}', megabytes(status.memoryBytes)));
    }
  }
  parts.push('---', links(view));
  return parts.join('\n\n');
}

function detectorRow(detector: DetectorStatusItem): readonly string[] {
  const earlier = detector.stale === undefined ? [] : [l10n.t('{0} may be out of date', detector.stale)];
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
  confirming: 'loading~spin',
  cancelled: 'history',
  done: 'check',
  degraded: 'warning',
  failed: 'error',
} as const satisfies Record<DetectorStatusItem['status'], string>;

function workerRow(worker: WorkerStatus): readonly string[] {
  return [
    escapeMarkdown(worker.name),
    stateWords(worker.state),
    megabytes(worker.memoryBytes),
    megabytes(worker.peakMemoryBytes),
    String(worker.restarts),
  ];
}

function lastExit({ name, lastExit: reason }: WorkerStatus): readonly string[] {
  return reason === undefined ? [] : [l10n.t('{0}, last exit: {1}', escapeMarkdown(name), escapeMarkdown(reason))];
}

/** The first two columns are text, the others numbers. */
function table(headers: readonly string[], numberAlignment: string, rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const alignment = headers.map((_, index) => (index < 2 ? ':--' : numberAlignment));
  return [line(headers), line(alignment), ...rows.map(line)].join('\n');
}

function links(view: View): string {
  const running = view.phase === 'running';
  const paused = running && view.status.state === 'paused';
  const restricted = running && view.status.detectors.some(({ status }) => status === 'restricted');
  const link = (title: string, command: (typeof tooltipCommands)[number]) => `[${title}](command:${command})`;
  return [
    ...(isAnalysing(view) ? [link(l10n.t('Cancel'), 'bulkhead.cancel')] : []),
    ...(running && !isAnalysing(view) && !paused ? [link(l10n.t('Analyse Workspace'), 'bulkhead.analyze')] : []),
    ...(paused ? [link(l10n.t('Resume'), 'bulkhead.resume')] : []),
    ...(running && !paused ? [link(l10n.t('Pause'), 'bulkhead.pause')] : []),
    ...(restricted ? [link(l10n.t('Manage Trust'), 'workbench.trust.manage')] : []),
    ...(running ? [link(l10n.t('Health'), 'bulkhead.openHealth')] : []),
    link(l10n.t('Restart Server'), 'bulkhead.restartServer'),
    link(l10n.t('Show Output'), 'bulkhead.showOutput'),
  ].join(' · ');
}

/** One line; a storm is one with a count. */
export function problemText({ message, count }: StatusProblem): string {
  return count === 1 ? message : l10n.t('{0} ({1} places)', message, count);
}

export function megabytes(bytes: number): string {
  // With a non-breaking space.
  return l10n.t('{0} MB', Math.round(bytes / (1024 * 1024))).replaceAll(' ', '\u00a0');
}

/** The server's texts may quote the workspace. They must not become links, icons or table rows. */
function escapeMarkdown(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_{}[\]()#+\-!|<>~$]/g, '\\$&');
}
