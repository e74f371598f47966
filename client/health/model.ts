/** What the health view shows, as a tree of plain data. Pure functions. */
import type { FoldersResult } from '../../workers/protocol/editor-protocol.ts';
import type {
  AggregatedError,
  HealthParams,
  QuarantinedInput,
  WorkerExit,
  WorkerHealth,
  SandboxHealth,
} from '../../workers/protocol/health.ts';
import { problemText, summaryOf, type View } from '../view.ts';
import { groupErrors, type ErrorGroup, type ErrorPlace } from './errors.ts';
import { counted, duration, memory, percent, stateWords, time } from './format.ts';

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
    group('workers', 'Workers', 'server-process', health.workers.map(workerNode), {
      about: memory(health.machine.workerBytes),
      expanded: true,
    }),
    group('errors', 'Errors', 'bug', groupErrors(errors).map(errorNode), { kind: 'errors' }),
    group('quarantine', 'Quarantine', 'shield', health.quarantined.map(quarantineNode), { kind: 'quarantine' }),
    group('storage', 'Storage and Sharing', 'database', folders.map(folderNode)),
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
    label: state === 'problem' ? `Degraded: ${face}` : summary.charAt(0).toUpperCase() + summary.slice(1),
    tooltip: view.status.message ?? summary,
    icon,
    kind: state === 'paused' ? 'paused' : 'state',
    ...(children.length === 0 ? {} : { children, expanded: true }),
  };
}

function sandboxText({ mode, state, reason }: SandboxHealth): string {
  if (mode === 'off') return 'Workers run without a sandbox';
  if (state === 'unknown') return 'Sandbox: no worker has started yet';
  return `Sandbox: ${state}${reason === undefined ? '' : `. ${reason}`}`;
}

function serverNode({ server, machine }: HealthParams): HealthNode {
  const { pid, memoryBytes, cpuPercent, uptimeMs, node } = server;
  return {
    id: 'server',
    label: 'Server',
    description: [memory(memoryBytes), percent(cpuPercent), `up ${duration(uptimeMs)}`].join(' · '),
    tooltip: [
      `Process ${pid}, Node.js ${node}`,
      `${memory(machine.freeBytes)} of ${memory(machine.totalBytes)} memory free`,
      ...(machine.diskFreeBytes === undefined ? [] : [`${memory(machine.diskFreeBytes)} disk free`]),
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
      isLive ? `Process ${pid}, ${worker.driver}, up ${duration(worker.uptimeMs)}` : 'It has no process.',
      ...(worker.lastExit === undefined ? [] : [`Last crash: ${worker.lastExit.message}`]),
    ].join('\n'),
    icon: workerIcons[state],
    kind: isLive ? 'liveWorker' : 'worker',
    worker: name,
    children: [
      ...(current && work !== undefined
        ? [row('work', 'Works on', `${work}, for ${duration(current.elapsedMs)}`)]
        : []),
      row(
        'memory',
        'Memory',
        `${memory(memoryBytes)} now, ${memory(peakMemoryBytes)} at most, limit ${memory(limitBytes)}`,
      ),
      row('cpu', 'CPU', `${percent(cpuPercent)} of one core`),
      row('tasks', 'Tasks', `${worker.tasksDone} done, ${worker.tasksFailed} lost, ${worker.queued} waiting`),
      row('restarts', 'Restarts after a crash', String(worker.restarts)),
      ...(exits.length === 0
        ? []
        : [
            group(
              `worker ${name} exits`,
              'Ends',
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
    tooltip: [message, ...(input === undefined ? [] : [`Input: ${input}`])].join('\n'),
    icon: kind === 'cancelled' ? 'circle-outline' : 'error',
  };
}

function errorNode(error: ErrorGroup, index: number): HealthNode {
  const { detector, severity, message, cause, count, first, last, places } = error;
  const [place] = places;
  const times = count === 1 ? time(last) : `${count} times, ${time(first)} to ${time(last)}`;
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
    description: `${detector} · since ${time(since)} · ${reason.message}`,
    tooltip: `${reason.message}\nIt is skipped until it, the detector or its configuration changes.`,
    icon: 'file',
    kind: 'quarantined',
    quarantined: input,
    opens: { root, file },
  };
}

const sharingTexts = {
  leader: 'Shared: this window analyses, others read its results',
  follower: 'Shared: another window analyses, this one reads its results',
  alone: 'Not shared: no other window or terminal has the folder open',
  off: 'Not shared',
} as const;

function folderNode({ uri, store, sharing }: FoldersResult['folders'][number]): HealthNode {
  const name = decodeURIComponent(uri.slice(uri.lastIndexOf('/') + 1));
  const stored =
    store === undefined || store.mode === 'off'
      ? 'Results are not stored'
      : store.mode === 'memory'
        ? 'Results are kept in memory only: the disk cannot be used, see the output'
        : `${counted(store.results, 'result')}, ${memory(store.bytes)}`;
  return {
    id: `folder ${uri}`,
    label: name,
    description: stored,
    icon: store?.mode === 'memory' ? 'warning' : 'root-folder',
    children: [
      { id: `folder ${uri} sharing`, label: sharingTexts[sharing], icon: 'broadcast' },
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
  if (children.length === 0) return { id, label, description: 'none', icon };
  const description = [String(children.length), ...(about === undefined ? [] : [about])].join(' · ');
  return { id, label, description, icon, children, ...more };
}
