/**
 * Packages that code names in a string, for a library to load: transports of a logger, drivers of a database, plugins.
 * Reads texts of the graph. Lives as long as its check.
 */
import type { Module, ModuleGraph } from '../../graph/index.ts';
import { Memo } from '../../graph/memo.ts';
import type { Manifest } from '../../graph/manifests.ts';
import { packageNameOf } from '../../graph/resolution.ts';
import type { PackageCheck } from './package-check.ts';

export class PackageStrings {
  readonly #graph: ModuleGraph;
  readonly #declared: ReadonlySet<string>;
  readonly #named = new Memo<Module, readonly string[]>();

  constructor({ graph, files }: PackageCheck) {
    this.#graph = graph;
    this.#declared = new Set(files.flatMap(({ declared }) => [...declared.keys()]));
  }

  /** Whether a module in the folder of a manifest, or below, names the package. */
  have({ directory }: Manifest, name: string): boolean {
    for (const module of this.#graph.modules.values()) {
      const isInside = directory === '' || module.file.startsWith(`${directory}/`);
      if (isInside && this.#named.of(module, this.#namedIn).includes(name)) return true;
    }
    return false;
  }

  readonly #namedIn = ({ file }: Module): readonly string[] => {
    const names = new Set<string>();
    for (const [, key, specifier = ''] of (this.#graph.textOf(file) ?? '').matchAll(STRINGS)) {
      const name = packageNameOf(specifier);
      // A single word may mean anything, unless its key says that something is loaded.
      const isLoaded = key !== undefined || /[-/@]/.test(name);
      if (isLoaded && this.#declared.has(name)) names.add(name);
    }
    return names.size === 0 ? NONE : [...names];
  };
}

const NONE: readonly string[] = [];

/** A string with the shape of a package or of a path in one, and the key before it if that may load packages. */
const STRINGS =
  /(?:\b(target|transport|client|dialect|driver|type|provider|presets?|plugins?|use|loader|parser|adapter|store|engine|reporters?|environment|extends|renderer|module)["']?\s*[:=]\s*\[?\s*)?["'`]((?:@[\w.-]+\/)?[\w.-]+(?:\/[\w./-]+)?)["'`]/g;
