/** Which file changes concern which detector: data that the engine turns into stale units. */
import path from 'node:path';
import type { DetectorOptions } from '../../workers/protocol/detector-protocol.ts';
import { baselineName } from '../store/baseline.ts';

export interface Interest {
  /** Files whose content the results depend on. */
  readonly source: RegExp;
  /** File names that decide what is analysed and how: a change makes everything stale. */
  readonly config: RegExp;
  /** File names whose change means that code already loaded in a worker is out of date. */
  readonly environment: RegExp;
  /** What a change of a file that the plan named as configuration means. */
  readonly planFiles: 'config' | 'environment';
  /** `unit`: a change makes the file's own unit stale; `all`: any unit may depend on it. */
  readonly reach: 'unit' | 'all';
  /**
   * What it does before the workspace is trusted, when no code of the workspace may be executed: options under which it
   * executes none, or undefined if there are none and it does not run.
   */
  readonly restricted: DetectorOptions | undefined;
  /** It reads contents that memory does not compare (see {@link isInput}): its answers are not kept between sessions. */
  readonly readsMore?: true;
}

export type ChangeKind = 'created' | 'changed' | 'deleted';

export interface FileChange {
  /** Relative to the root, forward slashes. */
  readonly file: string;
  readonly kind: ChangeKind;
}

const script = /\.[cm]?[jt]sx?$/i;
const scriptLike = /\.(?:[cm]?[jt]sx?|vue|svelte|astro)$/i;
const scriptOrJson = /\.(?:[cm]?[jt]sx?|json)$/i;
const manifest = /^(?:package\.json|pnpm-workspace\.yaml)$/;
const lockfile = /^(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|\.pnp\.c?js)$/;
const ignoreFile = /^\.gitignore$/;
const never = /(?!)/;
const compilerConfig = /^[jt]sconfig(?:\..*)?\.json$/;
const eslintConfig = /^(?:eslint\.config\.[cm]?[jt]s|\.eslintrc(?:\.[^.]+)?|\.eslintignore|eslint-suppressions\.json)$/;
const knipConfig = /^(?:\.?knip\.jsonc?|knip(?:\.config)?\.[jt]s)$/;

const configuration = anyOf(compilerConfig, eslintConfig, manifest, lockfile, ignoreFile, /^bulkhead\.config\.json$/);

const graph: Interest = {
  source: scriptOrJson,
  config: anyOf(compilerConfig, manifest, lockfile, ignoreFile),
  environment: never,
  planFiles: 'config',
  reach: 'all',
  restricted: {},
};

const interests: Readonly<Record<string, Interest>> = {
  typescript: {
    source: scriptOrJson,
    config: anyOf(compilerConfig, manifest, ignoreFile),
    environment: lockfile,
    planFiles: 'config',
    reach: 'all',
    // Instead of the workspace's own compiler the bundled native one, which knows no plugins.
    restricted: { engine: 'native' },
  },
  eslint: {
    // ESLint lints whatever the configuration names (Markdown, JSON, Vue …): the plan decides, not the extension.
    source: /./,
    config: anyOf(eslintConfig, compilerConfig, ignoreFile),
    environment: anyOf(eslintConfig, manifest, lockfile),
    // They are modules, and Node cannot unload what it has loaded.
    planFiles: 'environment',
    reach: 'unit',
    // Configurations and plugins are code.
    restricted: undefined,
  },
  circular: graph,
  import: graph,
  // ESLint's configuration may draw boundaries.
  isolation: { ...graph, config: anyOf(graph.config, eslintConfig) },
  // Untrusted, nobody answers for knip.
  package: {
    ...graph,
    source: anyOf(script, manifest),
    config: anyOf(graph.config, knipConfig),
    restricted: { knip: 'off' },
  },
  knip: {
    // Configurations of other tools, styles and pages name packages and files too.
    source: /\.(?:[cm]?[jt]sx?|vue|svelte|astro|mdx?|json[c5]?|ya?ml|toml|s?css|less|html?)$|^\.\w+rc$/i,
    config: anyOf(knipConfig, lockfile, ignoreFile),
    // Each run is a process of its own.
    environment: never,
    planFiles: 'config',
    reach: 'all',
    // Configurations are code.
    restricted: undefined,
    readsMore: true,
  },
};

/** A detector that is not in the table is treated with the most caution. */
export function interestOf(detector: string): Interest {
  const known = Object.hasOwn(interests, detector) ? interests[detector] : undefined;
  return (
    known ?? {
      source: /./,
      config: never,
      environment: never,
      planFiles: 'environment',
      reach: 'all',
      restricted: undefined,
    }
  );
}

export type Concern = 'none' | 'content' | 'config' | 'environment';

/** What a change means to a detector whose plan named `configFiles` (relative paths). */
export function concernOf(interest: Interest, file: string, configFiles: ReadonlySet<string>): Concern {
  if (isOutside(file) || file === baselineName) return 'none';
  const name = path.posix.basename(file);
  if (interest.environment.test(name)) return 'environment';
  if (configFiles.has(file)) return interest.planFiles;
  if (interest.config.test(name)) return 'config';
  return interest.source.test(name) ? 'content' : 'none';
}

/** Content that some detector's results depend on; of other files only the existence counts. */
export function isInput(file: string): boolean {
  return file !== baselineName && (scriptOrJson.test(file) || isConfiguration(file));
}

/** What may be imported, import, and declare types. */
export function isScript(file: string): boolean {
  return scriptLike.test(file);
}

/** A configuration, manifest or lock file of any detector. */
export function isConfiguration(file: string): boolean {
  return configuration.test(path.posix.basename(file));
}

/** Folders that no detector looks into. Installing packages is seen through the lockfile. */
export function isOutside(file: string): boolean {
  return /(?:^|\/)(?:node_modules|\.git|\.hg|\.svn)(?:\/|$)/.test(file);
}

function anyOf(...patterns: readonly RegExp[]): RegExp {
  return new RegExp(patterns.map((pattern) => `(?:${pattern.source})`).join('|'), 'i');
}
