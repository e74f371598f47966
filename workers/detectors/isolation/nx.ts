/**
 * Boundaries between the projects of an Nx workspace: their tags, and the constraints of
 * `@nx/enforce-module-boundaries`.
 */
import path from 'node:path';
import type { ModuleGraph } from '../../graph/index.ts';
import { directoryOf, isRecord } from '../../graph/manifests.ts';
import { stringsOf } from '../../graph/rules.ts';
import type { Flaw } from '../../reading/config-file.ts';
import { expressionOf } from '../../reading/globs.ts';
import type { Boundary, BoundarySet, Violation } from './boundary.ts';
import type { LintConfig } from './lint-config.ts';
import { staticConfig } from './static-config.ts';

interface Project {
  readonly name: string;
  readonly directory: string;
  readonly tags: readonly string[];
}

const RULES = ['@nx/enforce-module-boundaries', '@nrwl/nx/enforce-module-boundaries'] as const;

export function nxBoundaries(graph: ModuleGraph, config: LintConfig): BoundarySet {
  const rule = config.rule(...RULES);
  if (rule.length === 0) return { boundaries: [] };
  const flaws: Flaw[] = [];
  const projects = projectsOf(graph, flaws);
  const projectOf = (file: string): Project | undefined => {
    for (let directory = directoryOf(file); ; directory = directoryOf(directory)) {
      const project = projects.get(directory);
      if (project || directory === '') return project;
    }
  };
  const boundary: Boundary = ({ from, to, resolution, request: { specifier } }) => {
    const source = projectOf(from);
    const target = to === undefined ? undefined : projectOf(to);
    const isPackage = resolution.kind === 'package' && !resolution.typesOnly;
    if (!source || source === target || (!target && !isPackage)) return undefined;
    const found = config.optionsFor(rule, from);
    const { depConstraints, allow } = found?.options ?? {};
    if (!found || !Array.isArray(depConstraints) || depConstraints.length === 0) return undefined;
    if ((stringsOf(allow) ?? []).some((pattern) => isAllowed(pattern, specifier))) return undefined;
    const constraints = depConstraints.filter(isRecord).filter((constraint) => appliesTo(constraint, source));
    const violation = target ? violationOf(constraints, source, target) : packageViolationOf(constraints, specifier);
    return violation && { ...violation, severity: found.severity };
  };
  const unsupported = rule
    .filter(({ isComputed }) => isComputed)
    .map(({ name }) => ({ file: config.file, what: `${name} (a computed value)` }));
  return { boundaries: [boundary], unsupported, flaws };
}

type Constraint = Readonly<Record<string, unknown>>;

function appliesTo({ sourceTag, allSourceTags }: Constraint, source: Project): boolean {
  const all = stringsOf(allSourceTags);
  return all ? all.every((tag) => hasTag(source, tag)) : typeof sourceTag === 'string' && hasTag(source, sourceTag);
}

function violationOf(constraints: readonly Constraint[], source: Project, target: Project): Violation | undefined {
  if (constraints.length === 0) {
    return {
      name: 'Nx',
      message: `No constraint matches the tags of ${source.name}, so it may not depend on any project.`,
    };
  }
  for (const constraint of constraints) {
    const [only, never] = ['onlyDependOnLibsWithTags', 'notDependOnLibsWithTags'].map((field) => stringsOf(constraint[field])); // prettier-ignore
    const tagged = projectsOfConstraint(constraint);
    if (only && only.length > 0 && !only.some((tag) => hasTag(target, tag)))
      return { name: 'Nx', message: `${tagged} may depend only on projects tagged ${quoted(only)}.` };
    if (only?.length === 0 && target.tags.length > 0)
      return { name: 'Nx', message: `${tagged} may depend only on projects without tags.` };
    if (never?.some((tag) => hasTag(target, tag)))
      return { name: 'Nx', message: `${tagged} must not depend on projects tagged ${quoted(never)}.` };
  }
  return undefined;
}

/** Packages are allowed unless a constraint bans them or allows only others. */
function packageViolationOf(constraints: readonly Constraint[], specifier: string): Violation | undefined {
  for (const constraint of constraints) {
    const [banned, allowed] = ['bannedExternalImports', 'allowedExternalImports'].map((field) => stringsOf(constraint[field])); // prettier-ignore
    const matches = (pattern: string): boolean => isWildcardMatch(specifier, pattern);
    if (banned?.some(matches) || (allowed && !allowed.some(matches)))
      return { name: 'Nx', message: `${projectsOfConstraint(constraint)} must not import '${specifier}'.` };
  }
  return undefined;
}

function projectsOfConstraint({ sourceTag, allSourceTags }: Constraint): string {
  return `A project tagged ${quoted(stringsOf(allSourceTags) ?? (typeof sourceTag === 'string' ? [sourceTag] : []))}`;
}

function quoted(tags: readonly string[]): string {
  return tags.map((tag) => `'${tag}'`).join(', ');
}

/** `*` matches every project; `/…/` is a regular expression, `scope:*` a pattern. */
function hasTag({ tags }: Project, wanted: string): boolean {
  if (wanted === '*') return true;
  if (wanted.length > 1 && wanted.startsWith('/') && wanted.endsWith('/')) {
    const expression = expressionOf(wanted.slice(1, -1));
    return tags.some((tag) => expression?.test(tag));
  }
  return wanted.includes('*') ? tags.some((tag) => isWildcardMatch(tag, wanted)) : tags.includes(wanted);
}

/** A star matches any text, slashes included; everything else is a regular expression. */
function isWildcardMatch(text: string, pattern: string): boolean {
  return expressionOf(`^(?:${pattern.split(/\.\*|\*+/).join('.*')})$`)?.test(text) ?? false;
}

/** An entry of `allow`: everything below a path, or a regular expression. */
function isAllowed(pattern: string, specifier: string): boolean {
  if (pattern.endsWith('/**')) return specifier.startsWith(pattern.slice(0, -2));
  if (pattern.endsWith('/*')) {
    const folder = pattern.slice(0, -1);
    return specifier.startsWith(folder) && !specifier.slice(folder.length).includes('/');
  }
  const [before = '', after] = pattern.split('/**/');
  if (after !== undefined) return specifier.startsWith(before) && specifier.endsWith(after);
  return expressionOf(pattern)?.test(specifier) ?? false;
}

/** By directory. Both project.json and package.json define a project; their tags add up. */
function projectsOf(graph: ModuleGraph, flaws: Flaw[]): ReadonlyMap<string, Project> {
  const projects = new Map<string, Project>();
  const add = (directory: string, name: unknown, tags: readonly string[]): void => {
    const known = projects.get(directory);
    projects.set(directory, {
      directory,
      name: known?.name ?? (typeof name === 'string' ? name : path.posix.basename(directory)),
      tags: [...(known?.tags ?? []), ...tags],
    });
  };
  for (const file of graph.files) {
    if (path.posix.basename(file) !== 'project.json') continue;
    const content = staticConfig(graph, file, flaws);
    if (isRecord(content)) add(directoryOf(file), content['name'], stringsOf(content['tags']) ?? []);
  }
  for (const { directory, data } of graph.manifests.all.values()) {
    if (directory === '') continue;
    const nx = data['nx'];
    const inferred = [data.private === true ? 'npm:private' : 'npm:public'];
    const own = isRecord(nx) ? (stringsOf(nx['tags']) ?? []) : [];
    if (projects.has(directory) || data.name !== undefined) add(directory, data.name, [...own, ...inferred]);
  }
  return projects;
}
