/** Checks across the packages of a workspace: shared dependencies and dependencies on each other. */
import semver from 'semver';
import { isMap, isScalar, parseDocument } from 'yaml';
import { dependenciesOf } from '../../graph/installed.ts';
import { lineTableOf, rangeAt } from '../../graph/lines.ts';
import { catalogEntry, catalogUses } from './catalog-uses.ts';
import type { PackageCheck } from './package-check.ts';
import type { ManifestFile } from './manifest-file.ts';
import { rangeKindOf } from './ranges.ts';

export function checkWorkspace(check: PackageCheck): void {
  const { manifests } = check.graph;
  const members = check.files.filter(({ manifest }) => manifest.directory === '' || manifests.isMember(manifest));
  if (manifests.workspaceRoots.length > 0) {
    checkVersions(check, members);
    checkLocalVersions(check, members);
    checkWorkspaceProtocol(check, members);
  }
  checkCatalog(check, members);
}

/** All packages should use the same range for a dependency: the most common one, or the higher one in a tie. */
function checkVersions(check: PackageCheck, members: readonly ManifestFile[]): void {
  const isVariant = variantsOf(members);
  const uses = new Map<string, { readonly file: ManifestFile; readonly section: string; readonly range: string }[]>();
  for (const file of members) {
    // Examples, templates and playgrounds use other versions on purpose.
    if (SAMPLES.test(file.manifest.directory) || isVariant(file)) continue;
    for (const { section, name, range } of dependenciesOf(file.manifest)) {
      if (
        section === 'peerDependencies' ||
        check.graph.manifests.members.has(name) ||
        rangeKindOf(range).kind !== 'range' ||
        range === '*' ||
        /^(npm|jsr):/.test(range)
      )
        continue;
      const list = uses.get(name);
      if (list) list.push({ file, section, range });
      else uses.set(name, [{ file, section, range }]);
    }
  }
  for (const [name, list] of uses) {
    const counts = Map.groupBy(list, ({ range }) => range);
    if (counts.size < 2) continue;
    const [[usual, agreeing] = ['', []]] = [...counts].sort(
      ([one, some], [other, others]) => others.length - some.length || (isHigher(one, other) ? -1 : 1),
    );
    const example = agreeing[0];
    for (const { file, section, range } of list) {
      if (range === usual) continue;
      check.report(file.manifest.file, 'version-mismatch', {
        message: `'${name}' is ${range} here, but ${usual} in ${example?.file.manifest.file ?? 'the rest'} of the same workspace${agreeing.length > 1 ? ` and ${String(agreeing.length - 1)} more` : ''}. Align the versions.`,
        range: file.place(section, name),
        related: example
          ? [
              {
                file: example.file.manifest.file,
                range: example.file.place(example.section, name),
                message: `${usual} here`,
              },
            ]
          : [],
        fixes: [
          { title: `Use ${usual}`, kind: 'suggestion', edits: [file.edit([{ path: [section, name], value: usual }])] },
        ],
      });
    }
  }
}

/** Compares the lowest versions that two ranges allow, then their texts. */
function isHigher(one: string, other: string): boolean {
  const [low, otherLow] = [semver.minVersion(one), semver.minVersion(other)];
  const order = low && otherLow ? semver.compare(low, otherLow) : 0;
  return order > 0 || (order === 0 && one > other);
}

/** If a range excludes the version of the workspace member, the package manager fetches another copy. */
function checkLocalVersions(check: PackageCheck, members: readonly ManifestFile[]): void {
  const { manifests } = check.graph;
  for (const file of members) {
    if (SAMPLES.test(file.manifest.directory)) continue;
    for (const { section, name, range } of dependenciesOf(file.manifest)) {
      const local = manifests.members.get(name);
      const version = semver.valid(local?.data.version ?? null);
      if (!local || version === null || section === 'peerDependencies' || /^(npm|jsr):/.test(range)) continue;
      // Version 0.0.0 is a placeholder until the release.
      const isWritten = semver.coerce(version)?.version !== '0.0.0' && semver.validRange(range) !== null;
      if (!isWritten || semver.satisfies(version, range, { includePrerelease: true })) continue;
      check.report(file.manifest.file, 'version-mismatch', {
        message: `'${name}' is ${range} here, but this workspace has ${version}, so the package manager fetches another copy. Align the versions.`,
        range: file.place(section, name),
      });
    }
  }
}

const SAMPLES =
  /(^|\/)(examples?|playgrounds?|templates?|fixtures|__(fixtures|tests)__|demos?|samples?|sandbox(es)?|([\w-]+-)?(e2e|integration))(\/|$)/;

/** Variants such as `app-next-14` and `app-next-15` test different versions on purpose. */
function variantsOf(members: readonly ManifestFile[]): (file: ManifestFile) => boolean {
  const stem = ({ manifest }: ManifestFile): string => manifest.directory.replace(/[-_.@]?v?\d[\d.x]*$/, '');
  const byStem = Map.groupBy(members, stem);
  return (file) => stem(file) !== file.manifest.directory && (byStem.get(stem(file))?.length ?? 0) > 1;
}

function checkWorkspaceProtocol(check: PackageCheck, members: readonly ManifestFile[]): void {
  for (const file of members) {
    for (const { section, name, range } of dependenciesOf(file.manifest)) {
      if (!range.startsWith('workspace:') || /^workspace:.*[@/]/.test(range) || check.graph.manifests.members.has(name))
        continue;
      const { cause } = check.submodules;
      check.report(file.manifest.file, 'invalid-range', {
        ...(cause === undefined ? {} : { cause }),
        message: `'${range}' needs a package '${name}' in this workspace, but there is none. Correct the name, or use a version range.`,
        range: file.place(section, name),
      });
    }
  }
}

/** Unused entries of pnpm catalogs. */
function checkCatalog(check: PackageCheck, members: readonly ManifestFile[]): void {
  const { graph } = check;
  if (!graph.files.has('pnpm-workspace.yaml') || !check.isOn('unused-catalog-entry') || check.isCatalogDelegatedToKnip)
    return;
  const text = graph.textOf('pnpm-workspace.yaml') ?? '';
  const config = graph.manifests.workspaceFiles.find(({ file }) => file === 'pnpm-workspace.yaml');
  if (!config?.isComplete) return;
  const document = parseDocument(text);
  const used = catalogUses(
    members.map(({ manifest }) => manifest),
    config.value,
  );
  const lines = lineTableOf(text);
  const report = (catalog: string, entries: unknown): void => {
    if (!isMap(entries)) return;
    for (const { key, value } of entries.items) {
      if (!isScalar(key) || typeof key.value !== 'string' || used.has(catalogEntry(catalog, key.value))) continue;
      const start = key.range?.[0] ?? 0;
      const end = isScalar(value) ? (value.range?.[1] ?? start) : start;
      check.report('pnpm-workspace.yaml', 'unused-catalog-entry', {
        message: `No package uses '${key.value}' from the ${catalog} catalog. Remove it.`,
        range: rangeAt(lines, start, end),
        tags: ['unnecessary'],
      });
    }
  };
  report('default', document.get('catalog'));
  const catalogs = document.get('catalogs');
  if (isMap(catalogs)) for (const { key, value } of catalogs.items) if (isScalar(key)) report(String(key.value), value);
}
