/** The `import` detector, as data. */
import { graphChanges, graphSandbox, graphWorker, ignoreOption } from '../../protocol/graph-manifest.ts';
import { rulesOption, type DetectorManifest } from '../../protocol/manifest.ts';

export const manifest = {
  name: 'import',
  title: 'Imports',
  kind: 'graph',
  reports: 'imports that cannot be resolved or resolve to the wrong module',
  source: "Bulkhead's module graph",
  documentation: 'workers/detectors/import/README.md',
  changes: graphChanges,
  untrusted: {},
  // Nobody else tells what TypeScript would have told.
  without: { typescript: { dedupeWithTypescript: false } },
  sandbox: graphSandbox,
  worker: graphWorker,
  cached: true,
  options: {
    rules: rulesOption({
      unresolved: {
        default: 'error',
        description:
          'A relative path, an alias or an entry of `imports` in package.json that does not resolve to a file.',
      },
      'unresolved-package': {
        default: 'error',
        description: 'A package that is neither installed nor declared.',
      },
      'missing-export': {
        default: 'error',
        description: 'A name that the imported module does not export.',
      },
      'case-mismatch': {
        default: 'error',
        description: 'A path that differs from the name of the file in upper and lower case.',
      },
      'exports-blocked': {
        default: 'error',
        description: 'A path that the `exports` of the package do not list. Node.js and bundlers refuse to load it.',
      },
      'missing-extension-esm': {
        default: 'error',
        description:
          'A path without its file extension, or to a folder, in an ECMAScript module. Node.js does not complete it.',
      },
      'duplicate-import': {
        default: 'warning',
        description: 'A module that is imported by two statements that could be one.',
      },
      'absolute-path': {
        default: 'warning',
        description: 'A path from the root of the file system, which exists on one machine only.',
      },
      'deprecated-builtin': {
        default: 'warning',
        description: 'A module of Node.js, or a name from one, that its documentation lists as deprecated.',
      },
      'invalid-configuration': {
        default: 'warning',
        description:
          'A value of a tsconfig that does not count, a base that does not exist, or a configuration that is no file. What TypeScript reports in its projects is left out.',
      },
      'too-deep': {
        default: 'warning',
        description: 'A file that is nested too deeply for the parser. Only its import statements are read.',
      },
      'commonjs-in-esm': {
        default: 'warning',
        description: '`require` in an ECMAScript module, where it is not defined.',
      },
    }),
    ignore: ignoreOption,
    dedupeWithTypescript: {
      type: 'boolean',
      default: true,
      description:
        'Leave out what TypeScript already reports in the files of its projects. Without effect while the `typescript` detector is turned off or fails.',
    },
    known: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description:
        'Names that something else resolves, such as a plug-in of a bundler: `#ui/*`, `virtual:*`. A `*` stands for any characters. The `package` detector heeds them too.',
    },
  },
} as const satisfies DetectorManifest;
