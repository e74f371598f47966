/** Installed packages and their manifests. Read on demand, cached until the installation may have changed. */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { readTextSync } from '../protocol/read-file.ts';
import { joined } from './projects.ts';
import { isRecord, readManifest, type Manifest, type PackageJson } from './manifests.ts';

export interface InstalledPackage {
  /** Absolute; a symbolic link of a package manager is not resolved. */
  readonly directory: string;
  readonly data: PackageJson;
}

export class InstalledPackages {
  readonly #known = new Map<string, InstalledPackage | undefined>();

  /** The package that Node finds by name from a directory upwards. @param from absolute */
  find(name: string, from: string): InstalledPackage | undefined {
    for (let directory = from; ; directory = path.dirname(directory)) {
      const found = this.#at(path.join(directory, 'node_modules', name));
      if (found || path.dirname(directory) === directory) return found;
    }
  }

  #at(directory: string): InstalledPackage | undefined {
    if (this.#known.has(directory)) return this.#known.get(directory);
    const data = readData(path.join(directory, 'package.json'));
    const found = data && { directory, data };
    this.#known.set(directory, found);
    return found;
  }
}

export const DEPENDENCY_SECTIONS = [
  'dependencies',
  'devDependencies',
  'peerDependencies',
  'optionalDependencies',
] as const;

export type DependencySection = (typeof DEPENDENCY_SECTIONS)[number];

export interface Dependency {
  readonly section: DependencySection;
  readonly name: string;
  /** As written; a range, a tag, an address or a protocol of the package manager. */
  readonly range: string;
}

/** The dependencies of a manifest, in the order of {@link DEPENDENCY_SECTIONS}; skips entries that are not strings. */
export function dependenciesOf({ data }: Pick<Manifest, 'data'>): readonly Dependency[] {
  return DEPENDENCY_SECTIONS.flatMap((section) => {
    const entries = data[section];
    if (!isRecord(entries)) return [];
    return Object.entries(entries).flatMap(([name, range]) =>
      typeof range === 'string' ? [{ section, name, range }] : [],
    );
  });
}

/** Whether a manifest declares a package or its types, whatever the range. */
export function declares({ data }: Pick<Manifest, 'data'>, name: string): boolean {
  return DEPENDENCY_SECTIONS.some((section) => {
    const entries = data[section];
    return isRecord(entries) && [name, typesPackageOf(name)].some((one) => Object.hasOwn(entries, one));
  });
}

/** `@types/node` for `node`, `@types/scope__name` for `@scope/name`. */
export function typesPackageOf(name: string): string {
  return joined('@types', name.replace(/^@/, '').replace('/', '__'));
}

/** Resolves symbolic links; returns the path unchanged if that fails. */
export function realPath(folder: string): string {
  try {
    return realpathSync.native(folder);
  } catch {
    return folder;
  }
}

function readData(file: string): PackageJson | undefined {
  try {
    const manifest = readManifest('package.json', readTextSync(file));
    return manifest.isValid ? manifest.data : undefined;
  } catch {
    return undefined;
  }
}
