/** Patterns of file names that several detectors and the engine use. */

export const script = /\.[cm]?[jt]sx?$/i;
/** Single-file components: their scripts are checked like scripts. */
export const component = /\.(?:vue|svelte|astro)$/i;
/** Files that may be imported, import others, or declare types. */
export const scriptLike = /\.(?:[cm]?[jt]sx?|vue|svelte|astro)$/i;
export const scriptOrJson = /\.(?:[cm]?[jt]sx?|vue|svelte|astro|mdx|json)$/i;
export const packageManifest = /^(?:package\.json|pnpm-workspace\.yaml)$/i;
export const lockfile =
  /^(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|\.pnp\.c?js)$/i;
/** Files that package managers write into `node_modules` at the end of an installation, which may leave the lock file as it was. */
export const installationMarkers = [
  '.package-lock.json',
  '.modules.yaml',
  '.yarn-state.yml',
  '.yarn-integrity',
] as const;
export const bulkheadConfig = /^bulkhead\.config\.json$/i;
export const ignoreFile = /^\.gitignore$/i;
export const compilerConfig = /^[jt]sconfig(?:\..*)?\.json$/i;
export const eslintConfig =
  /^(?:eslint\.config\.[cm]?[jt]s|\.eslintrc(?:\.[^.]+)?|\.eslintignore|eslint-suppressions\.json)$/i;
export const knipConfig = /^(?:\.?knip\.jsonc?|knip(?:\.config)?\.[jt]s)$/i;
/** Configurations of tools that define names, in other forms than scripts and JSON. */
export const toolConfig = /^(?:\.(?:babelrc|swcrc|umirc)|deno\.jsonc|bunfig\.toml|wrangler\.toml)$/i;
/** Configurations of tools that Bulkhead reads or watches, by who reports that one of them cannot be read. */
export const configurationOf = {
  package:
    /^(?:package\.json|pnpm-workspace\.yaml|lerna\.json|package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|\.npmrc|\.yarnrc\.yml|bunfig\.toml|\.pnp\.(?:cjs|data\.json))$/i,
  isolation: /^(?:nx\.json|\.dependency-cruiser\.(?:jsonc?|[cm]?js))$/i,
  typescript: compilerConfig,
  import:
    /^(?:\.gitignore|turbo\.json|deno\.jsonc?|(?:vite|vitest|webpack|rollup|jest|babel|next|nuxt|svelte|astro|metro)\.config\.[cm]?[jt]s|\.babelrc)$/i,
} as const;
export const nothing = /(?!)/;

/** Matches what any of the patterns matches, ignoring case. */
export function anyOf(...patterns: readonly RegExp[]): RegExp {
  return new RegExp(patterns.map((pattern) => `(?:${pattern.source})`).join('|'), 'i');
}

/** `{a,b}/*.{c,d}` → `a/*.c`, `a/*.d`, `b/*.c`, `b/*.d`: editors support braces in patterns, .gitignore does not. */
export function expandBraces(pattern: string): readonly string[] {
  const match = /\{([^{}]*,[^{}]*)\}/.exec(pattern);
  if (match?.[1] === undefined) return [pattern];
  const before = pattern.slice(0, match.index);
  const after = pattern.slice(match.index + match[0].length);
  return match[1].split(',').flatMap((choice) => expandBraces(before + choice + after));
}
