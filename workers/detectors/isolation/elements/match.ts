/** Whether an import is one that a selector of eslint-plugin-boundaries speaks of. Lives as long as its configuration. */
import picomatch from 'picomatch';
import type { Element, Entity, Place } from './describe.ts';
import type {
  CapturedPattern,
  DependencySelector,
  ElementSelector,
  EntitySelector,
  FileSelector,
  InfoSelector,
  ListQuery,
  ModuleSelector,
  Pattern,
  PlaceSelector,
  Policy,
} from './selectors.ts';
import { fill } from './templates.ts';

export interface Dependency {
  readonly from: Entity;
  readonly to: Entity;
  readonly kind: 'value' | 'type';
  /** The plugin's name for the way it is imported. */
  readonly nodeKind: string;
  readonly source: string;
  readonly specifiers: readonly string[];
}

type Relationship = 'internal' | 'child' | 'descendant' | 'sibling' | 'parent' | 'ancestor' | 'uncle' | 'nephew';

export class Matcher {
  readonly #isLegacy: boolean;
  readonly #globs = new Map<string, (text: string) => boolean>();

  /** @param isLegacy captured values may be named without saying whose, and `${ }` is a template */
  constructor(isLegacy: boolean) {
    this.#isLegacy = isLegacy;
  }

  /** The index of the policy that decides and whether it lets pass; undefined: none speaks of it. The last one wins. */
  decide(policies: readonly Policy[], dependency: Dependency): { index: number; isAllowed: boolean } | undefined {
    let decision: { index: number; isAllowed: boolean } | undefined;
    policies.forEach(({ allow, disallow, side }, index) => {
      const data = this.#dataOf(dependency, side);
      const isOneOf = (selectors: readonly DependencySelector[]): boolean =>
        selectors.some((one) => this.#isDependency(one, dependency, data));
      if (isOneOf(disallow)) decision = { index, isAllowed: false };
      else if (isOneOf(allow)) decision = { index, isAllowed: true };
    });
    return decision;
  }

  /** A message with what it says of the two sides; `file` and `dependency` are older names of them. */
  message(text: string, dependency: Dependency, side: Policy['side']): string {
    const data = this.#dataOf(dependency, side);
    return fill(text, { ...data, file: data['from'], dependency: { ...(data['dependency'] as object), ...(data['to'] as object) } }, true); // prettier-ignore
  }

  #dataOf(dependency: Dependency, side: Policy['side']): Data {
    const { from, to, kind, nodeKind, source, specifiers } = dependency;
    const named = this.#isLegacy ? dependency[side].element.captured : undefined;
    const relationship = relationships(from.element, to.element);
    return {
      ...named,
      from: this.#sideOf(from),
      to: this.#sideOf(to),
      dependency: { kind, nodeKind, source, specifiers, relationship, module: to.module.source, origin: to.module.origin }, // prettier-ignore
    };
  }

