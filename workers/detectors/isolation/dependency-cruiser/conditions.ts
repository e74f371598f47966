/** Conditions in rules of dependency-cruiser. Pure; an unsupported condition gives its name. */
import path from 'node:path';
import { isRecord } from '../../../graph/manifests.ts';
import { stringsOf } from '../../../graph/rules.ts';
import { isKnown } from '../static-config.ts';
import type { CruisedDependency } from './dependency.ts';
import { expressionOf as compiled } from '../../../reading/globs.ts';

/** Groups that the source pattern captured; `$1` in a target pattern is the first one. */
type Groups = readonly string[];

/** Undefined: the condition does not match. */
type SourceCondition = (file: string) => Groups | undefined;
type TargetCondition = (dependency: CruisedDependency, from: string, groups: Groups) => boolean;

/** A condition on a file by `path` and `pathNot`; a string names an unsupported field. */
export function sourceCondition(value: unknown, ignored: readonly string[] = []): SourceCondition | string {
  if (value === undefined) return () => [];
  if (!isRecord(value)) return 'from';
  const unread = Object.keys(value).find((key) => !['path', 'pathNot', ...ignored].includes(key));
  if (unread !== undefined) return unread;
  if (!isKnown(value)) return 'a computed value';
  const [wanted, unwanted] = [value['path'], value['pathNot']].map(expressionOf);
  return (file) => {
    if (unwanted !== undefined && matchOf(unwanted, file)) return undefined;
    if (wanted === undefined) return [];
    const match = matchOf(wanted, file);
    // Groups that did not participate do not count.
    return match && (match.length > 1 ? match.filter((group) => typeof group === 'string') : []);
  };
}

/** A condition on an imported module. */
export function targetCondition(value: unknown): TargetCondition | string {
  if (value === undefined) return () => true;
  if (!isRecord(value)) return 'to';
  const unread = Object.keys(value).find((key) => !TARGET_KEYS.includes(key));
  if (unread !== undefined) return unread;
  if (!isKnown(value)) return 'a computed value';
  const [wanted, unwanted] = [value['path'], value['pathNot']].map(expressionOf);
  const [types, typesNot] = [value['dependencyTypes'], value['dependencyTypesNot']].map(stringsOf);
  const unseen = types?.find((type) => UNSEEN_TYPES.test(type)) ?? typesNot?.find((type) => UNSEEN_TYPES.test(type));
  if (unseen !== undefined) return unseen;
  const asksHow = [...(types ?? []), ...(typesNot ?? [])].some((type) => HOW_TYPES.has(type));
  const { couldNotResolve, dynamic, moreThanOneDependencyType, exoticallyRequired, ancestor } = value;
  return (dependency, from, groups) =>
    !(asksHow && dependency.isAskedTwice()) &&
    (wanted === undefined || matchOf(filled(wanted, groups), dependency.resolved) !== undefined) &&
    (unwanted === undefined || matchOf(filled(unwanted, groups), dependency.resolved) === undefined) &&
    (types?.some((type) => dependency.types.has(type)) ?? true) &&
    !(typesNot?.some((type) => dependency.types.has(type)) ?? false) &&
    (couldNotResolve === undefined || couldNotResolve === !dependency.isResolved) &&
    (dynamic === undefined || dynamic === dependency.isDynamic) &&
    (exoticallyRequired === undefined || exoticallyRequired === false) &&
    (moreThanOneDependencyType === undefined || moreThanOneDependencyType === isDeclaredTwice(dependency)) &&
    (ancestor === undefined || (dependency.isResolved && !dependency.isBuiltin && ancestor === isAbove(dependency.resolved, from))); // prettier-ignore
}

const TARGET_KEYS: readonly string[] = [
  'path', 'pathNot', 'dependencyTypes', 'dependencyTypesNot', 'couldNotResolve', 'dynamic', 'moreThanOneDependencyType', 'exoticallyRequired', 'ancestor',
]; // prettier-ignore

/** Dependency types that the graph does not know. */
const UNSEEN_TYPES = /^(amd|jsdoc|exotic|aliased-webpack|process-|pre-compilation)/;

/** Dependency types by the way of importing. */
const HOW_TYPES: ReadonlySet<string> = new Set([
  'import',
  'export',
  'dynamic-import',
  'require',
  'import-equals',
  'type-import',
]);

const COUNTED_TYPES: readonly string[] = [
  'core', 'local', 'localmodule', 'npm', 'npm-bundled', 'npm-dev', 'npm-no-pkg', 'npm-optional', 'npm-peer', 'npm-unknown',
]; // prettier-ignore

function isDeclaredTwice({ types }: CruisedDependency): boolean {
  return COUNTED_TYPES.filter((type) => types.has(type)).length > 1;
}

function isAbove(file: string, from: string): boolean {
  const [above, below] = [file, from].map((one) => `/${path.posix.dirname(one)}/`.replace('/./', '/'));
  return below !== above && (below ?? '').startsWith(above ?? '');
}

/** A list of expressions becomes one with alternatives; groups are numbered across all of them. */
function expressionOf(value: unknown): string | undefined {
  const text = typeof value === 'string' ? value : stringsOf(value)?.join('|');
  return text === '' ? undefined : text;
}

function filled(expression: string, groups: Groups): string {
  return groups.reduce((text, group, index) => text.replaceAll(`$${String(index)}`, () => group), expression);
}

const expressions = new Map<string, RegExp | undefined>();

/** Undefined also for an invalid expression, with which dependency-cruiser would not start. */
function matchOf(expression: string, text: string): RegExpExecArray | undefined {
  if (!expressions.has(expression)) {
    if (expressions.size > 5_000) expressions.clear();
    expressions.set(expression, compiled(expression));
  }
  return expressions.get(expression)?.exec(text) ?? undefined;
}
