/**
 * Describes a file as eslint-plugin-boundaries does: its element with parents, its categories, and the module of an
 * import that leads to no element. Lives as long as its settings.
 */
import { builtinModules } from 'node:module';
import path from 'node:path';
import { isRecord } from '../../../graph/manifests.ts';
import { packageNameOf } from '../../../graph/resolution.ts';
import { stringsOf } from '../../../graph/rules.ts';
import type { Crossing } from '../boundary.ts';
import { isKnown } from '../static-config.ts';
import { globExpression, globMatcher } from '../../../reading/globs.ts';

type Captured = Readonly<Record<string, string>>;

export interface Place {
  readonly type: string | null;
  readonly category: string | null;
  /** The path of its folder or file, which identifies the element. */
  readonly path: string | null;
  readonly captured: Captured | null;
}

export interface Element extends Place {
  /** The path of the file within the element. */
  readonly fileInternalPath: string | null;
  /** Its parent elements, innermost first. */
  readonly parents: readonly Place[];
  readonly isUnknown: boolean;
  readonly isIgnored: boolean;
}

export interface Entity {
  readonly element: Element;
  readonly file: {
    readonly path: string | null;
    readonly categories: readonly string[] | null;
    readonly captured: Captured | null;
    readonly isUnknown: boolean;
    readonly isIgnored: boolean;
  };
  readonly module: {
    readonly origin: 'local' | 'external' | 'core';
    readonly source: string | null;
    readonly internalPath: string | null;
  };
}

type Settings = Readonly<Record<string, unknown>>;

/** The unsupported part of the settings; undefined: everything is supported. */
export function hindranceOf(settings: Settings): string | undefined {
  const of = (name: string): unknown => settings[`boundaries/${name}`];
  const lists = [of('elements') ?? of('types') ?? [], of('files') ?? []];
  const [elements, files] = lists;
  if (!Array.isArray(elements) || !elements.every(isElementDescriptor)) return "'boundaries/elements'";
  if (!Array.isArray(files) || !files.every((one) => hasOnly(one, FILE_DESCRIPTOR))) return "'boundaries/files'";
  if (of('elements-single-match') === false || of('elements-single-type') === false) {
    if (of('elements-single-match') !== true) return "'boundaries/elements-single-match'";
  }
  const unknown = ['root-path', 'include', 'ignore', 'flag-as-external', 'dependency-nodes', 'legacy-templates'].find(
    (name) => !isKnown(of(name)),
  );
  return unknown && `'boundaries/${unknown}'`;
}

/** Whether a record has only these keys and no unknown value. */
export function hasOnly(value: unknown, keys: readonly string[]): value is Readonly<Record<string, unknown>> {
  return isRecord(value) && isKnown(value) && Object.keys(value).every((key) => keys.includes(key));
}

const ELEMENT_DESCRIPTOR = [
  'type', 'category', 'pattern', 'mode', 'match', 'capture', 'basePattern', 'baseCapture', 'partialMatch', 'exclusive', 'stopMatching',
]; // prettier-ignore
const FILE_DESCRIPTOR = ['category', 'pattern', 'capture', 'basePattern', 'baseCapture', 'exclusive', 'stopMatching'];

/** A bare type is the form of version 1. */
function isElementDescriptor(value: unknown): boolean {
  return typeof value === 'string' || hasOnly(value, ELEMENT_DESCRIPTOR);
}

