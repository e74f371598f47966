/** The `build` detector, as data. */
import { anyOf, compilerConfig, ignoreFile, lockfile, nothing, packageManifest } from '../../protocol/file-patterns.ts';
import { ignoreOption } from '../../protocol/graph-manifest.ts';
import { rulesOption, type DetectorManifest } from '../../protocol/manifest.ts';

export const manifest = {
  name: 'build',
  title: 'Build',
  kind: 'external',
  reports:
    'scripts that call what does not exist, and packages that cannot be used as published, by [publint](https://publint.dev)',
  source: 'package manifests, their scripts and the bundled publint',
  documentation: 'workers/detectors/build/README.md',
  changes: {
    sources: anyOf(packageManifest, compilerConfig),
    configuration: anyOf(lockfile, ignoreFile),
    environment: nothing,
    planFiles: 'configuration',
    invalidates: 'all',
  },
  // It reads, and executes nothing.
  untrusted: {},
  without: {},
  sandbox: { network: false, write: [], homeCaches: [], processes: false },
  worker: {
    group: 'build',
    count: 'one',
    lanes: { light: { memoryFactor: 1, limits: { idleMs: 20_000 } } },
  },
  // Which files exist beside those that are compared decides too.
  cached: false,
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
    }),
    ignore: ignoreOption,
  },
} as const satisfies DetectorManifest;
