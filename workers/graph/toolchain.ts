/**
 * The toolchain that runs a file decides what the file may import: plain Node, or a bundler with its own rules.
 * Memoized; for one environment revision of the graph.
 */
import path from 'node:path';
import type { Module, ModuleGraph } from './graph.ts';
import { Memo } from './memo.ts';
import { usesBundler } from './bundlers.ts';
import type { Manifest } from './manifests.ts';

export class Toolchain {
  readonly #graph: ModuleGraph;
  readonly #bundled = new Map<Manifest | undefined, boolean>();
  readonly #configured = new Memo<ModuleGraph, Configured>();

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

  /** The configuration of some tool contains this prefix, such as `'@app'` or `"~/"`, so the tool resolves it. */
  isConfiguredAlias(specifier: string): boolean {
    if (FRAMEWORK_ALIASES.test(specifier)) return true;
    const { text, answers } = this.#configured.of(this.#graph, configured);
    const [first = '', second = ''] = specifier.split('/');
    const prefixes = [first, `${first}/${second}`, specifier].filter((prefix) => prefix !== '');
    return prefixes.some((prefix) => {
      let answer = answers.get(prefix);
      if (answer === undefined) answers.set(prefix, (answer = isNamedIn(text, prefix)));
      return answer;
    });
  }
}

/** The texts of tool configurations, and the prefixes that were looked for in them. */
interface Configured {
  readonly text: string;
  readonly answers: Map<string, boolean>;
}

function configured(graph: ModuleGraph): Configured {
  const files = [...graph.files].filter((file) => CONFIGURATIONS.test(file));
  return { text: files.map((file) => graph.textOf(file) ?? '').join('\n'), answers: new Map() };
}

function isNamedIn(text: string, prefix: string): boolean {
  if (!text.includes(prefix)) return false;
  return ['', '^'].some((start) =>
    ["'", '"', '`'].some((quote) =>
      [quote, '/', '$', '(', '\\'].some((end) => text.includes(quote + start + prefix + end)),
    ),
  );
}

/** Modules that only exist inside the host that runs the code, and are never installed. */
export const PROVIDED_BY_HOSTS: ReadonlySet<string> = new Set(['vscode', '@jest/globals', 'k6', 'atom']);

/** Prefixes of site generators, which no package uses. */
const FRAMEWORK_ALIASES = /^(@theme|@theme-original|@theme-init|@site|@generated|@docusaurus)\//;

const CONFIGURATIONS =
  /(^|\/)((vite|vitest|webpack|rollup|rolldown|next|nuxt|svelte|astro|babel|jest|metro|craco|rsbuild|rspack|electron\.vite|docusaurus|gatsby-node|vue|ember-cli-build|quasar|esbuild)[\w.-]*\.([cm]?[jt]s|json)|\.babelrc(\.\w+)?|\.storybook\/main\.[cm]?[jt]s|import_map\.json|deno\.jsonc?)$/;
