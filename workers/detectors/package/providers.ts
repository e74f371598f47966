/** Other packages that may provide a dependency to a file: packages around its own, and packages that run it. */
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

  /** Whether a package around this one declares it; Node.js looks there too. */
  isDeclaredAbove(manifest: Manifest, name: string): boolean {
    let above = this.#above.get(manifest);
    if (!above) {
      above = this.#files.filter((other) => other.manifest !== manifest && isInside(other.manifest, manifest.file));
      this.#above.set(manifest, above);
    }
    return above.some(({ declared }) => declared.has(name));
  }

  /**
   * Whether another package that runs the file declares the name. Example: an application whose tests are a separate
   * package, `"test": "run --spec ../api-tests/*.spec.js"`.
   */
  isDeclaredByHost(manifest: Manifest, file: string, name: string): boolean {
    let hosts = this.#hosts.get(manifest);
    if (!hosts) this.#hosts.set(manifest, (hosts = this.#files.flatMap((host) => hostOf(host, manifest))));
    return hosts.some(({ file: { declared }, runs }) => declared.has(name) && picomatch.isMatch(file, [...runs]));
  }
}

/** A script that names the whole folder of a package builds or installs it, and does not run its files. */
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
