/** The note of a plan: which configurations are used for how many files, and what the project's own run does differently. Pure. */
import type { LintRun } from './runs.ts';

/** What was linted with one configuration. */
export interface Usage {
  /** Relative to the workspace; undefined: with none. */
  readonly config: string | undefined;
  readonly files: number;
  /** How the project runs it: `npm run lint`. */
  readonly origins: ReadonlySet<string>;
}

export interface NoteSubject {
  readonly usages: readonly Usage[];
  /** Configurations that nothing is linted with, relative to the workspace. */
  readonly unused: { readonly flat: readonly string[]; readonly eslintrc: readonly string[] };
  /** The versions that do not use them. */
  readonly version: string;
  readonly runs: readonly LintRun[];
  /** How the project runs ESLint, if that is done in another way here. */
  readonly related: readonly string[];
}

const MOST_USAGES = 4;
const MOST_NAMES = 3;

/** Short sentences; undefined: there is nothing to say. */
export function noteOf({ usages, unused, version, runs, related }: NoteSubject): string | undefined {
  const sentences = [
    usageText(usages),
    related.length === 0 ? '' : `${named(related)} may choose other files: here it is eslint .`,
    unused.flat.length === 0
      ? ''
      : `ESLint ${version} does not use ${named(unused.flat)}: to run it in such folders too, set its option workingDirectories, as in ${exampleOf(unused.flat)}`,
    unused.eslintrc.length === 0 ? '' : `ESLint ${version} does not use ${named(unused.eslintrc)}`,
    warningsText(runs),
    runs.some(({ settings }) => settings.quiet) ? 'Warnings are left out, as with --quiet' : '',
  ].filter((sentence) => sentence !== '');
  return sentences.length === 0 ? undefined : `${sentences.join('. ')}.`;
}

function usageText(usages: readonly Usage[]): string {
  const sorted = [...usages].sort((one, other) => other.files - one.files);
  const shown = sorted.slice(0, sorted.length > MOST_USAGES + 1 ? MOST_USAGES : sorted.length);
  const rest = sorted.slice(shown.length);
  const parts = shown.map(({ config, files, origins }) => {
    const [origin, ...others] = origins;
    const how = origin === undefined || others.length > 0 ? '' : ` (${origin})`;
    return `${config ?? 'no configuration'}: ${plural(files, 'file')}${how}`;
  });
  const more = rest.reduce((sum, { files }) => sum + files, 0);
  if (rest.length > 0) parts.push(`${rest.length} more configurations: ${plural(more, 'file')}`);
  return parts.join('; ');
}

function warningsText(runs: readonly LintRun[]): string {
  const limits = runs.flatMap(({ maxWarnings }) => (maxWarnings === undefined ? [] : [maxWarnings]));
  if (limits.length === 0) return '';
  const limit = Math.min(...limits);
  return limit === 0
    ? 'Its own run fails on warnings (--max-warnings 0): for the same exit code, use bulkhead check --fail-on warning'
    : `Its own run fails on more than ${plural(limit, 'warning')} (--max-warnings), which the exit code of bulkhead check does not count`;
}

function exampleOf(configs: readonly string[]): string {
  const folders = configs.slice(0, MOST_NAMES).map((config) => config.split('/').slice(0, -1).join('/') || '.');
  return JSON.stringify([...new Set(['.', ...folders])]).replaceAll(',', ', ');
}

function named(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).join(', ');
  return names.length > MOST_NAMES ? `${shown} and ${names.length - MOST_NAMES} more` : shown;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
