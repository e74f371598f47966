/** What the health view shows, as a tree of plain data. Pure functions. */
import * as l10n from '@vscode/l10n';
import type { FoldersResult } from '../../workers/protocol/editor-protocol.ts';
import type {
  AggregatedError,
  HealthParams,
  QuarantinedInput,
  WorkerExit,
  WorkerHealth,
  NetworkHealth,
  SandboxHealth,
} from '../../workers/protocol/health.ts';
import { problemText, summaryOf, type View } from '../view.ts';
import { groupErrors, type ErrorGroup, type ErrorPlace } from './errors.ts';
import { duration, memory, percent, stateWords, time } from './format.ts';

/** The latest answers of the server. */
export interface HealthSnapshot {
  readonly health: HealthParams;
  readonly errors: readonly AggregatedError[];
  readonly folders: FoldersResult['folders'];
}

export interface HealthNode {
  /** Stable, so that the tree keeps what is open and selected. */
  readonly id: string;
  readonly label: string;
  readonly description?: string;
  readonly tooltip?: string;
  /** Name of a theme icon. */
  readonly icon: string;
  /** For the menus in package.json. */
  readonly kind?: 'server' | 'worker' | 'liveWorker' | 'quarantined' | 'quarantine' | 'errors' | 'paused' | 'state';
  /** What inline actions act on. */
  readonly worker?: string;
  readonly quarantined?: QuarantinedInput;
  /** What a click opens. */
  readonly opens?: ErrorPlace | { readonly uri: string; readonly line?: number };
  readonly children?: readonly HealthNode[];
  /** Open at first. */
  readonly expanded?: boolean;
}

export function healthTree(view: View, snapshot: HealthSnapshot | undefined): readonly HealthNode[] {
  if (view.phase !== 'running') return [];
  const state = stateNode(view);
  if (snapshot === undefined) return [state];
  const { health, errors, folders } = snapshot;
  return [
    state,
    serverNode(health),
    group('workers', l10n.t('Workers'), 'server-process', health.workers.map(workerNode), {
      about: memory(health.machine.workerBytes),
      expanded: true,
    }),
    ...(health.machine.sandbox?.network === undefined ? [] : [networkNode(health.machine.sandbox.network)]),
    group('errors', l10n.t('Errors'), 'bug', groupErrors(errors).map(errorNode), { kind: 'errors' }),
    group('quarantine', l10n.t('Quarantine'), 'shield', health.quarantined.map(quarantineNode), { kind: 'quarantine' }),
    group('storage', l10n.t('Storage and Sharing'), 'database', folders.map(folderNode)),
  ];
}

/** The same as text, to be pasted into an issue. It names files of the workspace, but quotes none of them. */
export function healthReport(view: View, snapshot: HealthSnapshot | undefined, version: string): string {
  const lines = [`Bulkhead ${version}, ${process.platform} ${process.arch}`];
  const add = (nodes: readonly HealthNode[], depth: number): void => {
    for (const { label, description, children = [] } of nodes) {
      lines.push(`${'  '.repeat(depth)}${label}${description ? `: ${description}` : ''}`);
      add(children, depth + 1);
    }
  };
  add(healthTree(view, snapshot), 0);
  return `${lines.join('\n')}\n`;
}

function stateNode(view: Extract<View, { phase: 'running' }>): HealthNode {
  const { icon, face = '', summary } = summaryOf(view);
  const { problems, state } = view.status;
  const children = problems.map((problem, index): HealthNode => {
    const { uri, range, message } = problem;
    return {
      id: `problem ${index}`,
      label: problemText(problem),
      tooltip: message,
      icon: 'warning',
      ...(uri === undefined ? {} : { opens: { uri, line: range?.start.line ?? 0 } }),
    };
  });
  return {
    id: 'state',
    label: state === 'problem' ? l10n.t('Degraded: {0}', face) : summary.charAt(0).toUpperCase() + summary.slice(1),
    tooltip: view.status.message ?? summary,
    icon,
    kind: state === 'paused' ? 'paused' : 'state',
    ...(children.length === 0 ? {} : { children, expanded: true }),
  };
}

