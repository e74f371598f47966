/** Who beside its own package.json may bring a package to a file: packages around it, and those that run it. */
import path from 'node:path';
import picomatch from 'picomatch';
import { isRecord, type Manifest } from '../../graph/manifests.ts';
import type { ManifestFile } from './manifest-file.ts';
import { isInside } from './unused.ts';

interface Host {
  readonly file: ManifestFile;
  /** Folders and files, as globs from the root, that a script of the host names. */
  readonly runs: readonly string[];
}

/** Lives as long as its check. */
export class Providers {
  readonly #files: readonly ManifestFile[];
  readonly #above = new Map<Manifest, readonly ManifestFile[]>();
  readonly #hosts = new Map<Manifest, readonly Host[]>();

  constructor(files: readonly ManifestFile[]) {
    this.#files = files;
  }

  /** Whether a package around this one declares it: Node looks there too. */
  isDeclaredAbove(manifest: Manifest, name: string): boolean {
    let above = this.#above.get(manifest);
    if (!above) {
      above = this.#files.filter((other) => other.manifest !== manifest && isInside(other.manifest, manifest.file));
      this.#above.set(manifest, above);
    }
    return above.some(({ declared }) => declared.has(name));
  }

  /**
   * Whether another package runs the file and declares the name, as an application does whose tests lie in a package of
   * their own: `"test": "run --spec ../api-tests/*.spec.js"`.
   */
  isDeclaredByHost(manifest: Manifest, file: string, name: string): boolean {
    let hosts = this.#hosts.get(manifest);
    if (!hosts) this.#hosts.set(manifest, (hosts = this.#files.flatMap((host) => hostOf(host, manifest))));
    return hosts.some(({ file: { declared }, runs }) => declared.has(name) && picomatch.isMatch(file, [...runs]));
  }
}

/** The folder of a package as a whole means its build or its installation, not that its files are run. */
function hostOf(file: ManifestFile, guest: Manifest): readonly Host[] {
  const { directory, data } = file.manifest;
  const { scripts } = data;
  if (file.manifest === guest || guest.directory === '' || !isRecord(scripts)) return [];
  const named = Object.values(scripts)
    .flatMap((script) => (typeof script === 'string' ? [...script.matchAll(OUTSIDE)] : []))
    .map(([, relative = '']) => path.posix.join(directory, relative).replace(/\/$/, ''));
  const runs = named
    .filter((place) => place.startsWith(`${guest.directory}/`))
    .flatMap((place) => [place, `${place}/**`]);
  return runs.length === 0 ? [] : [{ file, runs }];
}

const OUTSIDE = /(?:^|[\s"'=])((?:\.\.\/)+[^\s"'`;|&]+)/g;
