/** Checks of a package.json by itself: name, version, ranges, entries; and of the lockfile beside it. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import semver from 'semver';
import { FileIndex } from '../../graph/file-index.ts';
import { IgnoredPaths } from '../../graph/ignored.ts';
import { DEPENDENCY_SECTIONS, dependenciesOf } from '../../graph/installed.ts';
import { isRecord, type Manifest } from '../../graph/manifests.ts';
import { joined } from '../../graph/projects.ts';
import { packageNameOf } from '../../graph/resolution.ts';
import type { PackageCheck } from './package-check.ts';
import { LOCKFILES } from './lockfiles.ts';
import type { ManifestFile } from './manifest-file.ts';
import { rangeKindOf } from './ranges.ts';

export function checkFields(check: PackageCheck): void {
  const { manifests } = check.graph;
  for (const file of check.files) {
    const { manifest } = file;
    // Test data may be invalid on purpose.
    const isMember = manifests.workspaceRoots.length > 0 && manifests.isMember(manifest);
    if (manifest.directory !== '' && !isMember && DATA_OF_TESTS.test(manifest.file)) continue;
    const { name, version } = manifest.data;
    const isNamed = name === undefined || isPackageName(name) || (manifest.data.private === true && isTolerated(check, manifest)); // prettier-ignore
    if (!isNamed) {
      check.report(manifest.file, 'invalid-field', {
        message: `'${name}' is not a valid package name. Use lowercase letters, digits and -._~, with an optional @scope/.`,
        range: file.place('name'),
      });
    }
    // Nobody publishes a private package, and npm takes an empty version for none.
    const isNone = version === undefined || (version === '' && manifest.data.private === true);
    if (!isNone && semver.valid(version) === null) {
      check.report(manifest.file, 'invalid-field', {
        message: `'${version}' is not a semantic version. Write one like 1.2.3.`,
        range: file.place('version'),
      });
    }
    checkRanges(check, file);
    checkDuplicates(check, file);
  }
}

const DATA_OF_TESTS = /(^|\/)(__tests__|__fixtures__|tests?|specs?|fixtures|e2e)\//;

function checkRanges(check: PackageCheck, file: ManifestFile): void {
  const { manifest } = file;
  for (const section of DEPENDENCY_SECTIONS) {
    const entries = manifest.data[section];
    if (entries === undefined) continue;
    if (!isRecord(entries)) {
      check.report(manifest.file, 'invalid-field', {
        message: `"${section}" must be an object that maps package names to versions.`,
        range: file.place(section),
      });
      continue;
    }
    for (const [name, range] of Object.entries(entries)) {
      if (typeof range === 'string' && rangeKindOf(range).kind !== 'invalid') continue;
      check.report(manifest.file, 'invalid-range', {
        message: `'${typeof range === 'string' ? range : JSON.stringify(range)}' is not a valid version range for '${name}'. Write one like ^1.2.3.`,
        range: file.place(section, name),
      });
    }
  }
}

function checkDuplicates(check: PackageCheck, file: ManifestFile): void {
  const { manifest } = file;
  for (const { path: where, key, range } of file.repeatedKeys()) {
    check.report(manifest.file, 'duplicate-dependency', {
      message: `"${key}" appears twice in ${where.length === 0 ? 'this file' : `"${where.join('.')}"`}, and only the last one counts. Remove one.`,
      range,
    });
  }
  const dependencies = dependenciesOf(manifest);
  for (const { section, name } of dependencies) {
    // A peer dependency is usually also a devDependency.
    if (section !== 'devDependencies' && section !== 'optionalDependencies') continue;
    const other = dependencies.find((one) => one.name === name && one.section === 'dependencies');
    if (!other) continue;
    check.report(manifest.file, 'duplicate-dependency', {
      message: `'${name}' is also in "dependencies". Keep one of the two.`,
      range: file.place(section, name),
      fixes: [
        {
          title: `Remove it from "${section}"`,
          kind: 'suggestion',
          edits: [file.edit([{ path: [section, name], value: undefined }])],
        },
      ],
    });
  }
}

/** Entry files of a package. A build output, or a file with a source, is assumed to exist when needed. */
export function checkEntries(check: PackageCheck): void {
  if (!check.isOn('missing-entry')) return;
  const { graph, gitIgnored: generated } = check;
  const index = new FileIndex();
  index.replace(graph.files);
  for (const file of check.files) {
    const { manifest } = file;
    if (isBuilt(manifest) || isBuilt(graph.manifests.all.get(''))) continue;
    for (const { where, target } of entriesOf(manifest.data)) {
      if (target.includes('*') || !/^[\w./-]/.test(target)) continue;
      // Some frameworks start at a module of theirs: `expo-router/entry`.
      if (file.declared.has(packageNameOf(target)) || /^(?:\.\/)?node_modules\//.test(target)) continue;
      const base = path.posix.join(manifest.directory, target).replace(/\/+$/, '');
      if (base.startsWith('..') || index.complete(base, true) !== undefined || index.hasDirectory(base)) continue;
      if (generated.has(base) || existsSync(path.join(graph.root, base)) || BUILD_FOLDER.test(target)) continue;
      if (graph.projects.sourcesOf(base).some((source) => index.complete(source, true) !== undefined)) continue;
      check.report(manifest.file, 'missing-entry', {
        message: `"${where.join('.')}" points to ${target}, which does not exist and which no build creates. Correct the path, or add the file.`,
        range: file.place(...where),
      });
    }
  }
}

/** A package with a build script may create any of its entries. */
function isBuilt(manifest: Manifest | undefined): boolean {
  const scripts = manifest?.data['scripts'];
  return (
    isRecord(scripts) &&
    /build|compile|bundle|prepare|prepack|prepublish|tsc\b|webpack|rollup|tsup|esbuild/.test(JSON.stringify(scripts))
  );
}

const BUILD_FOLDER = /^(\.\/)?(dist|lib|build|out|output|es|esm|cjs|umd|types|typings)\//;

function entriesOf(
  data: Readonly<Record<string, unknown>>,
): readonly { readonly where: readonly string[]; readonly target: string }[] {
  const found: { where: readonly string[]; target: string }[] = [];
  const collect = (value: unknown, where: readonly string[], onlyRelative: boolean): void => {
    if (typeof value === 'string') {
      if (!onlyRelative || value.startsWith('./')) found.push({ where, target: value });
    } else if (isRecord(value)) {
      for (const [key, inner] of Object.entries(value)) collect(inner, [...where, key], onlyRelative);
    }
  };
  for (const field of ['main', 'module', 'types', 'typings', 'bin']) collect(data[field], [field], false);
  collect(data['exports'], ['exports'], true);
  return found;
}

/** Each workspace root should have exactly one lockfile. */
export function checkLockfiles(check: PackageCheck): void {
  const { graph } = check;
  const tops = new Set(['', ...graph.manifests.workspaceRoots]);
  for (const file of check.files) {
    const { directory, data } = file.manifest;
    if (!tops.has(directory)) continue;
    const present = LOCKFILES.filter(({ name }) => graph.files.has(joined(directory, name)));
    const managers = new Set(present.map(({ manager }) => manager));
    const report = (rule: 'multiple-lockfiles' | 'lockfile-missing', message: string): void => {
      check.report(file.manifest.file, rule, {
        message,
        range: data['packageManager'] === undefined ? file.start : file.place('packageManager'),
      });
    };
    if (managers.size > 1) {
      const names = present.map(({ name }) => name).join(' and ');
      report(
        'multiple-lockfiles',
        `This package has lockfiles of ${String(managers.size)} package managers: ${names}. Keep the one of the package manager you use.`,
      );
    } else if (managers.size === 0 && directory === '' && isInstalledUnlocked(check, file)) {
      report(
        'lockfile-missing',
        'There is no lockfile, so each install may resolve to different versions. Commit the one your package manager creates.',
      );
    }
  }
}

/** Before the first installation nothing can be locked: it is what creates the lockfile. */
function isInstalledUnlocked({ graph }: PackageCheck, file: ManifestFile): boolean {
  return hasDependencies(file) && graph.hasInstalledPackages('') && !isLockedElsewhere(graph.root);
}

function hasDependencies({ manifest }: ManifestFile): boolean {
  return dependenciesOf(manifest).some(({ section }) => section !== 'peerDependencies');
}

/** A lockfile is above the root, within the same repository, or git ignores it on purpose. */
function isLockedElsewhere(root: string): boolean {
  const ignored = new IgnoredPaths(root);
  if (LOCKFILES.some(({ name }) => ignored.has(name))) return true;
  for (let directory = root; ; directory = path.dirname(directory)) {
    if (directory !== root && LOCKFILES.some(({ name }) => existsSync(path.join(directory, name)))) return true;
    if (existsSync(path.join(directory, '.git')) || path.dirname(directory) === directory) return false;
  }
}

/** The package manager accepts this name for a private package: npm wants one that needs no URL encoding. */
function isTolerated({ lockfiles }: PackageCheck, { directory, data: { name = '' } }: Manifest): boolean {
  const managers = lockfiles.managersOf(directory);
  if (managers.size > 0 && !managers.has('npm')) return true;
  return (
    /^[^._]/.test(name) && encodeURIComponent(name.replace(/^@([^/]+)\//, '$1')) === name.replace(/^@([^/]+)\//, '$1')
  );
}

function isPackageName(name: string): boolean {
  return name.length <= 214 && /^(@[a-z0-9-~][a-z0-9-._~]*\/)?[a-z0-9-~][a-z0-9-._~]*$/.test(name);
}
