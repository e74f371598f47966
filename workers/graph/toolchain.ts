/**
 * The toolchain that runs a file decides what the file may import: plain Node, or a bundler with its own rules.
 * Memoized; for one environment revision of the graph.
 */
import path from 'node:path';
import type { Module, ModuleGraph } from './graph.ts';
import { usesBundler } from './bundlers.ts';
import type { Manifest } from './manifests.ts';

export class Toolchain {
  readonly #graph: ModuleGraph;
  readonly #bundled = new Map<Manifest | undefined, boolean>();

  constructor(graph: ModuleGraph) {
    this.#graph = graph;
  }

  /** Node runs the file itself as an ECMAScript module, by its extension or the `type` of its package.json. */
  isNativeEsm({ file }: Module): boolean {
    const extension = path.posix.extname(file);
    if (extension === '.mjs' || extension === '.mts') return true;
    if (extension !== '.js' && extension !== '.ts') return false;
    return this.#graph.manifests.scopeOf(file)?.data.type === 'module' && !this.isBundled(file);
  }

  /** The file's package or the root uses a bundler, which completes paths. */
  isBundled(file: string): boolean {
    const manifest = this.#graph.manifests.packageOf(file);
    const known = this.#bundled.get(manifest);
    if (known !== undefined) return known;
    const isBundled = usesBundler(this.#graph.manifests, file);
    this.#bundled.set(manifest, isBundled);
    return isBundled;
  }
}