function sandboxText({ mode, state, reason, untrusted }: SandboxHealth): string {
  if (mode === 'off') return l10n.t('Workers run without a sandbox');
  if (state === 'unknown') return l10n.t('Sandbox: no worker has started yet');
  const kept = reason === undefined ? l10n.t('Sandbox: {0}', state) : l10n.t('Sandbox: {0}. {1}', state, reason);
  return untrusted === true
    ? `${kept}\n${l10n.t('In Restricted Mode, code of the workspace runs in the sandbox')}`
    : kept;
}

/** Hosts that workers reached or wished to; the newest first. */
function networkNode({ hosts, unlisted }: NetworkHealth): HealthNode {
  const words = { allowed: l10n.t('reached'), refused: l10n.t('refused'), failed: l10n.t('not reached') };
  const children = hosts
    .toSorted((one, other) => other.last - one.last)
    .map(({ worker, host, port, outcome, reason, count, last }): HealthNode => ({
      id: `network ${worker} ${outcome} ${host}:${port}`,
      label: `${host}:${port}`,
      description: [words[outcome], worker, `${count} ×`, time(last)].join(' · '),
      ...(reason === undefined ? {} : { tooltip: reason }),
      icon: outcome === 'allowed' ? 'pass' : 'circle-slash',
    }));
  const refused = hosts.filter(({ outcome }) => outcome === 'refused').length + unlisted;
  return {
    id: 'network',
    label: l10n.t('Network'),
    description: l10n.t('{0} hosts reached or refused, {1} of them refused', hosts.length + unlisted, refused),
    icon: 'globe',
    children,
  };
}

function serverNode({ server, machine }: HealthParams): HealthNode {
  const { pid, memoryBytes, cpuPercent, uptimeMs, node } = server;
  return {
    id: 'server',
    label: l10n.t('Server'),
    description: [memory(memoryBytes), percent(cpuPercent), l10n.t('up {0}', duration(uptimeMs))].join(' · '),
    tooltip: [
      l10n.t('Process {0}, Node.js {1}', pid, node),
      l10n.t('{0} of {1} memory free', memory(machine.freeBytes), memory(machine.totalBytes)),
      ...(machine.diskFreeBytes === undefined ? [] : [l10n.t('{0} disk free', memory(machine.diskFreeBytes))]),
      ...(machine.sandbox === undefined ? [] : [sandboxText(machine.sandbox)]),
    ].join('\n'),
    icon: 'server',
    kind: 'server',
  };
}

const workerIcons: Readonly<Record<WorkerHealth['state'], string>> = {
  starting: 'loading~spin',
  ready: 'pass',
  busy: 'gear~spin',
  'backing-off': 'watch',
  degraded: 'warning',
  disabled: 'error',
  stopped: 'circle-outline',
};

function workerNode(worker: WorkerHealth): HealthNode {
  const { name, state, pid, memoryBytes, peakMemoryBytes, limitBytes, cpuPercent, current, exits } = worker;
  const isLive = pid !== undefined;
  const work = current && `${current.title}${current.input === undefined ? '' : `: ${current.input}`}`;
  const row = (what: string, label: string, description: string): HealthNode => {
    return { id: `worker ${name} ${what}`, label, description, icon: 'blank' };
  };
  return {
    id: `worker ${name}`,
    label: name,
    description: [
      stateWords(state),
      ...(isLive ? [memory(memoryBytes), percent(cpuPercent)] : []),
      ...(current && work !== undefined ? [`${work} (${duration(current.elapsedMs)})`] : []),
    ].join(' · '),
    tooltip: [
      isLive
        ? l10n.t('Process {0}, {1}, up {2}', pid, worker.driver, duration(worker.uptimeMs))
        : l10n.t('It has no process.'),
      ...(worker.lastExit === undefined ? [] : [l10n.t('Last crash: {0}', worker.lastExit.message)]),
    ].join('\n'),
    icon: workerIcons[state],
    kind: isLive ? 'liveWorker' : 'worker',
    worker: name,
    children: [
      ...(current && work !== undefined
        ? [row('work', l10n.t('Works on'), l10n.t('{0}, for {1}', work, duration(current.elapsedMs)))]
        : []),
      row(
        'memory',
        l10n.t('Memory'),
        l10n.t('{0} now, {1} at most, limit {2}', memory(memoryBytes), memory(peakMemoryBytes), memory(limitBytes)),
      ),
      row('cpu', l10n.t('CPU'), l10n.t('{0} of one core', percent(cpuPercent))),
      row(
        'tasks',
        l10n.t('Tasks'),
        l10n.t('{0} done, {1} lost, {2} waiting', worker.tasksDone, worker.tasksFailed, worker.queued),
      ),
      row('restarts', l10n.t('Restarts after a crash'), String(worker.restarts)),
      ...(exits.length === 0
        ? []
        : [
            group(
              `worker ${name} exits`,
              l10n.t('Ends'),
              'history',
              exits.map((exit, index) => exitNode(name, exit, index)),
            ),
          ]),
    ],
  };
}

