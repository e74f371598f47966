/** The `package` detector, as data. */
import { anyOf, knipConfig, packageManifest, scriptLike } from '../../protocol/file-patterns.ts';
import { graphChanges, graphSandbox, graphWorker, ignoreOption } from '../../protocol/graph-manifest.ts';
import { rulesOption, type DetectorManifest } from '../../protocol/manifest.ts';

export const manifest = {
  name: 'package',
  title: 'Packages',
  kind: 'graph',
  reports: 'dependencies that are missing, unused, misplaced or different from what is installed',
  source: 'package manifests, lock files and the module graph',
  documentation: 'workers/detectors/package/README.md',
  changes: {
    ...graphChanges,
    sources: anyOf(scriptLike, packageManifest, /\.mdx$/),
    configuration: anyOf(graphChanges.configuration, knipConfig),
  },
  // knip does not run before the workspace is trusted.
  untrusted: { knip: 'off' },
  without: { knip: { knip: 'off' } },
  heeds: { import: ['known'] },
  sandbox: graphSandbox,
  worker: graphWorker,
  cached: true,
  options: {
    rules: rulesOption({
      'invalid-json': {
        default: 'error',
        description: 'A package.json that is not a JSON object.',
      },
      'invalid-field': {
        default: 'error',
        description:
          'A name that the registry rejects, a version that is not semantic, or a list of dependencies that is not an object.',
      },
      'invalid-configuration': {
        default: 'warning',
        description:
          'A configuration of a package manager that cannot be read: a syntax error, a value of a wrong type, an unfinished merge, or no file at all.',
      },
      'invalid-range': {
        default: 'error',
        description:
          'A dependency whose version is not a range, tag, address or protocol, or a `workspace:` dependency that is not in the workspace.',
      },
      'duplicate-dependency': {
        default: 'warning',
        description: 'A dependency in two sections, or a key that is twice in one object.',
      },
      'version-mismatch': {
        default: 'warning',
        description: 'Packages of one workspace that ask for different ranges of the same dependency.',
      },
      'unlisted-dependency': {
        default: 'error',
        description:
          'A package that the code uses and its package.json does not declare. It works only while something else installs it.',
      },
      'unused-dependency': {
        default: 'info',
        description: 'A dependency that no module, script, configuration, style sheet or page of the package mentions.',
      },
      'unused-dev-dependency': {
        default: 'off',
        description: 'The same for devDependencies. Off because most of them are tools.',
      },
      'misplaced-dependency': {
        default: 'warning',
        description: 'A devDependency that code of a published package needs at run time. Users will not have it.',
      },
      'not-installed': {
        default: 'warning',
        description: 'A declared dependency that is in none of the node_modules folders that the package can use.',
      },
      'installed-out-of-range': {
        default: 'warning',
        description: 'An installed version that the declared range does not allow.',
      },
      'peer-conflict': {
        default: 'warning',
        description: 'An installed dependency whose peer is missing or has another version.',
      },
      'lockfile-missing': {
        default: 'warning',
        description: 'Dependencies without a lock file: every installation may give other versions.',
      },
      'multiple-lockfiles': {
        default: 'warning',
        description: 'Lock files of two package managers, which will disagree sooner or later.',
      },
      'engines-unsatisfied': {
        default: 'warning',
        description:
          'A dependency that does not support every Node.js that `engines` allows, or an `.nvmrc` or `.node-version` outside of `engines`.',
      },
      'missing-entry': {
        default: 'warning',
        description:
          '`main`, `module`, `types`, `bin` or `exports` names a file that does not exist and that no build seems to make.',
      },
      'unused-catalog-entry': {
        default: 'info',
        description: 'An entry of a pnpm catalog that no package uses.',
      },
      'unlisted-binary': {
        default: 'info',
        description:
          'A script that runs a program which no dependency of the package or of the workspace root provides.',
      },
    }),
    ignore: ignoreOption,
    knip: {
      enum: ['auto', 'off'],
      default: 'auto',
      description:
        "`auto`: where the workspace's own knip runs (`bulkhead.knip.enable`), it reports unused dependencies and unlisted programs. `off`: this detector reports them.",
    },
  },
} as const satisfies DetectorManifest;
