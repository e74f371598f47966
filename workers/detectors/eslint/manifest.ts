/** The `eslint` detector, as data. */
import {
  anyOf,
  compilerConfig,
  eslintConfig,
  ignoreFile,
  lockfile,
  packageManifest,
} from '../../protocol/file-patterns.ts';
import type { DetectorManifest } from '../../protocol/manifest.ts';

export const manifest = {
  name: 'eslint',
  title: 'ESLint',
  kind: 'file',
  reports: "what the workspace's own ESLint finds, run as the project's own scripts run it",
  source: "the workspace's own ESLint (7 to 10) and its configuration",
  documentation: 'workers/detectors/eslint/README.md',
  changes: {
    // ESLint lints what the configuration names (Markdown, JSON, Vue ...): the plan decides, not the extension.
    sources: /./,
    configuration: anyOf(eslintConfig, compilerConfig, ignoreFile),
    environment: anyOf(eslintConfig, packageManifest, lockfile),
    // They are modules, and Node.js cannot unload a module.
    planFiles: 'environment',
    invalidates: 'unit',
  },
  // Configurations and plugins are code.
  untrusted: 'does not run',
  without: {},
  sandbox: { network: false, write: [], homeCaches: ['~/.yarn/berry'], processes: false },
  worker: {
    group: 'eslint',
    count: 'cores',
    lanes: {
      light: { memoryFactor: 1, limits: {} },
      // Typed rules hold TypeScript programs: about 2 GB for a big project. The first typed file builds its program.
      heavy: { memoryFactor: 3, memoryFactorIfFree: 12, limits: { progressMs: 120_000, cancelMs: 15_000 } },
    },
  },
  cached: true,
  options: {
    workingDirectories: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description:
        'Folders in which `eslint .` is run, relative to the workspace; patterns such as `apps/*` are allowed. If empty, ESLint is run as the scripts of the project run it, or in the workspace.',
    },
    configFile: {
      type: 'string',
      default: '',
      description:
        'The ESLint configuration to use for all files, as with `--config`, relative to the workspace. If empty, the one that the scripts of the project name or that ESLint finds.',
    },
    useFlatConfig: {
      type: ['boolean', 'null'],
      default: null,
      description:
        'Whether ESLint reads flat configurations (`eslint.config.js`) or eslintrc files, as with `ESLINT_USE_FLAT_CONFIG`. If null, the scripts of the project or ESLint decide.',
    },
    extensions: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description:
        'Extensions of the files to lint, as with `--ext`. If empty, those that the scripts of the project name or that ESLint finds.',
    },
    fileOnlyPlugins: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description:
        'Namespaces of plugins whose rules look only at the file they check. Files are then not linted again when others change.',
    },
    timings: {
      type: 'boolean',
      default: true,
      description: 'Measure the time that each rule takes.',
    },
  },
} as const satisfies DetectorManifest;
