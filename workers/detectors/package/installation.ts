/** Compares installed and declared packages by their manifests in node_modules. Runs nothing. */
import path from 'node:path';
import semver from 'semver';
import { dependenciesOf, realPath, type Dependency, type InstalledPackage } from '../../graph/installed.ts';
import { isRecord } from '../../graph/manifests.ts';
import { Installation } from '../../runtime/installation.ts';
import { PlugAndPlay } from '../../graph/pnp.ts';
import { joined } from '../../graph/projects.ts';
import type { PackageCheck } from './package-check.ts';
import type { ManifestFile } from './manifest-file.ts';
import { rangeKindOf } from './ranges.ts';

export function checkInstallation(check: PackageCheck): void {
  const { graph } = check;
  checkNodeVersionFile(check);
  // Plug'n'Play keeps packages in archives, which are not opened.
  const plugged = PlugAndPlay.of(graph.root);
  if (!plugged && graph.files.has('.pnp.loader.mjs')) return;
  const overridden = overridesOf(check);
  /** Keys of the causes that concern whole packages. */
  const reported = new Set<string>();
  for (const file of check.files) {
    const { directory } = file.manifest;
    if (!graph.manifests.isMember(file.manifest) && directory !== '') continue;
    if (!graph.hasInstalledPackages(directory)) continue;
    const folder = path.join(graph.root, directory);
    const installation = new Installation(graph.root);
    const whole = plugged ? undefined : installation.causeIn(folder);
    if (whole !== undefined) {
      // The installation may be that of the packages around this one, which all have the same cause.
      if (!reported.has(whole.key))
        check.report(whole.file, 'not-installed', { message: whole.message, range: whole.range });
      reported.add(whole.key);
      continue;
    }
    for (const dependency of dependenciesOf(file.manifest)) {
      if (dependency.section === 'peerDependencies' || graph.manifests.members.has(dependency.name)) continue;
      const isProvided = plugged?.provides(folder, dependency.name);
      if (isProvided === true) continue;
      const found = isProvided === undefined ? graph.installed.find(dependency.name, folder) : undefined;
      if (found) checkInstalled(check, file, dependency, found, overridden);
      else if (dependency.section !== 'optionalDependencies') reportNotInstalled(check, file, dependency, installation);
    }
  }
}

function reportNotInstalled(
  check: PackageCheck,
  file: ManifestFile,
  { name, section }: Dependency,
  installation: Installation,
): void {
  const folder = path.join(check.graph.root, file.manifest.directory);
  const { message = `'${name}' is declared but not installed. Install the dependencies.` } =
    installation.causeOf(name, folder) ?? {};
  check.report(file.manifest.file, 'not-installed', {
    message,
    range: file.place(section, name),
    fact: `not-installed ${file.manifest.file} ${name}`,
  });
}

function checkInstalled(
  check: PackageCheck,
  file: ManifestFile,
  { section, name, range }: Dependency,
  { data, directory }: InstalledPackage,
  overridden: ReadonlySet<string>,
): void {
  const wanted = rangeKindOf(range);
  const { version } = data;
  const report = (rule: 'installed-out-of-range' | 'peer-conflict' | 'engines-unsatisfied', message: string): void => {
    // Other packages of the workspace may say the same of the same dependency.
    check.report(file.manifest.file, rule, { message, range: file.place(section, name), fact: `${rule} ${message}` });
  };
  const isOutside =
    wanted.kind === 'range' && version !== undefined && !overridden.has(name) && !satisfies(version, wanted.range);
  if (isOutside)
    report(
      'installed-out-of-range',
      `'${name}' is installed as ${version}, which does not satisfy ${range}. Install the dependencies again.`,
    );
  checkPeers(check, name, data, directory, overridden, report);
  const [own, theirs] = [file.manifest.data['engines'], data['engines']].map((engines) =>
    isRecord(engines) ? engines['node'] : undefined,
  );
  if (
    section !== 'devDependencies' &&
    typeof own === 'string' &&
    typeof theirs === 'string' &&
    !isWithin(own, theirs)
  ) {
    report(
      'engines-unsatisfied',
      `'${name}' needs Node ${theirs}, but this package supports ${own}. Raise "engines", or use another version of it.`,
    );
  }
}

