/** What `bulkhead doctor` prints for people: one screen. What is wrong comes last, where the eye is. Pure. */
import { printable, printableLine } from '../printable.ts';
import type { DoctorDetector, DoctorReport, DoctorState } from './doctor-report.ts';
import { tableLines } from './table.ts';

const stateWords: Readonly<Record<DoctorState, string>> = {
  ready: 'ready',
  'not-applicable': 'nothing to do',
  failed: 'cannot run',
  off: 'off',
  restricted: 'forbidden',
};

/** More are in `--format json`. */
const MOST = { values: 12, troubles: 10 };
const LONGEST_VALUE = 60;

/** @param columns of the terminal */
export function doctorText(report: DoctorReport, columns: number): string {
  const { versions, machine, root, detectors, configuration, editor, troubles, offers, exitCode } = report;
  const memory = `${gigabytes(machine.freeBytes)} of ${gigabytes(machine.memoryBytes)} free${machine.memoryFrom === 'cgroup' ? ' (limit of the container)' : ''}`;
  const lines = [
    `Bulkhead ${versions.bulkhead}, Node.js ${versions.node}, git ${versions.git}`,
    `${versions.system}, ${machine.processors} processors, memory: ${memory}`,
    root,
    '',
    ...tableLines(
      {
        head: ['detector', 'state', 'units', 'tool, or why not'],
        rows: detectors.map((each) => [each.name, stateWords[each.state], String(each.units ?? '-'), remarkOf(each)]),
      },
      columns,
    ),
    '',
    ...section('In force, besides the defaults:', configuration),
    ...section('Only editors read:', editor),
    ...(offers.length === 0
      ? []
      : [`Installed and configured, but not declared in bulkhead.config.json: ${offers.join(', ')}`]),
  ].map(printableLine);
  const shown = troubles.slice(0, MOST.troubles).map((text) => `  ${printable(text).replaceAll('\n', '\n    ')}`);
  const more = troubles.length - shown.length;
  return [
    ...lines,
    ...(troubles.length === 0 ? ['Nothing is wrong.'] : ['What is wrong, and what to do:', ...shown]),
    ...(more > 0 ? [`  and ${more} more; see --format json`] : []),
    ...(exitCode === 0 ? [] : [`Exit code ${exitCode}: ${exitCode === 2 ? 'bulkhead check would refuse this configuration' : 'bulkhead check may not answer everything'}`]), // prettier-ignore
    '',
  ].join('\n');
}

/** A reason that is an error is told below, in full. */
function remarkOf({ state, tool, reason }: DoctorDetector): string {
  if (state === 'failed') return 'see below';
  return state === 'ready' ? (tool ?? '') : (reason ?? '');
}

function section(title: string, values: DoctorReport['configuration']): readonly string[] {
  if (values.length === 0) return [];
  const shown = values.slice(0, MOST.values).map(({ name, value, from }) => `  ${name} = ${brief(value)}  (${from})`);
  const more = values.length - shown.length;
  return [title, ...shown, ...(more > 0 ? [`  and ${more} more; see --format json`] : [])];
}

function brief(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE - 1)}…`;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GB`;
}
