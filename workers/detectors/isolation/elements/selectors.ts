/**
 * Converts selectors of eslint-plugin-boundaries to the form of version 7. Accepts a type name, `[type, captured]`, the
 * flat objects of version 6, and objects with `element`, `file` and `module`. Pure. A selector that is not fully
 * supported gives undefined, because enforcing part of it would be wrong.
 */
import { isRecord } from '../../../graph/manifests.ts';
import { hasOnly } from './describe.ts';
import { isFillable } from './templates.ts';

export type Pattern = string | null | readonly (string | null)[];

export type CapturedPattern = Readonly<Record<string, Pattern>> | readonly Readonly<Record<string, Pattern>>[];

export interface PlaceSelector {
  readonly type?: Pattern;
  readonly category?: Pattern;
  readonly path?: Pattern;
  readonly captured?: CapturedPattern | null;
}

export interface ElementSelector extends PlaceSelector {
  readonly fileInternalPath?: Pattern;
  /** The parent element; null: there is none. */
  readonly parent?: readonly PlaceSelector[] | null;
  readonly isUnknown?: boolean;
  readonly isIgnored?: boolean;
}

export interface FileSelector {
  readonly path?: Pattern;
  readonly categories?: Pattern | ListQuery;
  readonly captured?: CapturedPattern | null;
  readonly isUnknown?: boolean;
  readonly isIgnored?: boolean;
}

export interface ListQuery {
  readonly anyOf?: readonly string[];
  readonly allOf?: readonly string[];
  readonly noneOf?: readonly string[];
}

export interface ModuleSelector {
  readonly origin?: Pattern;
  readonly source?: Pattern;
  readonly internalPath?: Pattern;
}

/** Every given part must match; one matching selector per part is enough. */
export interface EntitySelector {
  readonly element?: readonly ElementSelector[];
  readonly file?: readonly FileSelector[];
  readonly module?: readonly ModuleSelector[];
}

export interface InfoSelector {
  readonly kind?: Pattern;
  readonly nodeKind?: Pattern;
  readonly source?: Pattern;
  readonly specifiers?: Pattern;
  readonly relationship?: { readonly from?: Pattern; readonly to?: Pattern };
  /** Version 6: the imported package. */
  readonly module?: Pattern;
}

export interface DependencySelector {
  readonly from?: readonly EntitySelector[] | undefined;
  readonly to?: readonly EntitySelector[] | undefined;
  readonly dependency?: readonly InfoSelector[] | undefined;
}

export interface Policy {
  readonly disallow: readonly DependencySelector[];
  readonly allow: readonly DependencySelector[];
  /** The side whose captured values templates can use without naming it. */
  readonly side: 'from' | 'to';
  readonly message: unknown;
}

/** An entry of `policies`, called `rules` in version 6. */
export function policyOf(value: unknown): Policy | undefined {
  if (!hasOnly(value, ['from', 'to', 'dependency', 'allow', 'disallow', 'message', 'importKind', 'name'])) return undefined; // prettier-ignore
  const outer = dependencyOf({ from: value['from'], to: value['to'], dependency: value['dependency'] });
  const [allow, disallow] = ['allow', 'disallow'].map((effect) => outer && entriesOf(value[effect], outer, value['importKind'])); // prettier-ignore
  if (!outer || !allow || !disallow) return undefined;
  return { allow, disallow, side: outer.from ? 'from' : 'to', message: value['message'] };
}

/** An entry of `allow` or `disallow`, combined with its policy. */
function entriesOf(
  effect: unknown,
  outer: DependencySelector,
  importKind: unknown,
): readonly DependencySelector[] | undefined {
  if (effect === undefined) return [];
  if (importKind !== undefined && !isPattern(importKind)) return undefined;
  const entries = Array.isArray(effect) && !isTuple(effect) ? (effect as readonly unknown[]) : [effect];
  return all(entries, (entry) => {
    const merged = mergedEntry(entry, outer);
    if (!merged || importKind === undefined) return merged;
    // The versions differ if both set the kind.
    if (merged.dependency?.some(({ kind }) => kind !== undefined)) return undefined;
    return { ...merged, dependency: (merged.dependency ?? [{}]).map((one) => ({ ...one, kind: importKind })) };
  });
}

function mergedEntry(entry: unknown, outer: DependencySelector): DependencySelector | undefined {
  if (isRecord(entry) && ['from', 'to', 'dependency'].some((key) => Object.hasOwn(entry, key))) {
    const inner = hasOnly(entry, ['from', 'to', 'dependency']) ? dependencyOf(entry) : undefined;
    return (
      inner && {
        from: crossed(outer.from, inner.from, mergedEntities),
        to: crossed(outer.to, inner.to, mergedEntities),
        dependency: crossed(outer.dependency, inner.dependency, mergedInfo),
      }
    );
  }
  // An entry that names no side means the other side; if neither names a side, the versions differ.
  const entities = entitiesOf(entry);
  if (!entities || (!outer.from && !outer.to)) return undefined;
  return outer.from ? { from: outer.from, to: entities } : { from: entities, to: outer.to };
}

