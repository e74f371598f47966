/** Reads options that many detectors have: severities of rules, lists of globs. Pure. */
import type { DetectorOptions } from '../protocol/detector-protocol.ts';
import { ruleSeverities, type RuleSeverity } from '../protocol/manifest.ts';
import { globMatcher } from '../reading/globs.ts';

/** Severity of each rule of a detector, by name. */
export type RuleSeverities<Rule extends string> = Readonly<Record<Rule, RuleSeverity>>;

/** The defaults, overridden by the option `rules`. Invalid entries are ignored. */
export function severitiesOf<Rule extends string>(
  options: DetectorOptions,
  defaults: RuleSeverities<Rule>,
): RuleSeverities<Rule> {
  const chosen = options['rules'];
  if (typeof chosen !== 'object' || chosen === null) return defaults;
  const known = Object.entries(chosen).filter(([rule, severity]) => rule in defaults && isSeverity(severity));
  return { ...defaults, ...Object.fromEntries(known) };
}

/** The strings of an option that is a list; undefined: the option is not a list. */
export function stringsOf(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : undefined;
}

/** Matches the files that the option `ignore` excludes. */
export function ignoredFiles(options: DetectorOptions, defaults: readonly string[]): (file: string) => boolean {
  return globMatcher(stringsOf(options['ignore']) ?? [...defaults], { dot: true });
}

function isSeverity(value: unknown): value is RuleSeverity {
  return ruleSeverities.some((severity) => severity === value);
}
