/** Boundaries drawn for eslint-plugin-boundaries: elements by pattern, and which type may import which. */
import picomatch from 'picomatch';
import { isRecord } from '../../graph/manifests.ts';
import { stringsOf } from '../../graph/rules.ts';
import type { Boundary, Crossing, Verdict } from './boundaries.ts';
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

export function elementBoundaries(config: LintConfig): readonly Boundary[] {
  const descriptors = config.settings['boundaries/elements'];
  const rule = config.rule(...RULES);
  if (rule.length === 0 || !Array.isArray(descriptors) || !isKnown(descriptors)) return [];
  const matches = descriptors.flatMap(matchersOf);
  const [include, ignore] = ['include', 'ignore'].map((name) => globs(config.settings[`boundaries/${name}`]));
  const elementOf = (file: string): Element | undefined =>
    (include?.(file) ?? true) && !(ignore?.(file) ?? false) ? elementIn(file, matches) : undefined;
  return [
    (crossing) => {
      const options = config.optionsFor(rule, crossing.from);
      const [from, to] = [elementOf(crossing.from), elementOf(crossing.to)];
      if (!options || !from || !to || from.path === to.path) return undefined;
      return judge(options, crossing, from, to);
    },
  ];
}

function judge(
  options: Readonly<Record<string, unknown>>,
  { typeOnly }: Crossing,
  from: Element,
  to: Element,
): Verdict | undefined {
  let isAllowed = options['default'] !== 'disallow';
  let message = options['message'];
  for (const rule of Array.isArray(options['rules']) ? (options['rules'] as readonly unknown[]) : []) {
    if (!isRecord(rule)) continue;
    const kind = rule['importKind'] ?? '*';
    if (kind !== '*' && kind !== (typeOnly ? 'type' : 'value')) continue;
    if (rule['from'] !== undefined && !selects(targetOf(rule['from'], 'from'), from, from)) continue;
    const about = rule['to'] === undefined || selects(rule['to'], to, from);
    const says = (field: 'allow' | 'disallow'): boolean =>
      about && rule[field] !== undefined && selects(targetOf(rule[field], 'to'), to, from);
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
    /\$\{(?:from\.)?(\w+)\}|\{\{\s*from\.(?:captured\.)?(\w+)\s*\}\}/g,
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
  const { type, mode, pattern, basePattern } = descriptor;
  if (typeof type !== 'string') return [];
  const names = stringsOf(descriptor['capture']) ?? [];
  const isFolder = mode === undefined || mode === 'folder';
  const base = typeof basePattern === 'string' ? basePattern : undefined;
  return (typeof pattern === 'string' ? [pattern] : (stringsOf(pattern) ?? [])).map((one): Match => {
    const glob = isFolder && !one.endsWith('**/*') ? `${one}/**/*` : one;
    const expression = picomatch.makeRe(glob, { capture: true, dot: true });
    const whole = base === undefined ? undefined : picomatch(`${base}/**/${glob}`, { dot: true });
    const segments = isFolder ? one.replace(/\/\*\*\/\*$/, '').split('/').length : 0;
    return (suffix, file) => {
      if (mode === 'full' && suffix !== file) return undefined;
      const found = expression.exec(suffix);
      if (!found || (whole && !whole(file))) return undefined;
      const captured = Object.fromEntries(names.map((name, index) => [name, found[index + 1] ?? '']));
      return { type, captured, segments };
    };
  });
}

function globs(value: unknown): ((file: string) => boolean) | undefined {
  const patterns = typeof value === 'string' ? [value] : stringsOf(value);
  return patterns && patterns.length > 0 ? picomatch(patterns, { dot: true }) : undefined;
}