function dependencyOf(value: Readonly<Record<string, unknown>>): DependencySelector | undefined {
  const [from, to] = [value['from'], value['to']].map((one) => (one === undefined ? 'any' : entitiesOf(one)));
  const { dependency } = value;
  const info = dependency === undefined ? 'any' : all(listOf(dependency), infoOf);
  if (!from || !to || !info) return undefined;
  return { ...(from === 'any' ? {} : { from }), ...(to === 'any' ? {} : { to }), ...(info === 'any' ? {} : { dependency: info }) }; // prettier-ignore
}

export function entitiesOf(value: unknown): readonly EntitySelector[] | undefined {
  if (Array.isArray(value) && !isTuple(value)) return all(value, entitiesOf)?.flat();
  if (typeof value === 'string') return isPattern(value) ? [{ element: [{ type: value }] }] : undefined;
  if (Array.isArray(value)) {
    const [type, captured = {}] = value as readonly unknown[];
    return isPattern(type) && isCaptured(captured) ? [{ element: [{ type, captured }] }] : undefined;
  }
  if (!isRecord(value) || Object.keys(value).length === 0) return undefined;
  if (['element', 'file', 'module'].some((key) => Object.hasOwn(value, key))) return entityOf(value);
  return flatEntities(value);
}

/** A pair of a selector and captured values; like the plugin, even if the second reads like a selector. */
function isTuple(value: readonly unknown[]): boolean {
  const [type, captured] = value;
  if (typeof type !== 'string') return false;
  const isMap = (one: unknown): boolean => isRecord(one) && Object.values(one).every(isPlainPattern);
  return value.length === 1 || (value.length === 2 && (isMap(captured) || (Array.isArray(captured) && captured.every(isMap)))); // prettier-ignore
}

function isPlainPattern(value: unknown): boolean {
  return typeof value === 'string' || (Array.isArray(value) && value.every((one) => typeof one === 'string'));
}

function entityOf(value: Readonly<Record<string, unknown>>): readonly EntitySelector[] | undefined {
  if (!hasOnly(value, ['element', 'file', 'module'])) return undefined;
  const element = value['element'] === undefined ? 'any' : all(listOf(value['element']), elementOf);
  const file = value['file'] === undefined ? 'any' : all(listOf(value['file']), fileOf);
  const module = value['module'] === undefined ? 'any' : all(listOf(value['module']), moduleOf);
  if (!element || !file || !module) return undefined;
  return [{ ...(element === 'any' ? {} : { element }), ...(file === 'any' ? {} : { file }), ...(module === 'any' ? {} : { module }) }]; // prettier-ignore
}

/** In version 6 an element has the origin; `internalPath` is that of a file in the element, or of a package. */
function flatEntities(value: Readonly<Record<string, unknown>>): readonly EntitySelector[] | undefined {
  const { origin, elementPath, internalPath, ...rest } = value;
  // The path of the file in version 6, of the element since version 7.
  if (Object.hasOwn(rest, 'path') || Object.hasOwn(rest, 'fileInternalPath')) return undefined;
  const module = origin === undefined ? undefined : moduleOf({ origin });
  const element = elementOf({ ...rest, ...(elementPath === undefined ? {} : { path: elementPath }) });
  if (!element || (origin !== undefined && !module)) return undefined;
  const base = Object.keys(element).length === 0 ? {} : { element: [element] };
  if (internalPath === undefined) return [{ ...base, ...(module ? { module: [module] } : {}) }];
  if (!isPattern(internalPath)) return undefined;
  const inPackage = Array.isArray(internalPath)
    ? internalPath.map(unslashed)
    : unslashed(internalPath as string | null);
  return [
    { element: [{ ...element, fileInternalPath: internalPath }], ...(module ? { module: [module] } : {}) },
    { ...base, module: [{ ...module, internalPath: inPackage }] },
  ];
}

