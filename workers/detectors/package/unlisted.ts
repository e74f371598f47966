/** Used packages that package.json does not declare, or declares in the wrong section. */
import path from 'node:path';
import { baseFolderOf } from '../../graph/base-folders.ts';
import type { Toolchain } from '../../graph/toolchain.ts';
import { dependenciesOf, typesPackageOf } from '../../graph/installed.ts';
import { INDEX_FILES, isPublished, isRecord, type Manifest } from '../../graph/manifests.ts';
import { joined } from '../../graph/projects.ts';
import { isLoading, specifierRange } from '../../graph/record.ts';
import { isPackageName, type Resolution } from '../../graph/resolution.ts';
import { stringsOf } from '../../graph/rules.ts';
import type { Fix } from '../../protocol/detector-protocol.ts';
import type { PackageCheck } from './package-check.ts';
import type { ManifestFile } from './manifest-file.ts';
import type { Providers } from './providers.ts';
import type { PackageUse } from './usage.ts';

/**
 * @param uses of one module
 * @param ambient names in `declare module`, up to their `*`
 */
export function checkUnlisted(
  check: PackageCheck,
  file: ManifestFile,
  uses: readonly PackageUse[],
  ambient: ReadonlySet<string>,
  toolchain: Toolchain,
  providers: Providers,
): void {
  if (!check.isOn('unlisted-dependency') || uses.length === 0) return;
  const { graph } = check;
  const { manifest, declared } = file;
  const bundled = new Set(
    ['bundledDependencies', 'bundleDependencies'].flatMap((field) => stringsOf(manifest.data[field]) ?? []),
  );
  const reported = new Set<string>();
  for (const use of uses) {
    const { name, module, request, resolution } = use;
    const types = typesPackageOf(name);
    if (resolution.kind === 'builtin' || resolution.kind === 'opaque' || name === manifest.data.name) continue;
    if (declared.has(name) || bundled.has(name) || isReplaced(manifest, name)) continue;
    // The import detector gives a hint about a name that a tool may give, unless it is an installed package.
    const isUnclear = resolution.kind === 'missing' && resolution.isUnclear === true;
    if (isUnclear && check.lockfiles.has(manifest.directory, name) !== true) continue;
    if (check.isKnown(request.specifier) || graph.isGiven(module.file, request.specifier)) continue;
    // For modules of the host, such as `vscode`, only the types are declared; a package that is needed at run time must
    // be declared itself.
    const isRun = isInstalled(resolution) || (resolution.kind === 'package' && !toolchain.isBundled(module.file));
    if (declared.has(types) && (!isRun || use.isTypeOnly())) continue;
    if (!isLoading(request) || !isPackageName(name)) continue;
    // The import detector reports missing packages, unless no packages are installed.
    if (
      resolution.kind === 'missing' &&
      (resolution.why !== 'package' || graph.hasInstalledPackages(manifest.directory))
    ) {
      if (resolution.why === 'package' || resolution.why === 'subpath') continue;
    }
    if (resolution.kind === 'missing') {
      if ([request.specifier, name].some((one) => ambient.has(one))) continue;
      // The import detector reports a file that is missing in a folder of the project.
      if (baseFolderOf(check, module.file, name) !== undefined) continue;
    }
    const isForDevelopment = !use.isProduction || use.isTypeOnly();
    // Packages around this one may provide tools, test libraries and types.
    if (
      (isForDevelopment || manifest.data.private === true || toolchain.isBundled(module.file)) &&
      [name, types].some((one) => providers.isDeclaredAbove(manifest, one))
    )
      continue;
    if (isForDevelopment && providers.isDeclaredByHost(manifest, module.file, name)) continue;
    const isLocked = resolution.kind === 'missing' ? check.lockfiles.has(manifest.directory, name) : undefined;
    if (isLocked === false && isAliasShaped(check, manifest, name)) continue;
    if (reported.has(name) || use.isGuarded()) continue;
    reported.add(name);
    // `aws-lambda` is another package than the one that has its types.
    const isThere = graph.installed.find(name, path.join(graph.root, manifest.directory)) !== undefined;
    const lacksTypes = resolution.kind === 'package' && resolution.typesOnly && !isThere && !declared.has(types);
    const wanted = lacksTypes ? types : name;
    const range = rangeToAdd(check, manifest, wanted);
    const section = isForDevelopment ? 'devDependencies' : 'dependencies';
    const mayBeMember = resolution.kind === 'missing' && isLocked !== true && graph.manifests.workspaceRoots.length > 0;
    const cause = mayBeMember ? check.submodules.cause : undefined;
    const because =
      isLocked === false
        ? 'and the lockfile does not contain it'
        : 'so it works only as long as another package installs it';
    const fixes: readonly Fix[] =
      range === undefined
        ? []
        : [
            {
              title: `Add '${wanted}' to "${section}" of ${manifest.file}`,
              kind: 'suggestion',
              edits: [file.edit([{ path: [section, wanted], value: range }])],
            },
          ];
    check.report(
      module.file,
      'unlisted-dependency',
      {
        message: `'${name}' is used here but ${manifest.file} does not declare it, ${because}. Add ${wanted === name ? 'it' : `'${wanted}'`} to "${section}".`,
        range: specifierRange(module.record, request),
        fact: `unlisted ${manifest.file} ${wanted}`,
        ...(fixes.length === 0 ? {} : { fixes }),
        ...(cause === undefined ? {} : { cause }),
      },
      isForDevelopment ? 'warning' : undefined,
    );
  }
}

