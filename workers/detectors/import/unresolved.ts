/** Specifiers that cannot be resolved, unless something explains them. */
import { builtinModules } from 'node:module';
import path from 'node:path';
import { baseFolderOf } from '../../graph/base-folders.ts';
import type { Module } from '../../graph/index.ts';
import { guardedRequests } from '../../graph/guarded.ts';
import { isLoading, isTypeScriptFile, specifierRange } from '../../graph/record.ts';
import { isPackageName, type Missing } from '../../graph/resolution.ts';
import { specifierFix } from '../../graph/rules.ts';
import { nearest } from '../../graph/spelling.ts';
import type { Fix } from '../../protocol/detector-protocol.ts';
import type { ImportSite, ImportCheck } from './import-check.ts';
import { isAnythingInstalled, isDeclaredPackage, reportBlocked, reportPackage } from './unresolved-package.ts';

export function checkMissing(check: ImportCheck, asked: ImportSite, missing: Missing): void {
  const { module, request, index } = asked;
  if (check.isKnown(asked, missing.via) || isFlow(check, module)) return;
  // TypeScript may speak for it, but what else there is to know of the package is not looked at.
  if (missing.why === 'package' && isLoading(request)) isAnythingInstalled(check, module.file);
  if (check.isReportedByTypescript(asked)) return;
  if (missing.why === 'output') return;
  // A package that is only named need not be there: a template, an optional tool.
  if (!isLoading(request) && missing.via === 'package') return;
  if (missing.isUnclear) {
    // The lock file tells the package detector more, as long as nothing is installed.
    const mayBeInstalled = isPackageName(missing.package ?? '') && !isAnythingInstalled(check, module.file);
    if (mayBeInstalled || isForBundlers(request.specifier) || guardedRequests(check.graph, module).has(index)) return;
    if (!isDeclaredPackage(check, asked, missing)) check.noteUnclear(asked, missing);
  } else if (missing.why === 'subpath' && isBuiltLater(check, asked, missing)) return;
  else if (missing.why === 'package' || missing.why === 'subpath') {
    const file = isDeclaredPackage(check, asked, missing) ? undefined : missingInFolder(check, asked, missing);
    if (file) reportFile(check, asked, file);
    else reportPackage(check, asked, missing);
  } else if (missing.why === 'exports') reportBlocked(check, asked, missing);
  else reportFile(check, asked, missing);
}

/** A name that begins with a folder below `baseUrl` is a file of that folder, not of a package. */
function missingInFolder(
  check: ImportCheck,
  { module, request }: ImportSite,
  { package: name = '' }: Missing,
): Missing | undefined {
  const folder = baseFolderOf(check, module.file, name);
  if (folder === undefined) return undefined;
  return {
    kind: 'missing',
    why: 'file',
    via: 'alias',
    by: `the folder ${folder}`,
    tried: check.graph.projects.projectOf(module.file)?.pathsOf(request.specifier) ?? [],
  };
}