function unslashed(pattern: string | null): string | null {
  return pattern?.replace(/^\//, '') ?? null;
}

function elementOf(value: unknown): ElementSelector | undefined {
  if (!hasOnly(value, ['type', 'category', 'path', 'fileInternalPath', 'captured', 'parent', 'isUnknown', 'isIgnored']))
    return undefined;
  const { parent, captured, isUnknown, isIgnored, ...patterns } = value;
  if (!Object.values(patterns).every(isPattern) || ![isUnknown, isIgnored].every(isFlag)) return undefined;
  if (captured !== undefined && !isCaptured(captured)) return undefined;
  if (parent === undefined || parent === null) return value;
  const parents = all(listOf(parent), placeOf);
  return parents && { ...value, parent: parents };
}

function placeOf(value: unknown): PlaceSelector | undefined {
  if (!hasOnly(value, ['type', 'category', 'path', 'elementPath', 'captured'])) return undefined;
  const { captured, elementPath, ...patterns } = value;
  if (!Object.values(patterns).every(isPattern) || (captured !== undefined && !isCaptured(captured))) return undefined;
  if (elementPath === undefined) return value;
  return isPattern(elementPath) ? { ...patterns, ...(captured === undefined ? {} : { captured }), path: elementPath } : undefined; // prettier-ignore
}

function fileOf(value: unknown): FileSelector | undefined {
  if (!hasOnly(value, ['path', 'categories', 'captured', 'isUnknown', 'isIgnored'])) return undefined;
  const { categories, captured, isUnknown, isIgnored, path } = value;
  const isQuery = hasOnly(categories, ['anyOf', 'allOf', 'noneOf']) && Object.values(categories).every(isWrittenOut);
  if (categories !== undefined && !isPattern(categories) && !isQuery) return undefined;
  if (path !== undefined && !isPattern(path)) return undefined;
  if (captured !== undefined && !isCaptured(captured)) return undefined;
  return [isUnknown, isIgnored].every(isFlag) ? value : undefined;
}

function moduleOf(value: unknown): ModuleSelector | undefined {
  return hasOnly(value, ['origin', 'source', 'internalPath']) && Object.values(value).every(isPattern)
    ? value
    : undefined;
}

function infoOf(value: unknown): InfoSelector | undefined {
  if (!hasOnly(value, ['kind', 'nodeKind', 'source', 'specifiers', 'relationship', 'module'])) return undefined;
  const { relationship, ...patterns } = value;
  if (!Object.values(patterns).every(isPattern)) return undefined;
  if (relationship === undefined) return value;
  return hasOnly(relationship, ['from', 'to']) && Object.values(relationship).every(isPattern) ? value : undefined;
}

function isPattern(value: unknown): value is Pattern {
  if (Array.isArray(value)) return value.every((one) => one === null || (typeof one === 'string' && isFillable(one)));
  return value === null || (typeof value === 'string' && isFillable(value));
}

function isWrittenOut(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === 'string' && isFillable(one));
}

function isFlag(value: unknown): boolean {
  return value === undefined || typeof value === 'boolean';
}

/** Like the plugin, treats null as absent. */
function isCaptured(value: unknown): value is CapturedPattern | null {
  if (value === null) return true;
  if (Array.isArray(value)) return value.every((one) => isRecord(one) && isCaptured(one));
  return isRecord(value) && Object.values(value).every(isPattern);
}

function mergedEntities(outer: EntitySelector, inner: EntitySelector): EntitySelector {
  const element = crossed(outer.element, inner.element, (one, other) => {
    const parent = other.parent === null ? null : one.parent === null ? (other.parent ?? null) : crossed(one.parent, other.parent, mergedPlaces); // prettier-ignore
    return { ...mergedPlaces(one, other), ...(parent === undefined ? {} : { parent }) };
  });
  const file = crossed(outer.file, inner.file, mergedPlaces);
  const module = crossed(outer.module, inner.module, (one, other) => ({ ...one, ...other }));
  return { ...(element && { element }), ...(file && { file }), ...(module && { module }) };
}

function mergedPlaces<T extends { readonly captured?: CapturedPattern | null }>(outer: T, inner: T): T {
  const merged = { ...outer, ...inner };
  return isRecord(outer.captured) && isRecord(inner.captured)
    ? { ...merged, captured: { ...outer.captured, ...inner.captured } }
    : merged;
}

function mergedInfo(outer: InfoSelector, inner: InfoSelector): InfoSelector {
  const relationship = { ...outer.relationship, ...inner.relationship };
  return { ...outer, ...inner, ...(Object.keys(relationship).length > 0 ? { relationship } : {}) };
}

/** All combinations of both lists; an absent list adds nothing. */
function crossed<T>(
  outer: readonly T[] | undefined,
  inner: readonly T[] | undefined,
  merge: (outer: T, inner: T) => T,
): readonly T[] | undefined {
  if (!outer || !inner) return inner ?? outer;
  return outer.flatMap((one) => inner.map((other) => merge(one, other)));
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** Undefined if any of them is. */
function all<T>(values: readonly unknown[], read: (value: unknown) => T | undefined): readonly T[] | undefined {
  const found: T[] = [];
  for (const value of values) {
    const one = read(value);
    if (one === undefined) return undefined;
    found.push(one);
  }
  return found;
}
