/** Boundaries drawn for eslint-plugin-boundaries: elements by pattern, and which type may import which. */
import picomatch from 'picomatch';
import { isRecord } from '../../graph/manifests.ts';
import { stringsOf } from '../../graph/rules.ts';
import type { Boundary, Crossing, Verdict } from './boundary.ts';
import type { LintConfig } from './lint-config.ts';
import { isKnown } from './static-config.ts';

/** What a file belongs to. */
interface Element {
  readonly type: string;
  /** Its folder, or its file: two files with one path are of the same element. */
  readonly path: string;
  readonly captured: Readonly<Record<string, string>>;
}

/** The suffix of a path that a pattern matches, and what it captures there. */
type Match = (suffix: string, file: string) => (Omit<Element, 'path'> & { readonly segments: number }) | undefined;

const RULES = ['boundaries/dependencies', 'boundaries/element-types'] as const;

/** What is not understood in full is left alone: a team would be told what it did not say. */
export function elementBoundaries(config: LintConfig): readonly Boundary[] {
  const { settings } = config;
  const rule = config.rule(...RULES);
  const descriptors = settings['boundaries/elements'];
  if (rule.length === 0 || !Array.isArray(descriptors) || !descriptors.every((one) => hasOnly(one, DESCRIPTOR)))
    return [];
  if (['root-path', 'flag-as-external'].some((name) => settings[`boundaries/${name}`] !== undefined)) return [];
  const matches = descriptors.flatMap(matchersOf);
  const [include, ignore] = ['include', 'ignore'].map((name) => globs(settings[`boundaries/${name}`]));
  const nodes = stringsOf(settings['boundaries/dependency-nodes']) ?? ['import'];
  const elementOf = (file: string): Element | undefined =>
    (include?.(file) ?? true) && !(ignore?.(file) ?? false) ? elementIn(file, matches) : undefined;
  return [
    (crossing) => {
      const options = config.optionsFor(rule, crossing.from);
      if (!options || !isUnderstood(options) || !nodes.includes(NODES[crossing.kind] ?? '')) return undefined;
      const [from, to] = [elementOf(crossing.from), elementOf(crossing.to)];
      return from && to && from.path !== to.path ? judge(options, crossing, from, to) : undefined;
    },
  ];
}

const DESCRIPTOR = ['type', 'pattern', 'mode', 'capture'];

/** The plugin's names for the ways to import. */
const NODES: Readonly<Record<string, string>> = {
  import: 'import',
  export: 'export',
  dynamic: 'dynamic-import',
  require: 'require',
};

function hasOnly(value: unknown, keys: readonly string[]): value is Readonly<Record<string, unknown>> {
  return isRecord(value) && isKnown(value) && Object.keys(value).every((key) => keys.includes(key));
}

function isUnderstood(options: Readonly<Record<string, unknown>>): boolean {
  const { rules = [] } = options;
  return (
    hasOnly(options, ['default', 'rules', 'message']) &&
    Array.isArray(rules) &&
    rules.every(
      (rule) =>
        hasOnly(rule, ['from', 'to', 'allow', 'disallow', 'message', 'importKind']) &&
        isSelector(targetOf(rule['from'] ?? '*', 'from')) &&
        [rule['to'], rule['allow'], rule['disallow']].every(
          (one) => one === undefined || isSelector(targetOf(one, 'to')),
        ),
    )
  );
}

function isSelector(selector: unknown): boolean {
  if (Array.isArray(selector)) return selector.every((one) => isSelector(one) || isCaptured(one));
  if (!hasOnly(selector, ['type', 'captured'])) return typeof selector === 'string';
  return selector['captured'] === undefined || isCaptured(selector['captured']);
}

function isCaptured(value: unknown): boolean {
  return isRecord(value) && Object.values(value).every((one) => typeof one === 'string' || Array.isArray(one));
}