function exitNode(worker: string, { at, kind, message, input }: WorkerExit, index: number): HealthNode {
  return {
    id: `worker ${worker} exit ${at} ${index}`,
    label: time(at),
    description: message,
    tooltip: [message, ...(input === undefined ? [] : [l10n.t('Input: {0}', input)])].join('\n'),
    icon: kind === 'cancelled' ? 'circle-outline' : 'error',
  };
}

function errorNode(error: ErrorGroup, index: number): HealthNode {
  const { detector, severity, message, cause, count, first, last, places } = error;
  const [place] = places;
  const times = count === 1 ? time(last) : l10n.t('{0} times, {1} to {2}', count, time(first), time(last));
  const more = places.length < 2 ? [] : places.slice(0, 20).map(placeNode(`error ${index}`));
  return {
    id: `error ${detector} ${message}`,
    label: message,
    description: `${detector} · ${times}`,
    tooltip: cause === undefined ? message : `${message}\n\n${cause}`,
    icon: severity === 'low' ? 'info' : severity === 'medium' ? 'warning' : 'error',
    ...(place === undefined ? {} : { opens: place }),
    ...(more.length === 0 ? {} : { children: more }),
  };
}

function placeNode(parent: string): (place: ErrorPlace, index: number) => HealthNode {
  return (place, index) => ({ id: `${parent} ${index}`, label: place.file, icon: 'file', opens: place });
}

function quarantineNode(input: QuarantinedInput): HealthNode {
  const { detector, root, file, reason, since } = input;
  return {
    id: `quarantined ${detector} ${root} ${file}`,
    label: file,
    description: [detector, l10n.t('since {0}', time(since)), reason.message].join(' · '),
    tooltip: [reason.message, l10n.t('It is skipped until it, the detector or its configuration changes.')].join('\n'),
    icon: 'file',
    kind: 'quarantined',
    quarantined: input,
    opens: { root, file },
  };
}

function sharingText(sharing: FoldersResult['folders'][number]['sharing']): string {
  switch (sharing) {
    case 'leader':
      return l10n.t('Shared: this window analyses, others read its results');
    case 'follower':
      return l10n.t('Shared: another window analyses, this one reads its results');
    case 'alone':
      return l10n.t('Not shared: no other window or terminal has the folder open');
    case 'off':
      return l10n.t('Not shared');
  }
}

function folderNode({ uri, store, sharing }: FoldersResult['folders'][number]): HealthNode {
  const name = decodeURIComponent(uri.slice(uri.lastIndexOf('/') + 1));
  const stored =
    store === undefined || store.mode === 'off'
      ? l10n.t('Results are not stored')
      : store.mode === 'memory'
        ? l10n.t('Results are kept in memory only: the disk cannot be used, see the output')
        : store.results === 1
          ? l10n.t('1 result, {0}', memory(store.bytes))
          : l10n.t('{0} results, {1}', store.results, memory(store.bytes));
  return {
    id: `folder ${uri}`,
    label: name,
    description: stored,
    icon: store?.mode === 'memory' ? 'warning' : 'root-folder',
    children: [
      { id: `folder ${uri} sharing`, label: sharingText(sharing), icon: 'broadcast' },
      ...(store === undefined
        ? []
        : [{ id: `folder ${uri} store`, label: store.dir, icon: 'folder', tooltip: store.dir }]),
    ],
  };
}

interface GroupOptions {
  /** Besides the number of children. */
  readonly about?: string;
  /** What can be done with all children; nothing, if there are none. */
  readonly kind?: NonNullable<HealthNode['kind']>;
  readonly expanded?: boolean;
}

function group(
  id: string,
  label: string,
  icon: string,
  children: readonly HealthNode[],
  { about, ...more }: GroupOptions = {},
): HealthNode {
  if (children.length === 0) return { id, label, description: l10n.t('none'), icon };
  const description = [String(children.length), ...(about === undefined ? [] : [about])].join(' · ');
  return { id, label, description, icon, children, ...more };
}