export class Describer {
  readonly #root: string;
  /** Absolute, with a trailing slash. */
  readonly #base: string;
  readonly #elements: readonly ElementPattern[];
  readonly #files: readonly FilePattern[];
  readonly #isSingleFile: boolean;
  /** Since version 7, an external module may also be an element. */
  readonly #knowsExternal: boolean;
  readonly #isSeen: (file: string) => boolean;
  readonly #external: {
    readonly unresolved: boolean;
    readonly installed: boolean;
    readonly outside: boolean;
    readonly isNamed: (specifier: string) => boolean;
  };
  readonly #known = new Map<string, Entity>();

  /**
   * @param root absolute, of the workspace
   * @param major of the plugin
   */
  constructor(settings: Settings, root: string, major: number) {
    const of = (name: string): unknown => settings[`boundaries/${name}`];
    const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
    this.#root = root;
    this.#knowsExternal = major >= 7;
    const base = of('root-path');
    this.#base = `${path.posix.resolve(root, typeof base === 'string' ? base : '.')}/`;
    this.#elements = listOf(of('elements') ?? of('types')).flatMap(elementPatterns);
    this.#files = listOf(of('files')).flatMap(filePatterns);
    this.#isSingleFile = of('files-single-match') === true;
    const [include, ignore] = ['include', 'ignore'].map((name) => globs(of(name)));
    this.#isSeen = (file) => (include?.(file) ?? true) && !(ignore?.(file) ?? false);
    const flags = of('flag-as-external');
    const given = isRecord(flags) ? flags : {};
    this.#external = {
      unresolved: given['unresolvableAlias'] !== false,
      installed: given['inNodeModules'] !== false,
      outside: given['outsideRootPath'] === true,
      isNamed: globs(given['customSourcePatterns']) ?? ((): boolean => false),
    };
  }

  /** @param file of the root */
  file(file: string): Entity {
    return this.#local(this.#pathOf(path.posix.join(this.#root, file)));
  }

  target({ to, resolution, request: { specifier } }: Crossing): Entity {
    const absolute =
      to !== undefined ? path.posix.join(this.#root, to)
      : resolution.kind === 'outside' ? resolution.path
      : resolution.kind === 'package' ? `${this.#root}/node_modules/${resolution.name}`
      : undefined; // prettier-ignore
    const package_ = packageNameOf(specifier);
    const internalPath = specifier.startsWith(`${package_}/`) ? specifier.slice(package_.length + 1) : null;
    if (BUILTIN.has(package_.replace(/^node:/, '')))
      return { ...NOWHERE, module: { origin: 'core', source: package_, internalPath } };
    const { unresolved, installed, outside, isNamed } = this.#external;
    const isExternal =
      absolute === undefined
        ? unresolved && /^(\w|@[^/]*\/?[^/]+)/.test(specifier)
        : (outside && !absolute.startsWith(this.#base)) || (installed && absolute.includes('node_modules'));
    const file = absolute === undefined ? undefined : this.#local(this.#pathOf(absolute));
    if (!isExternal && !isNamed(specifier)) return file ?? NOWHERE;
    const entity = (this.#knowsExternal ? file : undefined) ?? NOWHERE;
    return { ...entity, module: { origin: 'external', source: package_, internalPath } };
  }

  #pathOf(absolute: string): string {
    return absolute.startsWith(this.#base) ? absolute.slice(this.#base.length) : absolute;
  }

  #local(file: string): Entity {
    let entity = this.#known.get(file);
    if (!entity) {
      entity = this.#isSeen(file)
        ? { element: elementOf(file, this.#elements), file: this.#categories(file), module: LOCAL }
        : { element: { ...UNKNOWN, path: file, isIgnored: true }, file: { ...NO_FILE, path: file, isIgnored: true }, module: LOCAL }; // prettier-ignore
      this.#known.set(file, entity);
    }
    return entity;
  }

  #categories(file: string): Entity['file'] {
    let categories: readonly string[] = [];
    let captured: Captured | null = null;
    for (const { category, capture, isExclusive, isLast } of this.#files) {
      const found = capture(file);
      if (!found) continue;
      categories = isExclusive ? [category] : [...categories, category];
      captured = isExclusive ? found.values : joined(captured, found.values);
      if (isExclusive || isLast || this.#isSingleFile) break;
    }
    return categories.length === 0
      ? { ...NO_FILE, path: file }
      : { path: file, categories, captured, isUnknown: false, isIgnored: false };
  }
}

export function globs(value: unknown): ((text: string) => boolean) | undefined {
  const patterns = typeof value === 'string' ? [value] : stringsOf(value);
  return patterns && patterns.length > 0 ? globMatcher(patterns) : undefined;
}

const BUILTIN: ReadonlySet<string> = new Set(builtinModules);
const LOCAL = { origin: 'local', source: null, internalPath: null } as const;
const NO_FILE = { path: null, categories: null, captured: null, isUnknown: true, isIgnored: false } as const;
const UNKNOWN: Element = {
  type: null, category: null, path: null, captured: null, fileInternalPath: null, parents: [], isUnknown: true, isIgnored: false,
}; // prettier-ignore
const NOWHERE: Entity = { element: UNKNOWN, file: NO_FILE, module: LOCAL };

interface ElementPattern {
  readonly type: string | null;
  readonly category: string | null;
  readonly isFolder: boolean;
  /** Matches the whole path instead of its end. */
  readonly isWhole: boolean;
  /** The element is the whole path instead of the matched folder. */
  readonly isFull: boolean;
  /** The pattern as written, for parent elements. */
  readonly plain: Capture;
  /** The pattern with everything below it, for the element of a file. */
  readonly own: Capture;
  readonly base: ((pattern: 'plain' | 'own', text: string) => Captured | null | undefined) | undefined;
  /** Whether a path is that of the element itself. */
  isElement(text: string): boolean;
}

type Capture = (text: string) => { readonly values: Captured | null } | undefined;

/**
 * The plugin matches longer and longer ends of the path: the first match is the element of the file, later ones are its
 * parents. If several patterns match, the first one counts.
 */
function elementOf(file: string, patterns: readonly ElementPattern[]): Element {
  const segments = file.split('/');
  const parents: Place[] = [];
  let main: Element | undefined;
  let end = segments.length;
  for (let start = segments.length - 1; start >= 0; start--) {
    const suffix = segments.slice(start, end);
    const found = placeOf(file, suffix, segments.slice(0, end).join('/'), main === undefined, patterns);
    if (!found) continue;
    end = start;
    if (main === undefined) {
      const { place, isFolder } = found;
      const inner = isFolder || file !== place.path ? file.replace(`${place.path ?? ''}/`, '') : path.posix.basename(file); // prettier-ignore
      main = { ...place, fileInternalPath: inner, parents, isUnknown: false, isIgnored: false };
    } else if (found.place.path !== main.path) {
      parents.push(found.place);
    }
  }
  return main ?? UNKNOWN;
}

function placeOf(
  file: string,
  suffix: readonly string[],
  above: string,
  isMain: boolean,
  patterns: readonly ElementPattern[],
): { readonly place: Place; readonly isFolder: boolean } | undefined {
  for (const pattern of patterns) {
    const { type, category, isFolder, isWhole, isFull, base } = pattern;
    const kind = isMain ? 'own' : 'plain';
    const found = pattern[kind](isWhole && isMain ? file : suffix.join('/'));
    if (!found) continue;
    const around = base?.(kind, above);
    if (base && around === undefined) continue;
    const captured = joined(around ?? null, found.values);
    const own = isFull && isMain ? file : isWhole && isMain ? firstPart(file.split('/'), pattern) : within(file, firstPart(suffix, pattern)); // prettier-ignore
    return { place: { type, category, path: own, captured }, isFolder };
  }
  return undefined;
}

function joined(one: Captured | null, other: Captured | null): Captured | null {
  return one || other ? { ...one, ...other } : null;
}

/** The shortest prefix that is the path of the element. */
function firstPart(segments: readonly string[], { isElement }: ElementPattern): string {
  for (let count = 1; count <= segments.length; count++) {
    const beginning = segments.slice(0, count).join('/');
    if (isElement(beginning)) return beginning;
  }
  return segments.join('/');
}

/** Like the plugin, cuts at the first occurrence of the part, even if a later one matched. */
function within(file: string, part: string): string {
  return file.slice(0, file.indexOf(part) + part.length);
}

function elementPatterns(descriptor: unknown): readonly ElementPattern[] {
  if (typeof descriptor === 'string')
    return elementPatterns({ type: descriptor, pattern: `${descriptor}/*`, capture: ['elementName'] });
  if (!isRecord(descriptor)) return [];
  const { type, category, mode, partialMatch, basePattern } = descriptor;
  const isFolder = partialMatch === false || mode === undefined || mode === 'folder';
  const isFull = mode === 'full' && partialMatch !== false;
  return patternsOf(descriptor).map((one) => {
    const below = isFolder ? `${one}/**/*` : one;
    const names = stringsOf(descriptor['capture']);
    const isElement = globExpression(one);
    const baseNames = stringsOf(descriptor['baseCapture']);
    const bases =
      typeof basePattern === 'string'
        ? {
            plain: captures(`${basePattern}/**/${one}`, baseNames),
            own: captures(`${basePattern}/**/${below}`, baseNames),
          }
        : undefined;
    return {
      type: typeof type === 'string' ? type : null,
      category: typeof category === 'string' ? category : null,
      isFolder,
      isFull,
      isWhole: isFull || partialMatch === false,
      plain: captures(one, names),
      own: captures(below, names),
      base: bases && ((kind, text): Captured | null | undefined => bases[kind](text)?.values),
      isElement: (text) => isElement.test(text),
    };
  });
}

interface FilePattern {
  readonly category: string;
  readonly capture: Capture;
  readonly isExclusive: boolean;
  readonly isLast: boolean;
}

function filePatterns(descriptor: unknown): readonly FilePattern[] {
  if (!isRecord(descriptor) || typeof descriptor['category'] !== 'string') return [];
  const { category, basePattern, exclusive, stopMatching } = descriptor;
  const [names, baseNames] = [descriptor['capture'], descriptor['baseCapture']].map(stringsOf);
  const hasBase = typeof basePattern === 'string';
  const all = hasBase && (names ?? baseNames) ? [...(baseNames ?? []), 'restOfPath', ...(names ?? [])] : names;
  // One matching pattern of a list is enough.
  const any = patternsOf(descriptor).map((one) => captures(hasBase ? `${basePattern}/${one}` : one, all));
  return [
    {
      category,
      capture: (text) => {
        for (const capture of any) {
          const found = capture(text);
          if (found) return found;
        }
        return undefined;
      },
      isExclusive: exclusive === true,
      isLast: stopMatching === true || hasBase,
    },
  ];
}

function patternsOf({ pattern }: Readonly<Record<string, unknown>>): readonly string[] {
  return typeof pattern === 'string' ? [pattern] : (stringsOf(pattern) ?? []);
}

function captures(glob: string, names: readonly string[] | undefined): Capture {
  const expression = globExpression(glob, { capture: true });
  return (text) => {
    const found = expression.exec(text);
    if (!found) return undefined;
    if (!names) return { values: null };
    const values = found.slice(1).flatMap((value: string | undefined, index) => (names[index] ? [[names[index], value ?? '']] : [])); // prettier-ignore
    return { values: Object.fromEntries(values) as Captured };
  };
}
