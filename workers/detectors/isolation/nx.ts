/** Boundaries between the projects of an Nx workspace: their tags, and the constraints of `@nx/enforce-module-boundaries`. */
import path from 'node:path';
import picomatch from 'picomatch';
import type { ModuleGraph } from '../../graph/index.ts';
import { directoryOf, isRecord } from '../../graph/manifests.ts';
import { stringsOf } from '../../graph/rules.ts';
import type { Boundary, Drawn, Verdict } from './boundary.ts';
import type { LintConfig } from './lint-config.ts';
import { staticConfig } from './static-config.ts';

interface Project {
  readonly name: string;
  readonly directory: string;
  readonly tags: readonly string[];
}

const RULES = ['@nx/enforce-module-boundaries', '@nrwl/nx/enforce-module-boundaries'] as const;

export function nxBoundaries(graph: ModuleGraph, config: LintConfig): Drawn {
  const rule = config.rule(...RULES);
  if (rule.length === 0) return { boundaries: [] };
  const projects = projectsOf(graph);
  const projectOf = (file: string): Project | undefined => {
    for (let directory = directoryOf(file); ; directory = directoryOf(directory)) {
      const project = projects.get(directory);
      if (project || directory === '') return project;
    }
  };
  const boundary: Boundary = ({ from, to, request: { specifier } }) => {
    const [source, target] = [projectOf(from), to === undefined ? undefined : projectOf(to)];
    if (!source || !target || source === target) return undefined;
    const found = config.optionsFor(rule, from);
    const { depConstraints, allow } = found?.options ?? {};
    if (!found || !Array.isArray(depConstraints) || depConstraints.length === 0) return undefined;
    if ((stringsOf(allow) ?? []).some((pattern) => picomatch.isMatch(specifier, pattern))) return undefined;
    const verdict = judge(depConstraints.filter(isRecord), source, target);
    return verdict && { ...verdict, severity: found.severity };
  };
  return { boundaries: [boundary] };
}

function judge(
  constraints: readonly Readonly<Record<string, unknown>>[],
  source: Project,
  target: Project,
): Verdict | undefined {
  const own = constraints.filter(({ sourceTag, allSourceTags }) =>
    typeof sourceTag === 'string'
      ? hasTag(source, sourceTag)
      : (stringsOf(allSourceTags)?.every((tag) => hasTag(source, tag)) ?? false),
  );
  if (own.length === 0) {
    return {
      name: 'Nx',
      message: `No constraint speaks of the tags of ${source.name}, so it may depend on no project.`,
    };
  }
  for (const constraint of own) {
    const { sourceTag, allSourceTags } = constraint;
    const [only, never] = ['onlyDependOnLibsWithTags', 'notDependOnLibsWithTags'].map((field) => stringsOf(constraint[field])); // prettier-ignore
    const tagged = `A project tagged ${quoted(typeof sourceTag === 'string' ? [sourceTag] : (stringsOf(allSourceTags) ?? []))}`;
    if (only && only.length > 0 && !only.some((tag) => hasTag(target, tag)))
      return { name: 'Nx', message: `${tagged} may depend only on projects tagged ${quoted(only)}.` };
    if (only?.length === 0 && target.tags.length > 0)
      return { name: 'Nx', message: `${tagged} may depend only on projects without tags.` };
    if (never?.some((tag) => hasTag(target, tag)))
      return { name: 'Nx', message: `${tagged} must not depend on projects tagged ${quoted(never)}.` };
  }
  return undefined;
}

function quoted(tags: readonly string[]): string {
  return tags.map((tag) => `'${tag}'`).join(', ');
}

/** `*` is every project, `/…/` an expression, `scope:*` a pattern. */
function hasTag({ tags }: Project, wanted: string): boolean {
  if (wanted === '*') return true;
  const expression = /^\/(.*)\/([a-z]*)$/.exec(wanted);
  if (expression) {
    try {
      const pattern = new RegExp(expression[1] ?? '', expression[2]);
      return tags.some((tag) => pattern.test(tag));
    } catch {
      return false;
    }
  }
  return wanted.includes('*')
    ? tags.some((tag) => picomatch.isMatch(tag, wanted, { bash: true }))
    : tags.includes(wanted);
}

/** By directory. A package.json makes a project as a project.json does; what both say is added up. */
function projectsOf(graph: ModuleGraph): ReadonlyMap<string, Project> {
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
    const content = staticConfig(graph, file);
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
