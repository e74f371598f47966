/** Which package of the root the name of a package means, where nothing of that name is installed. Pure. */
import semver from 'semver';
import { dependenciesOf } from './installed.ts';
import type { Manifest, Manifests } from './manifests.ts';

/** The package that imports itself by its name, which needs an `exports` field. */
export function selfOf(importer: Manifest | undefined, name: string): Manifest | undefined {
  return importer?.data.name === name && isPresent(importer.data.exports) ? importer : undefined;
}

/**
 * Whether a name means a package of the root for its importer. A package manager links a member of the workspace if its
 * version is in the asked range; a folder that is no member it links only if asked to.
 * @param importer the package of the importing file
 */
export function isLinked(
  manifests: Manifests,
  importer: Manifest | undefined,
  member: Manifest,
  name: string,
): boolean {
  const range = importer && dependenciesOf(importer).find((one) => one.name === name)?.range;
  if (range === undefined || /^(?:workspace|file|link|portal|catalog):/.test(range)) return true;
  const { version } = member.data;
  if (!isWorkspaceMember(manifests, member)) return semver.validRange(range) === null;
  // A version that is written when the package is published says nothing yet.
  if (version === undefined || semver.coerce(version)?.version === '0.0.0' || semver.validRange(range) === null)
    return true;
  if (semver.valid(version) === null) return true;
  return semver.satisfies(version, range, { includePrerelease: true });
}

/** Without workspaces, a package.json below the root may belong to an example or a test as well. */
export function isWorkspaceMember(manifests: Manifests, member: Manifest): boolean {
  return member.directory === '' || manifests.workspaceRoots.length > 0;
}

export function isPresent(exports: unknown): boolean {
  return exports !== undefined && exports !== null;
}
