/** The tables of the dashboard. A click on a heading sorts; what was chosen stays while the numbers move. */
import type { ErrorGroup } from '../../health/errors.ts';
import { stateWords } from '../../health/format.ts';
import type { DashboardState, ToExtension } from '../messages.ts';
import { SortedTable } from './sorted-table.ts';

type Send = (message: ToExtension) => void;

const milliseconds = (ms: number): string => `${Math.round(ms).toLocaleString()} ms`;
const megabytes = (mb: number): string => `${Math.round(mb).toLocaleString()} MB`;
const percent = (share: number): string => `${Math.round(share * 100)} %`;
const time = (at: number): string => new Date(at).toLocaleTimeString();

export class Tables {
  readonly #show: (state: DashboardState) => void;

  constructor(parent: HTMLElement, send: Send) {
    const workers = new SortedTable<DashboardState['workers'][number]>(parent, 'Workers', 'No worker has run.', [
      { title: 'Worker', value: ({ name }) => name },
      { title: 'State', value: ({ state }) => stateWords(state) },
      { title: 'Memory', value: ({ memoryMb }) => memoryMb, text: ({ memoryMb }) => megabytes(memoryMb) },
      { title: 'Peak', value: ({ peakMb }) => peakMb, text: ({ peakMb }) => megabytes(peakMb) },
      { title: 'Limit', value: ({ limitMb }) => limitMb, text: ({ limitMb }) => megabytes(limitMb) },
      { title: 'CPU', value: ({ cpuPercent }) => cpuPercent, text: ({ cpuPercent }) => percent(cpuPercent / 100) },
      { title: 'Tasks', value: ({ tasksDone }) => tasksDone },
      { title: 'Restarts', value: ({ restarts }) => restarts },
      { title: 'Works on', value: ({ work }) => work },
    ]);
    const detectors = new SortedTable<DashboardState['detectors'][number]>(parent, 'Detectors', 'No detector is on.', [
      { title: 'Detector', value: ({ title }) => title },
      { title: 'State', value: ({ status }) => stateWords(status) },
      { title: 'Issues', value: ({ issues }) => issues },
      { title: 'Inputs checked', value: ({ inputs }) => inputs },
      { title: 'Time', value: ({ ms }) => ms, text: ({ ms }) => milliseconds(ms) },
      {
        title: 'Inputs per second',
        value: throughput,
        text: (row) => (row.inputs === 0 ? '' : throughput(row).toFixed(1)),
      },
    ]);
    const rules = new SortedTable<DashboardState['rules'][number]>(
      parent,
      'Time per rule',
      'Nothing has been measured: results come from an earlier session, or the tools do not report times.',
      [
        { title: 'Detector', value: ({ detector }) => detector },
        {
          title: 'Rule or phase',
          value: ({ rule }) => rule,
          canOpen: ({ isRule }) => isRule,
          open: ({ rule }) => send({ kind: 'openRule', rule }),
        },
        { title: 'Time', value: ({ ms }) => ms, text: ({ ms }) => milliseconds(ms) },
        { title: 'Share', value: ({ share }) => share, text: ({ share }) => percent(share) },
      ],
      { column: 2, descending: true },
    );
    const errors = new SortedTable<ErrorGroup>(parent, 'Errors', 'There were no errors.', [
      { title: 'Detector', value: ({ detector }) => detector },
      { title: 'Error', value: ({ message }) => message },
      { title: 'Count', value: ({ count }) => count },
      { title: 'First', value: ({ first }) => first, text: ({ first }) => time(first) },
      { title: 'Last', value: ({ last }) => last, text: ({ last }) => time(last) },
      {
        title: 'Place',
        value: ({ places }) => places[0]?.file ?? '',
        open: ({ places: [place] }) => place && send({ kind: 'openPlace', place }),
      },
    ]);
    this.#show = (state) => {
      workers.show(state.workers);
      detectors.show(state.detectors);
      rules.show(state.rules);
      errors.show(state.errors);
    };
  }

  show(state: DashboardState): void {
    this.#show(state);
  }
}

function throughput({ inputs, ms }: DashboardState['detectors'][number]): number {
  return ms === 0 ? 0 : (1000 * inputs) / ms;
}