  #sideOf({ element, file, module }: Entity): Data {
    const flat = {
      ...element,
      elementPath: element.path,
      internalPath: module.internalPath ?? element.fileInternalPath,
      origin: module.origin,
      parents: element.parents.map((parent) => ({ ...parent, elementPath: parent.path })),
    };
    return { ...flat, element: flat, file, module, ...(this.#isLegacy ? element.captured : undefined) };
  }

  #isDependency({ from, to, dependency: info }: DependencySelector, dependency: Dependency, data: Data): boolean {
    const relationship = relationships(dependency.from.element, dependency.to.element);
    return (
      (!from || from.some((one) => this.#isEntity(one, dependency.from, data))) &&
      (!to || to.some((one) => this.#isEntity(one, dependency.to, data))) &&
      (!info || info.some((one) => this.#isInfo(one, dependency, relationship, data)))
    );
  }

  #isEntity({ element, file, module }: EntitySelector, entity: Entity, data: Data): boolean {
    const all = { ...data, element: entity.element, file: entity.file, module: entity.module };
    return (
      (!element || element.some((one) => this.#isElement(one, entity.element, all))) &&
      (!file || file.some((one) => this.#isFile(one, entity.file, all))) &&
      (!module || module.some((one) => this.#isModule(one, entity.module, all)))
    );
  }

  #isElement(selector: ElementSelector, element: Element, data: Data): boolean {
    const { parent, fileInternalPath, isUnknown, isIgnored } = selector;
    if (isUnknown !== undefined && isUnknown !== element.isUnknown) return false;
    if (isIgnored !== undefined && isIgnored !== element.isIgnored) return false;
    if (!this.#isPlace(selector, element, data)) return false;
    if (!this.#matches(fileInternalPath, element.fileInternalPath, data)) return false;
    if (parent === undefined) return true;
    const [around] = element.parents;
    if (parent === null || !around) return parent === null && !around;
    return parent.some((one) => this.#isPlace(one, around, data));
  }

  #isPlace({ type, category, path, captured }: PlaceSelector, place: Place, data: Data): boolean {
    return (
      this.#matches(type, place.type, data) &&
      this.#matches(category, place.category, data) &&
      this.#matches(path, place.path, data) &&
      this.#isCaptured(captured, place.captured, data)
    );
  }

  #isFile(selector: FileSelector, file: Entity['file'], data: Data): boolean {
    const { path, categories, captured, isUnknown, isIgnored } = selector;
    return (
      (isUnknown === undefined || isUnknown === file.isUnknown) &&
      (isIgnored === undefined || isIgnored === file.isIgnored) &&
      this.#matches(path, file.path, data) &&
      (isQuery(categories)
        ? this.#answers(categories, file.categories, data)
        : this.#matches(categories, file.categories, data)) &&
      this.#isCaptured(captured, file.captured, data)
    );
  }

  #answers({ anyOf, allOf, noneOf }: ListQuery, values: readonly string[] | null, data: Data): boolean {
    if (values === null) return false;
    const holds = (pattern: string): boolean => values.some((value) => this.#matches(pattern, value, data));
    return (anyOf?.some(holds) ?? true) && (allOf?.every(holds) ?? true) && !(noneOf?.some(holds) ?? false);
  }

  #isModule({ origin, source, internalPath }: ModuleSelector, module: Entity['module'], data: Data): boolean {
    return (
      this.#matches(origin, module.origin, data) &&
      this.#matches(source, module.source, data) &&
      this.#matches(internalPath, module.internalPath, data)
    );
  }

  #isInfo(
    { kind, nodeKind, source, specifiers, relationship, module }: InfoSelector,
    dependency: Dependency,
    actual: { readonly from: Relationship | null; readonly to: Relationship | null },
    data: Data,
  ): boolean {
    return (
      this.#matches(kind, dependency.kind, data) &&
      this.#matches(nodeKind, dependency.nodeKind, data) &&
      this.#matches(source, dependency.source, data) &&
      this.#matches(specifiers, dependency.specifiers, data) &&
      this.#matches(module, dependency.to.module.source, data) &&
      this.#matches(relationship?.from, actual.from, data) &&
      this.#matches(relationship?.to, actual.to, data)
    );
  }

  #isCaptured(wanted: CapturedPattern | null | undefined, captured: Place['captured'], data: Data): boolean {
    if (wanted === undefined || wanted === null || isEmpty(wanted)) return true;
    if (captured === null) return false;
    const maps = (Array.isArray(wanted) ? wanted : [wanted]) as readonly Readonly<Record<string, Pattern>>[];
    return maps.some((map) =>
      Object.entries(map).every(([name, pattern]) => {
        const value = captured[name] ?? '';
        return value !== '' && pattern !== null && this.#matches(pattern, value, data);
      }),
    );
  }

  /** A pattern that is not given matches everything; of several values one is enough. Nothing matches an empty text. */
  #matches(pattern: Pattern | undefined, value: string | null | readonly string[], data: Data): boolean {
    if (pattern === undefined) return true;
    if (Array.isArray(value)) return (value as readonly string[]).some((one) => this.#matches(pattern, one, data));
    const patterns = Array.isArray(pattern) ? (pattern as readonly (string | null)[]) : [pattern as string | null];
    if (value === null) return patterns.includes(null);
    return patterns.some((one) => one !== null && this.#isMatch(value as string, fill(one, data, this.#isLegacy)));
  }

  #isMatch(text: string, glob: string): boolean {
    if (glob === '') return false;
    let matches = this.#globs.get(glob);
    if (!matches) this.#globs.set(glob, (matches = picomatch(glob)));
    return matches(text);
  }
}

type Data = Readonly<Record<string, unknown>>;

function isQuery(value: Pattern | ListQuery | undefined): value is ListQuery {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEmpty(wanted: CapturedPattern): boolean {
  return !Array.isArray(wanted) && Object.keys(wanted).length === 0;
}

/** What the imported element is to the importing one, and the other way round. */
export function relationships(from: Element, to: Element): { from: Relationship | null; to: Relationship | null } {
  const relationship = relationshipOf(from, to);
  return { to: relationship, from: relationship && INVERSE[relationship] };
}

function relationshipOf(from: Element, to: Element): Relationship | null {
  if (from.isUnknown || to.isUnknown) return null;
  const isBelow = (one: Element, other: Element): boolean => one.parents.some(({ path }) => path === other.path);
  const parentOf = ({ parents }: Element): string | null | undefined => parents[0]?.path;
  // The nearest element around the first that is around the second too.
  const isBelowParent = (one: Element, other: Element): boolean => {
    const common = one.parents.find(({ path }) => other.parents.some((parent) => parent.path === path));
    return common !== undefined && common.path === parentOf(one);
  };
  if (from.path === to.path) return 'internal';
  if (parentOf(to) === from.path) return 'child';
  if (isBelow(to, from)) return 'descendant';
  if (parentOf(from) !== undefined && parentOf(from) === parentOf(to)) return 'sibling';
  if (parentOf(from) === to.path) return 'parent';
  if (isBelow(from, to)) return 'ancestor';
  if (isBelowParent(to, from)) return 'uncle';
  return isBelowParent(from, to) ? 'nephew' : null;
}

const INVERSE: Readonly<Record<Relationship, Relationship>> = {
  internal: 'internal',
  child: 'parent',
  descendant: 'ancestor',
  sibling: 'sibling',
  parent: 'child',
  ancestor: 'descendant',
  uncle: 'nephew',
  nephew: 'uncle',
};
