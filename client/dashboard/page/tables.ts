/** The tables of the dashboard. A click on a heading sorts; what was chosen stays while the numbers move. */
import * as l10n from '@vscode/l10n';
import type { ErrorGroup } from '../../health/errors.ts';
import { stateWords } from '../../health/format.ts';
import type { DashboardState, ToExtension } from '../messages.ts';
import { SortedTable } from './sorted-table.ts';

type Send = (message: ToExtension) => void;

const milliseconds = (ms: number): string => l10n.t('{0} ms', Math.round(ms).toLocaleString());
const megabytes = (mb: number): string => l10n.t('{0} MB', Math.round(mb).toLocaleString());
const percent = (share: number): string => l10n.t('{0} %', Math.round(share * 100));
const time = (at: number): string => new Date(at).toLocaleTimeString();

export class Tables {
  readonly #show: (state: DashboardState) => void;

  constructor(parent: HTMLElement, send: Send) {
    const workers = new SortedTable<DashboardState['workers'][number]>(
      parent,
      l10n.t('Workers'),
      l10n.t('No worker has run.'),
      [
        { title: l10n.t('Worker'), value: ({ name }) => name },
        { title: l10n.t('State'), value: ({ state }) => stateWords(state) },
        { title: l10n.t('Memory'), value: ({ memoryMb }) => memoryMb, text: ({ memoryMb }) => megabytes(memoryMb) },
        { title: l10n.t('Peak'), value: ({ peakMb }) => peakMb, text: ({ peakMb }) => megabytes(peakMb) },
        { title: l10n.t('Limit'), value: ({ limitMb }) => limitMb, text: ({ limitMb }) => megabytes(limitMb) },
        {
          title: l10n.t('CPU'),
          value: ({ cpuPercent }) => cpuPercent,
          text: ({ cpuPercent }) => percent(cpuPercent / 100),
        },
        { title: l10n.t('Tasks'), value: ({ tasksDone }) => tasksDone },
        { title: l10n.t('Restarts'), value: ({ restarts }) => restarts },
        { title: l10n.t('Works on'), value: ({ work }) => work },
      ],
    );
    const detectors = new SortedTable<DashboardState['detectors'][number]>(
      parent,
      l10n.t('Detectors'),
      l10n.t('No detector is on.'),
      [
        { title: l10n.t('Detector'), value: ({ title }) => title },
        { title: l10n.t('State'), value: ({ status }) => stateWords(status) },
        { title: l10n.t('Issues'), value: ({ issues }) => issues },
        { title: l10n.t('Inputs checked'), value: ({ inputs }) => inputs },
        { title: l10n.t('Time'), value: ({ ms }) => ms, text: ({ ms }) => milliseconds(ms) },
        {
          title: l10n.t('Inputs per second'),
          value: throughput,
          text: (row) => (row.inputs === 0 ? '' : throughput(row).toFixed(1)),
        },
      ],
    );
    const rules = new SortedTable<DashboardState['rules'][number]>(
      parent,
      l10n.t('Time per rule'),
      l10n.t('Nothing has been measured: results come from an earlier session, or the tools do not report times.'),
      [
        { title: l10n.t('Detector'), value: ({ detector }) => detector },
        {
          title: l10n.t('Rule or phase'),
          value: ({ rule }) => rule,
          canOpen: ({ isRule }) => isRule,
          open: ({ rule }) => send({ kind: 'openRule', rule }),
        },
        { title: l10n.t('Time'), value: ({ ms }) => ms, text: ({ ms }) => milliseconds(ms) },
        { title: l10n.t('Share'), value: ({ share }) => share, text: ({ share }) => percent(share) },
      ],
      { column: 2, descending: true },
    );
    const errors = new SortedTable<ErrorGroup>(parent, l10n.t('Errors'), l10n.t('There were no errors.'), [
      { title: l10n.t('Detector'), value: ({ detector }) => detector },
      { title: l10n.t('Error'), value: ({ message }) => message },
      { title: l10n.t('Count'), value: ({ count }) => count },
      { title: l10n.t('First'), value: ({ first }) => first, text: ({ first }) => time(first) },
      { title: l10n.t('Last'), value: ({ last }) => last, text: ({ last }) => time(last) },
      {
        title: l10n.t('Place'),
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