/** Flow has its own resolution, with bare names and separate declarations. */
function isFlow({ graph }: ImportCheck, { file }: Module): boolean {
  return !isTypeScriptFile(file) && /^[^'"`]*@(?:flow|providesModule)\b/.test(graph.textOf(file)?.slice(0, 1000) ?? '');
}

function reportFile(check: ImportCheck, asked: ImportSite, missing: Missing): void {
  const { module, request, index } = asked;
  const { specifier } = request;
  if (missing.why === 'builtin') return reportBuiltin(check, asked);
  if (missing.via === 'absolute' || isForBundlers(specifier) || mayBeGenerated(check, asked, missing)) return;
  if (guardedRequests(check.graph, module).has(index)) return;
  const cause = basesOf(asked, missing)
    .map((base) => check.submodules.causeOf(base))
    .find((one) => one !== undefined);
  const fixes = missing.via === 'relative' ? spellingFixes(check, asked) : nameFixes(asked, missing);
  const advice = fixes[0] ? `${fixes[0].title}?` : (ADVICE[missing.why] ?? 'Create the file, or correct the path.');
  check.report(module, 'unresolved', {
    message: `Cannot resolve '${specifier}': ${reasonOf(missing)}. ${advice}`,
    range: specifierRange(module.record, request),
    ...(fixes.length === 0 ? {} : { fixes }),
    ...(cause === undefined ? {} : { cause }),
  });
}

function reportBuiltin(check: ImportCheck, { module, request, index }: ImportSite): void {
  if (guardedRequests(check.graph, module).has(index)) return;
  const { specifier } = request;
  const meant = nearest(specifier.slice('node:'.length), builtinModules);
  check.report(module, 'unresolved', {
    message: `Node.js has no built-in module '${specifier}'. ${meant === undefined ? 'Correct the name.' : `Did you mean 'node:${meant}'?`}`,
    range: specifierRange(module.record, request),
    ...(meant === undefined
      ? {}
      : { fixes: [specifierFix(module, request, `node:${meant}`, 'suggestion', `Import 'node:${meant}'`)] }),
  });
}

function nameFixes({ module, request }: ImportSite, { why, meant }: Missing): readonly Fix[] {
  if (why !== 'name' || meant === undefined) return [];
  return [specifierFix(module, request, meant, 'suggestion', `Import '${meant}'`)];
}

const ADVICE: Partial<Readonly<Record<Missing['why'], string>>> = {
  name: 'Correct the name.',
  target: 'Begin the target with "./".',
  imports: 'Add an entry, or correct the name.',
};

function reasonOf({ via, why, package: target = '', by = '' }: Missing): string {
  if (why === 'name') return `${by} gives no module of this name`;
  if (via === 'alias') return `${by} says where it leads, but no such file exists`;
  if (via === 'paths') return 'it matches "paths" in the tsconfig, but no such file exists';
  if (why === 'target') return `its target '${target}' in "imports" of package.json names a package, not a file`;
  if (why === 'imports') return 'no entry in "imports" of package.json matches it';
  if (via === 'imports') return 'its target in "imports" of package.json does not exist';
  return 'no such file, with any known extension or as the index of a folder';
}

/** Bundlers resolve stylesheets, images and specifiers with a query. */
function isForBundlers(specifier: string): boolean {
  const bare = withoutQuery(specifier);
  return (bare !== specifier && !specifier.startsWith('#')) || ASSET.test(bare);
}

const ASSET =
  /\.(css|s[ac]ss|less|styl|svg|png|jpe?g|gif|webp|ico|woff2?|ttf|eot|mp[34]|webm|wav|pdf|md|mdx|html|txt|ya?ml|graphql|gql|wasm|node|glsl|csv)$/i;

/** A build may generate the file. */
function mayBeGenerated(check: ImportCheck, asked: ImportSite, missing: Missing): boolean {
  return basesOf(asked, missing).some((base) => candidatesOf(base).some((file) => isGenerated(check, file)));
}

/** A file of a package of the workspace that its build makes, in a folder that git ignores. */
function isBuiltLater(check: ImportCheck, { request }: ImportSite, { package: name = '' }: Missing): boolean {
  const member = check.graph.manifests.members.get(name);
  if (!member || !request.specifier.startsWith(`${name}/`)) return false;
  const file = path.posix.join(member.directory, request.specifier.slice(name.length + 1));
  return candidatesOf(file).some((one) => isGenerated(check, one));
}

/** Where it was looked for. */
function basesOf({ module, request }: ImportSite, { via, tried = [] }: Missing): readonly string[] {
  return via === 'relative' ? [baseOf(module, request.specifier), ...tried] : tried;
}

/** The files that a path may mean: `./a` may be `a.ts`, and `./a.js` too. */
function candidatesOf(base: string): readonly string[] {
  const source = base.replace(/\.[cm]?jsx?$/, '');
  if (source === base) return COMPLETIONS.map((ending) => base + ending);
  return [base, ...SOURCES.map((extension) => source + extension)];
}

const SOURCES = ['.ts', '.tsx', '.mts', '.cts', '.d.ts'];
const COMPLETIONS = ['', '.ts', '.tsx', '.js', '.mjs', '.json', '.d.ts', '.vue', '/index.ts', '/index.js'];

/**
 * Git ignores this very file or its folder, so a build generates it. A pattern for all files of its kind proves
 * nothing.
 */
function isGenerated({ gitIgnored: generated }: ImportCheck, file: string): boolean {
  if (!generated.has(file)) return false;
  const another = path.posix.join(path.posix.dirname(file), 'another-file');
  const kind = /(?:\.d)?\.[^./]+$/.exec(file)?.[0] ?? '';
  return generated.has(another) || !generated.has(another + kind);
}

/** Suggests the most similar name in the same folder. */
function spellingFixes({ graph }: ImportCheck, { module, request }: ImportSite): readonly Fix[] {
  const { specifier } = request;
  const base = baseOf(module, specifier);
  const directory = path.posix.dirname(base);
  const prefix = directory === '.' ? '' : `${directory}/`;
  const names = new Set<string>();
  for (const file of graph.files) {
    if (!file.startsWith(prefix)) continue;
    const rest = file.slice(prefix.length);
    const slash = rest.indexOf('/');
    names.add(slash === -1 ? withoutExtension(rest) : rest.slice(0, slash));
  }
  const asked = path.posix.basename(base);
  const extension = /\.[cm]?[jt]sx?$/.exec(asked)?.[0] ?? '';
  const meant = nearest(withoutExtension(asked), names);
  if (meant === undefined || !specifier.endsWith(asked)) return [];
  const corrected = specifier.slice(0, specifier.length - asked.length) + meant + extension;
  return [specifierFix(module, request, corrected, 'suggestion', `Import '${corrected}'`)];
}

/** The path of a relative specifier from the root. */
function baseOf({ file }: Module, specifier: string): string {
  return path.posix.join(path.posix.dirname(file), withoutQuery(specifier));
}

function withoutQuery(specifier: string): string {
  return specifier.replace(/[?#].*$/, '');
}

function withoutExtension(name: string): string {
  return name.replace(/(\.d)?\.(?:[cm]?[jt]sx?|json|vue|svelte|astro)$/, '');
}
