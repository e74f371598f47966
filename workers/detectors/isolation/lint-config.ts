/** What the root's ESLint configuration says about a rule, read without running it: options by file, and settings. */
import path from 'node:path';
import picomatch from 'picomatch';
import type { ModuleGraph } from '../../graph/index.ts';
import { isRecord } from '../../graph/manifests.ts';
import { stringsOf } from '../../graph/rules.ts';
import { isKnown, staticConfig } from './static-config.ts';

export interface LintConfig {
  /** Merged over all its parts. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The first option of a rule for a file; undefined: off, absent, or not known. The last part that speaks wins. */
  optionsFor(rule: LintRule, file: string): Readonly<Record<string, unknown>> | undefined;
  /** Every part that speaks of one of these names. */
  rule(...names: readonly string[]): LintRule;
}

export type LintRule = readonly {
  readonly options: unknown;
  readonly isOn: boolean;
  appliesTo(file: string): boolean;
}[];

const FILES = [
  ...['js', 'mjs', 'cjs', 'ts', 'mts', 'cts'].map((end) => `eslint.config.${end}`),
  ...['.eslintrc.cjs', '.eslintrc.js', '.eslintrc.json', '.eslintrc'],
];

/** Undefined: there is none at the root, or nothing of it can be known. */
export function lintConfig(graph: ModuleGraph): LintConfig | undefined {
  const file = FILES.find((name) => graph.files.has(name));
  const content = file === undefined ? graph.manifests.all.get('')?.data['eslintConfig'] : staticConfig(graph, file);
  const parts = partsOf(content);
  if (parts.length === 0) return undefined;
  const settings: Record<string, unknown> = {};
  for (const part of parts) if (isRecord(part['settings'])) Object.assign(settings, part['settings']);
  return {
    settings,
    rule: (...names) =>
      parts.flatMap((part): LintRule => {
        const { rules } = part;
        const name = isRecord(rules) ? names.find((one) => Object.hasOwn(rules, one)) : undefined;
        if (name === undefined || !isRecord(rules)) return [];
        const entry = rules[name];
        const [level, options] = Array.isArray(entry) ? (entry as readonly unknown[]) : [entry];
        return [{ options, isOn: level !== 'off' && level !== 0 && isKnown(entry), appliesTo: filesOf(part) }];
      }),
    optionsFor: (rule, one) => {
      const { isOn, options } = rule.findLast((part) => part.appliesTo(one)) ?? { isOn: false, options: undefined };
      return isOn && isRecord(options) ? options : undefined;
    },
  };
}

type Part = Readonly<Record<string, unknown>>;

/** The objects of a flat configuration, or the one of a legacy configuration and its overrides. */
function partsOf(content: unknown): readonly Part[] {
  if (Array.isArray(content)) return content.flatMap(partsOf);
  if (!isRecord(content)) return [];
  return [content, ...(Array.isArray(content['overrides']) ? content['overrides'].flatMap(partsOf) : [])];
}

function filesOf(part: Part): (file: string) => boolean {
  const lists = ['files', 'ignores', 'excludedFiles'].map((field) => {
    const value = part[field];
    return typeof value === 'string' ? [value] : stringsOf(Array.isArray(value) ? value.flat() : undefined);
  });
  const [files, ...without] = lists.map((patterns) => patterns && matcher(patterns));
  return (file) => (files?.(file) ?? true) && !without.some((excluded) => excluded?.(file) ?? false);
}

/** Legacy patterns without a slash speak of names. */
function matcher(patterns: readonly string[]): (file: string) => boolean {
  const whole = picomatch([...patterns], { dot: true });
  const names = patterns.filter((pattern) => !pattern.includes('/'));
  const name = names.length === 0 ? undefined : picomatch(names, { dot: true });
  return (file) => whole(file) || (name?.(path.posix.basename(file)) ?? false);
}
