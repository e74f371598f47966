/**
 * Whether the rules of a configuration look at more than the file they are given. Rules do not say so themselves, so
 * this is known by plugin; a plugin that is not known here may look at anything. Data, and how to read it.
 */
import type { DependencyKind } from '../../protocol/detector-protocol.ts';
import { isTyped } from './engine.ts';

/** Plugins whose rules see the file only, its types apart; without `eslint-plugin-`. */
const FILE_ONLY = new Set(
  `@typescript-eslint typescript-eslint ts @stylistic stylistic js @eslint/js @babel babel unicorn react react-hooks
  react-refresh react-compiler react-perf @eslint-react react-x react-dom react-web-api react-naming-convention
  react-native jsx-a11y vue vuejs-accessibility pinia svelte solid lit lit-a11y wc astro qwik ember @angular-eslint
  rxjs rxjs-x rxjs-angular ngrx @ngrx @tanstack/query @tanstack/router prettier jest jest-dom jest-extended
  jest-formatting vitest @vitest vitest-globals mocha chai-expect chai-friendly qunit ava testing-library cypress
  playwright wdio storybook no-only-tests jsdoc tsdoc regexp promise security security-node no-secrets no-unsanitized
  perfectionist simple-import-sort sort-imports-es6-autofix sort-keys-fix sort-class-members sort-destructure-keys
  typescript-sort-keys typescript-enum unused-imports import-newlines eslint-comments
  @eslint-community/eslint-comments markdown @eslint/markdown json jsonc @eslint/json @eslint/css yml toml html
  @html-eslint mdx compat es es-x es5 depend array-func functional total-functions fp immutable lodash ramda
  you-dont-need-lodash-underscore prefer-arrow prefer-arrow-functions decorator-position const-case deprecation etc
  ban filenames filename-rules check-file unused-vars expect-type eslint-plugin eslint-plugin-eslint-plugin
  package-json node-dependencies flowtype ft-flow no-loops no-use-extend-native erasable-syntax-only antfu command
  sonarjs @cspell formatjs @microsoft/sdl switch-case padding-line header headers notice license-header`.split(/\s+/),
);

/** Plugins that follow imports: which of their rules do. */
const FOLLOWING: Readonly<Record<string, RegExp>> = {
  import:
    /^(?:default|export|extensions|named|namespace|no-cycle|no-duplicates|no-extraneous-dependencies|no-internal-modules|no-named-as-default|no-named-as-default-member|no-relative-packages|no-relative-parent-imports|no-restricted-paths|no-self-import|no-unassigned-import|no-unresolved|no-useless-path-segments|no-import-module-exports|order|no-rename-default|prefer-default-import)$/,
  n: /^(?:no-missing-|no-extraneous-|no-unpublished-|no-restricted-|file-extension-in-import)/,
  boundaries: /./,
  '@nx': /^(?:enforce-module-boundaries|dependency-checks)$/,
  monorepo: /./,
  workspaces: /./,
};
const ALIASES: Readonly<Record<string, string>> = {
  'import-x': 'import',
  i: 'import',
  'import-lite': 'import',
  node: 'n',
  '@nrwl/nx': '@nx',
};

/** Rules that read files beside those that the file imports. */
const ANYWHERE = /^(?:import\/(?:no-unused-modules|no-deprecated)|@next\/next\/no-html-link-for-pages)$/;
/** The other rules of this plugin see the file only. */
const NEXT = '@next/next';

interface ComputedConfig {
  readonly rules?: Readonly<Record<string, unknown>>;
  /** Flat: by namespace. */
  readonly plugins?: Readonly<Record<string, { readonly meta?: { readonly name?: unknown } } | undefined>>;
}

/** Of files in one plan, each configuration looked at once. */
export class Reaches {
  readonly #fileOnly: ReadonlySet<string>;
  readonly #known = new Map<object, readonly DependencyKind[]>();

  /** @param fileOnly namespaces of plugins that the user vouches for */
  constructor(fileOnly: Iterable<string> = []) {
    this.#fileOnly = new Set(fileOnly);
  }

  /** @param config the computed configuration of a file, of either kind; undefined: it is ignored */
  of(config: unknown): readonly DependencyKind[] {
    if (typeof config !== 'object' || config === null) return [];
    const reach = this.#known.get(config) ?? reachOf(config, this.#fileOnly);
    this.#known.set(config, reach);
    return reach;
  }
}

function reachOf(config: ComputedConfig, fileOnly: ReadonlySet<string>): readonly DependencyKind[] {
  const reach = new Set<DependencyKind>(isTyped(config) ? ['types'] : []);
  for (const [id, entry] of Object.entries(config.rules ?? {})) {
    const severity: unknown = Array.isArray(entry) ? entry[0] : entry;
    if (severity === 0 || severity === 'off') continue;
    const slash = id.lastIndexOf('/');
    if (slash < 0) continue;
    const namespace = id.slice(0, slash);
    if (fileOnly.has(namespace)) continue;
    const rule = id.slice(slash + 1);
    const plugin = pluginOf(namespace, config);
    const base = ALIASES[plugin] ?? plugin;
    if (ANYWHERE.test(`${base}/${rule}`)) reach.add('workspace');
    else if (FOLLOWING[base]) {
      if (FOLLOWING[base].test(rule)) reach.add('modules');
    } else if (base !== NEXT && !FILE_ONLY.has(base) && !FILE_ONLY.has(base.split('/')[0] ?? '')) {
      reach.add('workspace');
    }
  }
  return [...reach];
}

/** A namespace is whatever a flat configuration calls a plugin; the plugin's own name decides, if it tells. */
function pluginOf(namespace: string, { plugins }: ComputedConfig): string {
  const own = Array.isArray(plugins) ? undefined : plugins?.[namespace]?.meta?.name;
  const name = typeof own === 'string' && own !== '' ? own : namespace;
  return name.replace(/^eslint-plugin-|\/eslint-plugin(?:-|$)/, (found) =>
    found.endsWith('-') && found.startsWith('/') ? '/' : '',
  );
}
