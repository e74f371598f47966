/**
 * Finds packages in lockfiles, for when nothing is installed. Searches the text, because parsing a large lockfile takes
 * seconds. Lives as long as its check.
 */
import path from 'node:path';
import type { ModuleGraph } from '../../graph/index.ts';
import { joined } from '../../graph/projects.ts';

export const LOCKFILES: readonly { readonly name: string; readonly manager: string }[] = [
  { name: 'package-lock.json', manager: 'npm' },
  { name: 'npm-shrinkwrap.json', manager: 'npm' },
  { name: 'yarn.lock', manager: 'yarn' },
  { name: 'pnpm-lock.yaml', manager: 'pnpm' },
  { name: 'bun.lock', manager: 'bun' },
  { name: 'bun.lockb', manager: 'bun' },
];

export class Lockfiles {
  readonly #graph: ModuleGraph;
  readonly #peers = new Map<string, ReadonlySet<string>>();

  constructor(graph: ModuleGraph) {
    this.#graph = graph;
  }

  /** Package managers whose lockfile is in a folder or closest above it. */
  managersOf(directory: string): ReadonlySet<string> {
    return new Set(this.#nearest(directory).map(({ manager }) => manager));
  }

  /**
   * Whether a package is among those that the closest lockfile installs; undefined: there is none that can be read.
   * @param start of a name: `lodash`, or `@scope/` for any package of a scope
   */
  has(directory: string, start: string): boolean | undefined {
    const texts = this.#texts(directory);
    if (texts.length === 0) return undefined;
    if (start.length > LONGEST_NAME) return false;
    const end = start.endsWith('/') ? '' : `(?=["'@:,\\s])`;
    const pattern = new RegExp(`(?:^|["'\\s/])${start.replace(/[.+*?$^|()[\]{}\\]/g, '\\$&')}${end}`, 'm');
    return texts.some((text) => pattern.test(text));
  }

  /**
   * Peer dependencies of all packages in the closest lockfiles.
   * @returns undefined: nobody knows, because there is none, or it is one of Yarn 1 or a binary one, which do not say
   */
  peersOf(directory: string): ReadonlySet<string> | undefined {
    if (!this.#texts(directory).some((text) => text !== '' && !text.includes('# yarn lockfile v1'))) return undefined;
    const key = this.#nearest(directory)
      .map(({ file }) => file)
      .join('\n');
    let peers = this.#peers.get(key);
    if (!peers) this.#peers.set(key, (peers = new Set(this.#texts(directory).flatMap((text) => [...peersIn(text)]))));
    return peers;
  }

  #texts(directory: string): readonly string[] {
    return this.#nearest(directory).flatMap(({ file }) =>
      file.endsWith('.lockb') ? [] : [this.#graph.textOf(file) ?? ''],
    );
  }

  #nearest(directory: string): readonly { readonly file: string; readonly manager: string }[] {
    for (let folder = directory; ; folder = path.posix.dirname(folder)) {
      const here = folder === '.' ? '' : folder;
      const found = LOCKFILES.map(({ name, manager }) => ({ file: joined(here, name), manager })).filter(({ file }) =>
        this.#graph.files.has(file),
      );
      if (found.length > 0 || here === '') return found;
    }
  }
}

/** Of a package, as the registry allows. */
const LONGEST_NAME = 214;

/** The entries of every `peerDependencies`: indented deeper than it (npm, pnpm, Yarn), or in braces beside it (Bun). */
function* peersIn(text: string): Generator<string> {
  let within: number | undefined;
  for (const line of text.split('\n')) {
    const indent = line.length - line.trimStart().length;
    if (within !== undefined && indent > within) {
      const name = NAME.exec(line)?.[1];
      if (name !== undefined) yield name;
      continue;
    }
    const start = line.indexOf('peerDependencies');
    const after = /^peerDependencies"?:\s*(\{[^}]*\})?/.exec(line.slice(Math.max(start, 0)));
    within = after && after[1] === undefined ? indent : undefined;
    for (const entry of after?.[1]?.slice(1, -1).split(',') ?? []) {
      const name = NAME.exec(entry)?.[1];
      if (name !== undefined) yield name;
    }
  }
}

const NAME = /^\s*["']?(@?[^\s"':]+)["']?:/;
