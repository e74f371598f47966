/**
 * Boundaries drawn for eslint-plugin-boundaries: `boundaries/dependencies`, and `boundaries/element-types` as it was
 * called before version 6. Both versions' ways to write them are read. Lives as long as the configuration.
 */
import type { ModuleGraph } from '../../../graph/index.ts';
import { isRecord } from '../../../graph/manifests.ts';
import { dependenciesOf } from '../../../graph/installed.ts';
import type { ModuleRequest } from '../../../graph/record.ts';
import { stringsOf } from '../../../graph/rules.ts';
import type { Boundary, Crossing, BoundarySet, Violation } from '../boundary.ts';
import type { LintConfig, LintOptions } from '../lint-config.ts';
import { Describer, hasOnly, hindranceOf, type Entity } from './describe.ts';
import { Matcher, relationships, type Dependency } from './match.ts';
import { policyOf, type Policy } from './selectors.ts';

const RULES = ['boundaries/dependencies', 'boundaries/element-types'] as const;

export function elementBoundaries(graph: ModuleGraph, config: LintConfig): BoundarySet {
  const rule = config.rule(...RULES);
  if (rule.length === 0) return { boundaries: [] };
  const readings = new Map<object, ElementSettings>();
  const readingFor = (settings: Readonly<Record<string, unknown>>): ElementSettings => {
    let reading = readings.get(settings);
    if (!reading) readings.set(settings, (reading = new ElementSettings(settings, graph)));
    return reading;
  };
  const unsupported = rule.flatMap(({ name, options, isOn, isComputed, settings }) => {
    if (isComputed) return [{ file: config.file, what: `${name} (a computed value)` }];
    if (!isOn) return [];
    const hindrance = readingFor(settings).hindrance ?? (isRecord(options) ? rulesOf(options).hindrance : undefined);
    return hindrance === undefined ? [] : [{ file: config.file, what: `${name} (${hindrance})` }];
  });
  const boundary: Boundary = (crossing) => {
    const options = config.optionsFor(rule, crossing.from);
    return options && readingFor(config.settingsFor(crossing.from)).violationOf(options, crossing);
  };
  return { boundaries: [boundary], unsupported };
}

/** The settings that apply to some files. */
class ElementSettings {
  /** What is unsupported in them. */
  readonly hindrance: string | undefined;
  readonly #graph: ModuleGraph;
  readonly #describer: Describer;
  readonly #matcher: Matcher;
  readonly #nodes: readonly string[];
  readonly #rules = new Map<object, ElementRules>();

  constructor(settings: Readonly<Record<string, unknown>>, graph: ModuleGraph) {
    const major = majorOf(graph);
    this.#graph = graph;
    this.hindrance = hindranceOf(settings);
    this.#describer = new Describer(settings, graph.root.replaceAll('\\', '/'), major);
    this.#matcher = new Matcher(settings['boundaries/legacy-templates'] !== false);
    this.#nodes = stringsOf(settings['boundaries/dependency-nodes']) ?? (major >= 6 ? Object.values(NODES) : ['import']); // prettier-ignore
  }

  rulesOf({ options }: LintOptions): ElementRules {
    let rules = this.#rules.get(options);
    if (!rules) this.#rules.set(options, (rules = rulesOf(options)));
    return rules;
  }

