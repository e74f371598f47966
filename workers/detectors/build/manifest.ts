/** The `build` detector, as data. */
import {
  anyOf,
  compilerConfig,
  ignoreFile,
  lockfile,
  nothing,
  packageManifest,
  scriptLike,
} from '../../protocol/file-patterns.ts';
import { ignoreOption } from '../../protocol/graph-manifest.ts';
import { rulesOption, type DetectorManifest } from '../../protocol/manifest.ts';

export const manifest = {
  name: 'build',
  title: 'Build',
  kind: 'external',
  reports:
    'scripts that call what does not exist, packages that cannot be used as published, and, if wanted, what the build script says',
  source: 'package manifests, the bundled [publint](https://publint.dev) and the log of the build',
  documentation: 'workers/detectors/build/README.md',
  changes: {
    // Scripts name files, and these come and go.
    sources: anyOf(compilerConfig, scriptLike, /\.(?:sh|py)$/),
    // Whether there is anything to check depends on what manifests say.
    configuration: anyOf(packageManifest, lockfile, ignoreFile),
    environment: nothing,
    planFiles: 'configuration',
    invalidates: 'all',
  },
  // A build is code of the workspace.
  untrusted: { run: false },
  // Without it, nobody else reports what the compiler says.
  without: { typescript: { typescript: 'off' } },
  sandbox: { network: false, write: ['.'], homeCaches: ['~/.yarn/berry'], processes: true },
  worker: {
    group: 'build',
    count: 'one',
    // The processes of the build count too.
    lanes: { light: { memoryFactor: 4, limits: { idleMs: 20_000 } } },
  },
  // What a build says is not in the files that are compared.
  cached: { unless: 'run' },
  options: {
    rules: rulesOption({
      'missing-script': {
        default: 'error',
        description: 'A script that runs another script which its package does not have.',
      },
      'missing-script-file': {
        default: 'warning',
        description: 'A script that runs a file, or names a configuration, which does not exist.',
      },
      'missing-reference': {
        default: 'error',
        description: 'A `references` entry of a tsconfig that leads to no configuration.',
      },
      'publint-error': {
        default: 'error',
        description: 'What publint calls an error: some users cannot import the package.',
      },
      'publint-warning': {
        default: 'warning',
        description: 'What publint calls a warning: the package works for some users only.',
      },
      'publint-suggestion': {
        default: 'off',
        description: 'What publint suggests.',
      },
      'script-failed': {
        default: 'error',
        description: 'The build script failed, and said nothing about a place that could be understood.',
      },
      'script-timeout': {
        default: 'error',
        description: 'The build script did not end in time.',
      },
      'build-error': {
        default: 'error',
        description: 'An error in the log of the build.',
      },
      'build-warning': {
        default: 'warning',
        description: 'A warning in the log of the build.',
      },
    }),
    ignore: ignoreOption,
    run: {
      type: 'boolean',
      default: false,
      description:
        'Run the script `build` of the root package (or `typecheck`, if there is none) when the workspace is analysed as a whole, and once it is quiet after a package.json or tsconfig was saved.',
    },
    timeout: {
      type: 'number',
      minimum: 1,
      default: 300,
      description: 'Seconds after which the script is ended with everything that it started.',
    },
    typescript: {
      enum: ['auto', 'off'],
      default: 'auto',
      description:
        '`auto`: where the detector `typescript` runs, it reports what the compiler says in the log, and references that lead nowhere. `off`: this detector reports them.',
    },
  },
} as const satisfies DetectorManifest;