function checkPeers(
  { graph }: PackageCheck,
  name: string,
  data: InstalledPackage['data'],
  directory: string,
  overridden: ReadonlySet<string>,
  report: (rule: 'peer-conflict', message: string) => void,
): void {
  const { peerDependencies, peerDependenciesMeta } = data;
  if (!isRecord(peerDependencies)) return;
  for (const [peer, range] of Object.entries(peerDependencies)) {
    const meta = isRecord(peerDependenciesMeta) ? peerDependenciesMeta[peer] : undefined;
    const isOptional = isRecord(meta) && meta['optional'] === true;
    if (
      typeof range !== 'string' ||
      semver.validRange(range) === null ||
      overridden.has(peer) ||
      graph.manifests.members.has(peer)
    )
      continue;
    // pnpm installs peers beside the target of its symbolic link.
    const places = [directory, realPath(directory), graph.root];
    const found = places.map((place) => graph.installed.find(peer, place)).find((one) => one !== undefined);
    const version = found?.data.version;
    if (version === undefined) {
      if (!isOptional)
        report(
          'peer-conflict',
          `'${name}' needs the peer dependency '${peer}' ${range}, which is not installed. Add it to this package.`,
        );
    } else if (!satisfies(version, range)) {
      report(
        'peer-conflict',
        `'${name}' needs the peer dependency '${peer}' ${range}, but ${version} is installed. Align the versions.`,
      );
    }
  }
}

/** The Node.js version in `.nvmrc` or `.node-version` must satisfy `engines`. */
function checkNodeVersionFile(check: PackageCheck): void {
  for (const file of check.files) {
    const { directory, data } = file.manifest;
    const { engines } = data;
    const wanted = isRecord(engines) ? engines['node'] : undefined;
    if (typeof wanted !== 'string' || semver.validRange(wanted) === null) continue;
    for (const name of ['.nvmrc', '.node-version'].map((one) => joined(directory, one))) {
      if (!check.graph.files.has(name)) continue;
      const written = (check.graph.textOf(name) ?? '').trim().replace(/^v/, '');
      const parts = /^\d+(\.\d+){0,2}$/.test(written) ? written.split('.').length : 0;
      if (parts === 0) continue;
      const possible = parts === 3 ? written : `${written}.x`;
      const meets = parts === 3 ? semver.satisfies(written, wanted) : semver.intersects(possible, wanted);
      if (meets) continue;
      check.report(file.manifest.file, 'engines-unsatisfied', {
        message: `${name} selects Node ${written}, which does not satisfy "engines" (${wanted}). Change one of the two.`,
        range: file.place('engines', 'node'),
      });
    }
  }
}

function overridesOf({ files, graph }: PackageCheck): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { manifest } of files) {
    const { overrides, resolutions, pnpm } = manifest.data;
    for (const table of [overrides, resolutions, isRecord(pnpm) ? pnpm['overrides'] : undefined]) {
      if (isRecord(table)) for (const key of Object.keys(table)) names.add(lastName(key));
    }
  }
  const workspace = graph.files.has('pnpm-workspace.yaml') ? (graph.textOf('pnpm-workspace.yaml') ?? '') : '';
  const section = /^overrides:\s*\n((?:[ \t]+.*\n?)*)/m.exec(workspace)?.[1] ?? '';
  for (const match of section.matchAll(/^\s+['"]?([^'":\n]+)['"]?:/gm)) names.add(lastName(match[1] ?? ''));
  return names;
}

/** `a>b`, `**\/b` and `b@^1` override b. */
function lastName(key: string): string {
  const last = key.split('>').at(-1) ?? key;
  const scoped = /(@[^/@]+\/)?[^/@]+(?=@|$)/.exec(last.replace(/^\*\*\//, ''));
  return scoped?.[0] ?? last;
}

function satisfies(version: string, range: string): boolean {
  return semver.valid(version) === null || semver.satisfies(version, range, { includePrerelease: true });
}

/** Whether `theirs` allows every Node.js version that `own` allows. Ignores odd majors, which are short-lived. */
function isWithin(own: string, theirs: string): boolean {
  try {
    return own
      .split('||')
      .every((part) =>
        NODES.filter((node) => semver.intersects(part, node)).every((node) => semver.subset(`${part} ${node}`, theirs)),
      );
  } catch {
    return true;
  }
}

const NODES = Array.from({ length: 16 }, (_, index) => `${String(index * 2 + 4)}.x`);
