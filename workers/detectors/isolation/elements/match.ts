/** Matches imports against selectors of eslint-plugin-boundaries. Lives as long as its configuration. */
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
import { globMatcher } from '../../../reading/globs.ts';

export interface Dependency {
  readonly from: Entity;
  readonly to: Entity;
  readonly kind: 'value' | 'type';
  /** The plugin's name for the way it is imported. */
  readonly nodeKind: string;
  readonly source: string;
  readonly specifiers: readonly string[];
}

interface Decision {
  readonly policy: Policy;
  readonly isAllowed: boolean;
}

/** The data that templates can use. */
interface Context {
  readonly dependency: Dependency;
  readonly side: Policy['side'];
  /** The side of the import that is being matched. */
  readonly entity?: Entity;
}

type Relationship = 'internal' | 'child' | 'descendant' | 'sibling' | 'parent' | 'ancestor' | 'uncle' | 'nephew';

export class Matcher {
  readonly #isLegacy: boolean;
  readonly #globs = new Map<string, (text: string) => boolean>();

  /** @param isLegacy templates may be written `${ }` and may name captured values without their side */
  constructor(isLegacy: boolean) {
    this.#isLegacy = isLegacy;
  }

  /** The last policy that matches, and whether it allows the import; undefined: no policy matches. */
  decide(policies: readonly Policy[], dependency: Dependency): Decision | undefined {
    for (const policy of policies.toReversed()) {
      const context: Context = { dependency, side: policy.side };
      const isOneOf = (selectors: readonly DependencySelector[]): boolean =>
        selectors.some((one) => this.#isDependency(one, context));
      if (isOneOf(policy.disallow)) return { policy, isAllowed: false };
      if (isOneOf(policy.allow)) return { policy, isAllowed: true };
    }
    return undefined;
  }

  /** Fills a message with the data of both sides; `file` and `dependency` are their older names. */
  message(text: string, dependency: Dependency, side: Policy['side']): string {
    const data = this.#dataOf({ dependency, side });
    const [from, to, info] = [data['from'], data['to'], data['dependency']] as readonly Data[];
    return fill(text, { ...data, file: from, dependency: { ...info, ...to } }, true);
  }

  /** Computed on demand, because few patterns are templates. */
  #dataOf({ dependency, side, entity }: Context): Data {
    const { from, to, kind, nodeKind, source, specifiers } = dependency;
    const named = this.#isLegacy ? dependency[side].element.captured : undefined;
    const relationship = relationships(from.element, to.element);
    return {
      ...named,
      from: this.#sideOf(from),
      to: this.#sideOf(to),
      dependency: { kind, nodeKind, source, specifiers, relationship, module: to.module.source, origin: to.module.origin }, // prettier-ignore
      ...entity,
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

  #isDependency({ from, to, dependency: info }: DependencySelector, context: Context): boolean {
    const { dependency } = context;
    return (
      (!from || this.#isEntity(from, dependency.from, context)) &&
      (!to || this.#isEntity(to, dependency.to, context)) &&
      (!info || info.some((one) => this.#isInfo(one, context)))
    );
  }

  #isEntity(selectors: readonly EntitySelector[], entity: Entity, context: Context): boolean {
    const own: Context = { ...context, entity };
    return selectors.some(
      ({ element, file, module }) =>
        (!element || element.some((one) => this.#isElement(one, entity.element, own))) &&
        (!file || file.some((one) => this.#isFile(one, entity.file, own))) &&
        (!module || module.some((one) => this.#isModule(one, entity.module, own))),
    );
  }

  #isElement(selector: ElementSelector, element: Element, context: Context): boolean {
    const { parent, fileInternalPath, isUnknown, isIgnored } = selector;
    if (isUnknown !== undefined && isUnknown !== element.isUnknown) return false;
    if (isIgnored !== undefined && isIgnored !== element.isIgnored) return false;
    if (!this.#isPlace(selector, element, context)) return false;
    if (!this.#matches(fileInternalPath, element.fileInternalPath, context)) return false;
    if (parent === undefined) return true;
    const [around] = element.parents;
    if (parent === null || !around) return parent === null && !around;
    return parent.some((one) => this.#isPlace(one, around, context));
  }

  #isPlace({ type, category, path, captured }: PlaceSelector, place: Place, context: Context): boolean {
    return (
      this.#matches(type, place.type, context) &&
      this.#matches(category, place.category, context) &&
      this.#matches(path, place.path, context) &&
      this.#isCaptured(captured, place.captured, context)
    );
  }

  #isFile(selector: FileSelector, file: Entity['file'], context: Context): boolean {
    const { path, categories, captured, isUnknown, isIgnored } = selector;
    return (
      (isUnknown === undefined || isUnknown === file.isUnknown) &&
      (isIgnored === undefined || isIgnored === file.isIgnored) &&
      this.#matches(path, file.path, context) &&
      (isQuery(categories)
        ? this.#answers(categories, file.categories, context)
        : this.#matches(categories, file.categories, context)) &&
      this.#isCaptured(captured, file.captured, context)
    );
  }

  #answers({ anyOf, allOf, noneOf }: ListQuery, values: readonly string[] | null, context: Context): boolean {
    if (values === null) return false;
    const holds = (pattern: string): boolean => values.some((value) => this.#matches(pattern, value, context));
    return (anyOf?.some(holds) ?? true) && (allOf?.every(holds) ?? true) && !(noneOf?.some(holds) ?? false);
  }

  #isModule({ origin, source, internalPath }: ModuleSelector, module: Entity['module'], context: Context): boolean {
    return (
      this.#matches(origin, module.origin, context) &&
      this.#matches(source, module.source, context) &&
      this.#matches(internalPath, module.internalPath, context)
    );
  }

  #isInfo({ kind, nodeKind, source, specifiers, relationship, module }: InfoSelector, context: Context): boolean {
    const { dependency } = context;
    const actual = relationship && relationships(dependency.from.element, dependency.to.element);
    return (
      this.#matches(kind, dependency.kind, context) &&
      this.#matches(nodeKind, dependency.nodeKind, context) &&
      this.#matches(source, dependency.source, context) &&
      this.#matches(specifiers, dependency.specifiers, context) &&
      this.#matches(module, dependency.to.module.source, context) &&
      this.#matches(relationship?.from, actual?.from ?? null, context) &&
      this.#matches(relationship?.to, actual?.to ?? null, context)
    );
  }

  #isCaptured(wanted: CapturedPattern | null | undefined, captured: Place['captured'], context: Context): boolean {
    if (wanted === undefined || wanted === null || isEmpty(wanted)) return true;
    if (captured === null) return false;
    const maps = (Array.isArray(wanted) ? wanted : [wanted]) as readonly Readonly<Record<string, Pattern>>[];
    return maps.some((map) =>
      Object.entries(map).every(([name, pattern]) => {
        const value = captured[name] ?? '';
        return value !== '' && pattern !== null && this.#matches(pattern, value, context);
      }),
    );
  }

  /** An absent pattern matches everything; one match among several values is enough; an empty text never matches. */
  #matches(pattern: Pattern | undefined, value: string | null | readonly string[], context: Context): boolean {
    if (pattern === undefined) return true;
    if (Array.isArray(value)) return (value as readonly string[]).some((one) => this.#matches(pattern, one, context));
    const patterns = Array.isArray(pattern) ? (pattern as readonly (string | null)[]) : [pattern as string | null];
    if (value === null) return patterns.includes(null);
    return patterns.some((one) => one !== null && this.#isMatch(value as string, this.#filled(one, context)));
  }

  #filled(pattern: string, context: Context): string {
    return pattern.includes('{') ? fill(pattern, this.#dataOf(context), this.#isLegacy) : pattern;
  }

  #isMatch(text: string, glob: string): boolean {
    if (glob === '') return false;
    let matches = this.#globs.get(glob);
    if (!matches) this.#globs.set(glob, (matches = globMatcher([glob])));
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

/** The relationship of the imported element to the importing one, and the reverse. */
export function relationships(from: Element, to: Element): { from: Relationship | null; to: Relationship | null } {
  const relationship = relationshipOf(from, to);
  return { to: relationship, from: relationship && INVERSE[relationship] };
}

function relationshipOf(from: Element, to: Element): Relationship | null {
  if (from.isUnknown || to.isUnknown) return null;
  const isBelow = (one: Element, other: Element): boolean => one.parents.some(({ path }) => path === other.path);
  const parentOf = ({ parents }: Element): string | null | undefined => parents[0]?.path;
  // The nearest common parent.
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
