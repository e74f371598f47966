/** The files that a request with patterns loads: `import.meta.glob()`, `require.context()`. Pure over the graph's files. */
import path from 'node:path';
import picomatch from 'picomatch';
import { globMatcher } from '../reading/globs.ts';
import { directoryOf, type Manifests } from './manifests.ts';
import { joined } from './projects.ts';
import { aliasTargets, type Providers } from './providers/index.ts';
import type { ModuleRequest } from './record.ts';
import { isRelative } from './resolution.ts';
import type { Scope } from './scope.ts';

export interface GlobSource {
  readonly files: ReadonlySet<string>;
  readonly manifests: Manifests;
  readonly providers: Providers;
}

export function filesMatching(
  source: GlobSource,
  scope: Scope,
  { patterns = [], filter }: ModuleRequest,
): readonly string[] {
  const passes = filter === undefined ? undefined : safeExpression(filter);
  if (filter !== undefined && !passes) return [];
  const rooted = patterns.flatMap((pattern) => {
    const isUnwanted = pattern.startsWith('!');
    return rootedIn(source, scope, isUnwanted ? pattern.slice(1) : pattern).map((one) => ({
      isUnwanted,
      pattern: one,
    }));
  });
  const wanted = rooted.filter(({ isUnwanted }) => !isUnwanted).map(({ pattern }) => pattern);
  const unwanted = rooted.filter(({ isUnwanted }) => isUnwanted).map(({ pattern }) => pattern);
  if (wanted.length === 0 || wanted.some((pattern) => pattern.startsWith('..'))) return [];
  const folder = commonFolder(wanted.map((pattern) => picomatch.scan(pattern).base));
  const isMatch = globMatcher(wanted, { ignore: unwanted });
  const start = folder === '' ? 0 : folder.length + 1;
  const found: string[] = [];
  for (const file of source.files) {
    if (start > 0 && !file.startsWith(`${folder}/`)) continue;
    if (isMatch(file) && passes?.test(`./${file.slice(start)}`) !== false) found.push(file);
  }
  return found;
}

/** Patterns from the root that a pattern of a module means. */
function rootedIn({ manifests, providers }: GlobSource, scope: Scope, pattern: string): readonly string[] {
  if (isRelative(pattern)) return [path.posix.join(scope.directory, pattern)];
  if (pattern.startsWith('**')) return [path.posix.join(scope.directory, pattern), pattern];
  if (pattern.startsWith('/')) {
    const manifest = manifests.packageOf(joined(scope.directory, 'x'));
    return [path.posix.join(manifest?.directory ?? '', pattern.slice(1))];
  }
  const targets = aliasTargets(providers.of(scope.directory), pattern);
  const paths = targets.flatMap((target) => (target.kind === 'path' ? [target.path] : []));
  return [...paths, ...(scope.project?.pathsOf(pattern) ?? [])];
}

/** The folder that all of these are in; each is a folder or, without a wildcard, a file. */
function commonFolder(bases: readonly string[]): string {
  const [first = '', ...others] = bases.map((base) => (base === '.' ? '' : base));
  let folder = first;
  while (folder !== '' && !others.every((one) => one.startsWith(`${folder}/`) || one === folder))
    folder = directoryOf(folder);
  return /\.\w+$/.test(folder) ? directoryOf(folder) : folder;
}

/** Undefined: the expression is invalid, or may take very long. */
function safeExpression(source: string): RegExp | undefined {
  if (source.length > 200 || /[*+}][^()]*\)\s*[*+{]/.test(source)) return undefined;
  try {
    return new RegExp(source);
  } catch {
    return undefined;
  }
}
