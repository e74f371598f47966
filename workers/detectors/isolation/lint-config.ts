/** The root's ESLint configuration, read without running it: options of a rule and settings by file. */
import path from 'node:path';
import type { ModuleGraph } from '../../graph/index.ts';
import { isRecord } from '../../graph/manifests.ts';
import { stringsOf } from '../../graph/rules.ts';
import type { Severity } from '../../protocol/detector-protocol.ts';
import { isKnown, staticConfig } from './static-config.ts';
import { globMatcher } from '../../reading/globs.ts';

type Part = Readonly<Record<string, unknown>>;

export interface LintConfig {
  readonly file: string;
  /** Of all parts that apply to a file; one object for all files that the same parts apply to. */
  settingsFor(file: string): Part;
  /** Options of a rule for a file; undefined: off, absent or unknown. The last part with the rule wins. */
  optionsFor(rule: LintRule, file: string): LintOptions | undefined;
  /** Every part that configures a rule with one of these names. */
  rule(...names: readonly string[]): LintRule;
}

export interface LintOptions {
  /** The first option. */
  readonly options: Part;
  readonly severity: Severity;
}

export type LintRule = readonly LintEntry[];

interface LintEntry {
  readonly name: string;
  /** Undefined: it changes the severity only. */
  readonly options: unknown;
  readonly isOn: boolean;
  /** Part of it is only known after running the configuration. */
  readonly isComputed: boolean;
  readonly severity: Severity;
  /** The settings of all parts, whichever files they apply to. */
  readonly settings: Part;
  appliesTo(file: string): boolean;
}

const FILES = [
  ...['js', 'mjs', 'cjs', 'ts', 'mts', 'cts'].map((end) => `eslint.config.${end}`),
  ...['.eslintrc.cjs', '.eslintrc.js', '.eslintrc.json', '.eslintrc'],
];

/** Undefined: there is none at the root, or nothing in it can be read without running it. */
export function lintConfig(graph: ModuleGraph): LintConfig | undefined {
  const file = FILES.find((name) => graph.files.has(name));
  const content = file === undefined ? graph.manifests.all.get('')?.data['eslintConfig'] : staticConfig(graph, file);
  const parts = partsOf(content);
  if (parts.length === 0) return undefined;
  const withSettings = parts
    .filter(({ settings }) => isRecord(settings))
    .map((part, at) => ({ at, settings: part['settings'] as Part, appliesTo: filesOf(part) }));
  const merged = new Map<string, Part>();
  const mergedOf = (applying: typeof withSettings): Part => {
    const key = applying.map(({ at }) => at).join();
    let settings = merged.get(key);
    if (!settings) merged.set(key, (settings = applying.reduce<Part>((all, part) => mergedParts(all, part.settings), {}))); // prettier-ignore
    return settings;
  };
  return {
    file: file ?? 'package.json',
    settingsFor: (one) => mergedOf(withSettings.filter((part) => part.appliesTo(one))),
    rule: (...names) =>
      parts.flatMap((part): LintRule => {
        const { rules } = part;
        const name = isRecord(rules) ? names.find((one) => Object.hasOwn(rules, one)) : undefined;
        if (name === undefined || !isRecord(rules)) return [];
        const entry = rules[name];
        const [level, options] = Array.isArray(entry) ? (entry as readonly unknown[]) : [entry];
        return [
          {
            name,
            options,
            isComputed: !isKnown(entry),
            isOn: level !== 'off' && level !== 0 && isKnown(entry),
            severity: level === 'warn' || level === 1 ? 'warning' : 'error',
            settings: mergedOf(withSettings),
            appliesTo: filesOf(part),
          },
        ];
      }),
    optionsFor: (rule, one) => {
      const applying = rule.filter((entry) => entry.appliesTo(one));
      const last = applying.at(-1);
      const options = applying.findLast((entry) => entry.options !== undefined);
      if (!last?.isOn || !options || !isKnown(options.options) || !isRecord(options.options)) return undefined;
      return { options: options.options, severity: last.severity };
    },
  };
}

/** The objects of a flat configuration, or the one of a legacy configuration and its overrides. */
function partsOf(content: unknown): readonly Part[] {
  if (Array.isArray(content)) return content.flatMap(partsOf);
  if (!isRecord(content)) return [];
  return [content, ...(Array.isArray(content['overrides']) ? content['overrides'].flatMap(partsOf) : [])];
}

/** Records are merged, everything else is replaced. */
function mergedParts(one: Part, other: Part): Part {
  const merged: Record<string, unknown> = { ...one };
  for (const [key, value] of Object.entries(other)) {
    const before = merged[key];
    merged[key] = isRecord(before) && isRecord(value) ? mergedParts(before, value) : value;
  }
  return merged;
}

function filesOf(part: Part): (file: string) => boolean {
  const lists = ['files', 'ignores', 'excludedFiles'].map((field) => {
    const value = part[field];
    return typeof value === 'string' ? [value] : stringsOf(Array.isArray(value) ? value.flat() : undefined);
  });
  const [files, ...without] = lists.map((patterns) => patterns && matcher(patterns));
  return (file) => (files?.(file) ?? true) && !without.some((excluded) => excluded?.(file) ?? false);
}

/** Legacy patterns without a slash match file names. */
function matcher(patterns: readonly string[]): (file: string) => boolean {
  const whole = globMatcher(patterns, { dot: true });
  const names = patterns.filter((pattern) => !pattern.includes('/'));
  const name = names.length === 0 ? undefined : globMatcher(names, { dot: true });
  return (file) => whole(file) || (name?.(path.posix.basename(file)) ?? false);
}