function isInstalled(resolution: Resolution): boolean {
  return resolution.kind === 'package' && !resolution.typesOnly;
}

/** Probably an alias of a bundler: an invalid package name, or a scope that the lockfile does not contain. */
function isAliasShaped({ lockfiles }: PackageCheck, { directory }: Manifest, name: string): boolean {
  if (name !== name.toLowerCase()) return true;
  const slash = name.indexOf('/');
  return slash > 0 && lockfiles.has(directory, name.slice(0, slash + 1)) === false;
}

/** The `browser` field replaces the package. */
function isReplaced({ data: { browser } }: Manifest, name: string): boolean {
  return isRecord(browser) && Object.hasOwn(browser, name);
}

/** The range that other packages of the workspace use, or a caret range of the installed version. */
function rangeToAdd({ graph, files }: PackageCheck, manifest: Manifest, name: string): string | undefined {
  if (graph.manifests.members.has(name)) {
    const usesProtocol = files.some((one) =>
      dependenciesOf(one.manifest).some(({ range }) => range.startsWith('workspace:')),
    );
    return usesProtocol ? 'workspace:*' : '*';
  }
  for (const { manifest: other } of files) {
    const known = dependenciesOf(other).find((one) => one.name === name && one.section !== 'peerDependencies');
    if (known) return known.range;
  }
  const version = graph.installed.find(name, path.join(graph.root, manifest.directory))?.data.version;
  return version === undefined ? undefined : `^${version}`;
}

/** Production uses of devDependencies in one module: users of the package do not install these. */
export function misplacedUses(
  check: PackageCheck,
  { manifest, declared }: ManifestFile,
  uses: readonly PackageUse[],
  toolchain: Toolchain,
): readonly PackageUse[] {
  const hasIndex = INDEX_FILES.some((name) => check.graph.files.has(joined(manifest.directory, name)));
  if (
    !check.isOn('misplaced-dependency') ||
    !isPublished(manifest, hasIndex) ||
    toolchain.isBundled(joinedFile(manifest))
  )
    return [];
  return uses.filter(({ name, module, request, resolution, isProduction, isGuarded }) => {
    if (!isProduction || resolution.kind === 'builtin' || resolution.kind === 'opaque') return false;
    if (!isLoading(request)) return false;
    const sections = declared.get(name);
    if (!sections?.every(({ section }) => section === 'devDependencies') || sections.length === 0) return false;
    return isShipped(manifest, module.file) && !isGuarded();
  });
}

export function reportMisplaced(check: PackageCheck, file: ManifestFile, { name, module, request }: PackageUse): void {
  const { manifest } = file;
  const range = file.declared.get(name)?.[0]?.range;
  check.report(manifest.file, 'misplaced-dependency', {
    message: `'${name}' is a devDependency, but ${module.file} needs it at run time, so users of this package will not have it. Move it to "dependencies".`,
    range: file.place('devDependencies', name),
    related: [{ file: module.file, range: specifierRange(module.record, request), message: 'used here' }],
    fixes: [
      {
        title: 'Move it to "dependencies"',
        kind: 'fix',
        edits: [
          file.edit([
            { path: ['devDependencies', name], value: undefined },
            { path: ['dependencies', name], value: range },
          ]),
        ],
      },
    ],
  });
}

/** Whether a file is published: a source folder, an index file, or listed in `files`. */
function isShipped({ directory, data }: Manifest, file: string): boolean {
  const inside = directory === '' ? file : file.slice(directory.length + 1);
  if (/^(src|lib|source|index\.)/.test(inside)) return true;
  const files = stringsOf(data['files']);
  return (
    files !== undefined &&
    files.some(
      (entry) => inside === entry || inside.startsWith(`${entry.replace(/^\.\//, '').replace(/\/(\*\*?)?$/, '')}/`),
    )
  );
}

function joinedFile({ directory }: Manifest): string {
  return directory === '' ? 'x' : `${directory}/x`;
}