  violationOf(options: LintOptions, crossing: Crossing): Violation | undefined {
    const nodeKind = NODES[crossing.request.kind] ?? '';
    const rules = this.rulesOf(options);
    if (this.hindrance !== undefined || rules.hindrance !== undefined || !this.#nodes.includes(nodeKind))
      return undefined;
    const from = this.#describer.file(crossing.from);
    if (from.file.isIgnored || (from.file.isUnknown && from.element.isUnknown)) return undefined;
    const to = this.#describer.target(crossing);
    if (!isChecked(rules, from, to)) return undefined;
    const { request } = crossing;
    const dependency: Dependency = {
      from,
      to,
      kind: this.#isType(crossing) ? 'type' : 'value',
      nodeKind,
      source: request.specifier,
      specifiers: specifiersOf(request),
    };
    const decision = this.#matcher.decide(rules.policies, dependency);
    if (decision?.isAllowed ?? rules.isAllowed) return undefined;
    const policy = decision?.policy;
    const message = [policy?.message, rules.message].find((one): one is string => typeof one === 'string');
    return {
      name: 'eslint-plugin-boundaries',
      severity: options.severity,
      message:
        message === undefined
          ? `${nameOf(from)} may not import ${nameOf(to)}.`
          : this.#matcher.message(message, dependency, policy?.side ?? 'from'),
    };
  }

  /**
   * For the plugin, only `import type` and `export type` statements are type imports; inline `type` names do not count.
   */
  #isType({ from, request }: Crossing): boolean {
    if (!request.typeOnly || (request.kind !== 'import' && request.kind !== 'export')) return false;
    const text = this.#graph.textOf(from) ?? '';
    return /^(import|export)\s+type\b/.test(text.slice(request.start, request.end));
  }
}

/** The plugin's names for the ways to import. */
const NODES: Readonly<Record<string, string>> = {
  import: 'import',
  export: 'export',
  dynamic: 'dynamic-import',
  require: 'require',
};

/** The supported options of the rule. */
interface ElementRules {
  readonly hindrance?: string;
  readonly policies: readonly Policy[];
  /** Whether imports that no policy matches are allowed. */
  readonly isAllowed: boolean;
  readonly message: unknown;
  readonly checks: { readonly origins: boolean; readonly unknown: boolean; readonly internals: boolean };
}

const OPTIONS = ['default', 'rules', 'policies', 'message', 'checkAllOrigins', 'checkUnknownLocals', 'checkInternals'];

function rulesOf(options: Readonly<Record<string, unknown>>): ElementRules {
  const { message, checkAllOrigins, checkUnknownLocals, checkInternals } = options;
  const written = options['policies'] ?? options['rules'] ?? [];
  const list = Array.isArray(written) ? (written as readonly unknown[]) : [];
  const policies = list.map(policyOf);
  const unread = policies.indexOf(undefined);
  const hindrance = unread >= 0 ? `policy ${String(unread + 1)}` : !hasOnly(options, OPTIONS) || !Array.isArray(written) ? 'an option' : undefined; // prettier-ignore
  return {
    ...(hindrance === undefined ? {} : { hindrance }),
    policies: policies.filter((policy) => policy !== undefined),
    isAllowed: options['default'] === 'allow',
    message,
    checks: {
      origins: checkAllOrigins === true,
      unknown: checkUnknownLocals === true,
      internals: checkInternals === true,
    },
  };
}

function isChecked({ checks }: ElementRules, from: Entity, to: Entity): boolean {
  const isLocal = to.module.origin === 'local';
  if (to.file.isIgnored && isLocal) return false;
  if (!isLocal) return checks.origins;
  if (to.element.isUnknown && to.file.isUnknown && !checks.unknown) return false;
  return checks.internals || relationships(from.element, to.element).to !== 'internal';
}

function specifiersOf({ kind, names }: ModuleRequest): readonly string[] {
  if (kind === 'import')
    return names.map(({ imported }) => imported).filter((name) => name !== '*' && name !== 'default');
  return kind === 'export' ? names.filter(({ imported }) => imported !== '*').map(({ local }) => local) : [];
}

function nameOf({ element, file, module }: Entity): string {
  return `'${element.type ?? element.category ?? module.source ?? file.categories?.[0] ?? file.path ?? 'unknown'}'`;
}

/** The major version of the plugin that the root declares; the oldest supported one if it declares none. */
function majorOf({ manifests }: ModuleGraph): number {
  const root = manifests.all.get('');
  const names = ['eslint-plugin-boundaries', '@boundaries/eslint-plugin'];
  const range = root && dependenciesOf(root).find(({ name }) => names.includes(name))?.range;
  return Number(/\d+/.exec(range ?? '')?.[0] ?? 5);
}
