/** Which file changes concern which detector: data that the engine turns into stale units. */
import path from 'node:path';

export interface Interest {
  /** Files whose content the results depend on. */
  readonly source: RegExp;
  /** File names that decide what is analysed and how: a change makes everything stale. */
  readonly config: RegExp;
  /** File names whose change means that code already loaded in a compartment is out of date. */
  readonly environment: RegExp;
  /** `unit`: a change makes the file's own unit stale; `all`: any unit may depend on it. */
  readonly reach: 'unit' | 'all';
  /** Runs code of the workspace: not before the workspace is trusted. */
  readonly executesWorkspaceCode: boolean;
}

export type ChangeKind = 'created' | 'changed' | 'deleted';

export interface FileChange {
  /** Relative to the root, forward slashes. */
  readonly file: string;
  readonly kind: ChangeKind;
}

const script = /\.[cm]?[jt]sx?$/i;
const scriptOrJson = /\.(?:[cm]?[jt]sx?|json)$/i;
const manifest = /^(?:package\.json|pnpm-workspace\.yaml)$/;
const lockfile = /^(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|\.pnp\.c?js)$/;
const never = /(?!)/;
const compilerConfig = /^[jt]sconfig(?:\..*)?\.json$/;
const eslintConfig = /^(?:eslint\.config\.[cm]?[jt]s|\.eslintrc(?:\.[^.]+)?|\.eslintignore|eslint-suppressions\.json)$/;

const graph: Interest = {
  source: scriptOrJson,
  config: anyOf(compilerConfig, manifest, lockfile),
  environment: never,
  reach: 'all',
  executesWorkspaceCode: false,
};

const interests: Readonly<Record<string, Interest>> = {
  typescript: {
    source: scriptOrJson,
    config: anyOf(compilerConfig, manifest),
    environment: lockfile,
    reach: 'all',
    // Loads the workspace's own compiler and, through it, its plugins.
    executesWorkspaceCode: true,
  },
  eslint: {
    // ESLint lints whatever the configuration names (Markdown, JSON, Vue …): the plan decides, not the extension.
    source: /./,
    config: anyOf(eslintConfig, compilerConfig),
    environment: anyOf(eslintConfig, manifest, lockfile),
    reach: 'unit',
    executesWorkspaceCode: true,
  },
  circular: graph,
  import: graph,
  isolation: graph,
  package: { ...graph, source: anyOf(script, manifest) },
};

/** A detector that is not in the table is treated with the most caution. */
export function interestOf(detector: string): Interest {
  const known = Object.hasOwn(interests, detector) ? interests[detector] : undefined;
  return known ?? { source: /./, config: never, environment: never, reach: 'all', executesWorkspaceCode: true };
}

export type Concern = 'none' | 'content' | 'config' | 'environment';

/** What a change means to a detector whose plan named `configFiles` (relative paths). */
export function concernOf(interest: Interest, file: string, configFiles: ReadonlySet<string>): Concern {
  if (isOutside(file)) return 'none';
  const name = path.posix.basename(file);
  if (interest.environment.test(name)) return 'environment';
  if (interest.config.test(name) || configFiles.has(file)) return 'config';
  return interest.source.test(name) ? 'content' : 'none';
}

/** Folders that no detector looks into. Installing packages is seen through the lockfile. */
export function isOutside(file: string): boolean {
  return /(?:^|\/)(?:node_modules|\.git|\.hg|\.svn)(?:\/|$)/.test(file);
}

function anyOf(...patterns: readonly RegExp[]): RegExp {
  return new RegExp(patterns.map((pattern) => `(?:${pattern.source})`).join('|'), 'i');
}