function judge(
  options: Readonly<Record<string, unknown>>,
  { typeOnly }: Crossing,
  from: Element,
  to: Element,
): Verdict | undefined {
  let isAllowed = options['default'] !== 'disallow';
  let message = options['message'];
  for (const rule of Array.isArray(options['rules']) ? options['rules'].filter(isRecord) : []) {
    const { importKind = '*' } = rule;
    const kinds = typeof importKind === 'string' ? [importKind] : (stringsOf(importKind) ?? []);
    if (!picomatch.isMatch(typeOnly ? 'type' : 'value', kinds)) continue;
    if (rule['from'] !== undefined && !selects(targetOf(rule['from'], 'from'), from, from)) continue;
    if (rule['to'] !== undefined && !selects(targetOf(rule['to'], 'to'), to, from)) continue;
    const says = (field: 'allow' | 'disallow'): boolean =>
      rule[field] !== undefined && selects(targetOf(rule[field], 'to'), to, from);
    if (says('disallow')) {
      isAllowed = false;
      message = rule['message'] ?? options['message'];
    } else if (says('allow')) {
      isAllowed = true;
    }
  }
  if (isAllowed) return undefined;
  const own = typeof message === 'string' ? message : undefined;
  return {
    name: 'eslint-plugin-boundaries',
    message: (own ?? `'${from.type}' may not import '${to.type}'.`)
      .replace(/\$\{(?:file|from)\.type\}/g, from.type)
      .replace(/\$\{(?:dependency|to)\.type\}/g, to.type),
  };
}

/** `{ to: selector }` and `{ from: selector }` of version 6. */
function targetOf(selector: unknown, side: 'from' | 'to'): unknown {
  return isRecord(selector) && selector[side] !== undefined ? selector[side] : selector;
}

/** A type, a list of selectors, `[type, captured]`, or `{ type, captured }`. */
function selects(selector: unknown, element: Element, from: Element): boolean {
  if (typeof selector === 'string') return matchesGlob(element.type, selector, from);
  if (Array.isArray(selector)) {
    const [type, captured] = selector as readonly unknown[];
    if (selector.length === 2 && typeof type === 'string' && isRecord(captured) && captured['type'] === undefined)
      return selects({ type, captured }, element, from);
    return selector.some((one) => selects(one, element, from));
  }
  if (!isRecord(selector)) return false;
  const { type, captured } = selector;
  const types = typeof type === 'string' ? [type] : stringsOf(type);
  if (types && !types.some((one) => matchesGlob(element.type, one, from))) return false;
  if (!types && captured === undefined) return false;
  return Object.entries(isRecord(captured) ? captured : {}).every(([name, pattern]) => {
    const value = element.captured[name];
    const patterns = typeof pattern === 'string' ? [pattern] : (stringsOf(pattern) ?? []);
    return value !== undefined && patterns.some((one) => matchesGlob(value, one, from));
  });
}

/** `${from.family}`, and `{{ from.captured.family }}` since version 6, stand for what the importer captured. */
function matchesGlob(value: string, pattern: string, { type, captured }: Element): boolean {
  const filled = pattern.replace(
    /\$\{(?:from\.)?(\w+)\}|\{\{\s*(?:from\.(?:captured\.)?)?(\w+)\s*\}\}/g,
    (_, one?: string, other?: string) => {
      const name = one ?? other ?? '';
      return name === 'type' ? type : (captured[name] ?? '');
    },
  );
  return picomatch.isMatch(value, filled, { dot: true });
}

/** The plugin looks at ever longer ends of the path: the innermost element owns the file. */
function elementIn(file: string, matches: readonly Match[]): Element | undefined {
  const segments = file.split('/');
  for (let from = segments.length - 1; from >= 0; from--) {
    const suffix = segments.slice(from).join('/');
    for (const match of matches) {
      const found = match(suffix, file);
      if (!found) continue;
      const end = found.segments === 0 ? segments.length : from + found.segments;
      return { type: found.type, captured: found.captured, path: segments.slice(0, end).join('/') };
    }
  }
  return undefined;
}

function matchersOf(descriptor: unknown): readonly Match[] {
  if (!isRecord(descriptor)) return [];
  const { type, mode, pattern } = descriptor;
  if (typeof type !== 'string') return [];
  const names = stringsOf(descriptor['capture']) ?? [];
  const isFolder = mode === undefined || mode === 'folder';
  return (typeof pattern === 'string' ? [pattern] : (stringsOf(pattern) ?? [])).map((one): Match => {
    const glob = isFolder && !one.endsWith('**/*') ? `${one}/**/*` : one;
    const expression = picomatch.makeRe(glob, { capture: true, dot: true });
    const segments = isFolder ? one.replace(/\/\*\*\/\*$/, '').split('/').length : 0;
    return (suffix, file) => {
      if (mode === 'full' && suffix !== file) return undefined;
      const found = expression.exec(suffix);
      if (!found) return undefined;
      const captured = Object.fromEntries(names.map((name, index) => [name, found[index + 1] ?? '']));
      return { type, captured, segments };
    };
  });
}

function globs(value: unknown): ((file: string) => boolean) | undefined {
  const patterns = typeof value === 'string' ? [value] : stringsOf(value);
  return patterns && patterns.length > 0 ? picomatch(patterns, { dot: true }) : undefined;
}
