/** The `isolation` detector, as data. */
import { anyOf, eslintConfig } from '../../protocol/file-patterns.ts';
import { graphChanges, graphSandbox, graphWorker, ignoreOption } from '../../protocol/graph-manifest.ts';
import { rulesOption, type DetectorManifest } from '../../protocol/manifest.ts';

const globs = { type: ['string', 'array'], items: { type: 'string' } } as const;

export const manifest = {
  name: 'isolation',
  title: 'Isolation',
  kind: 'graph',
  reports: 'imports across the boundaries of packages, folders and layers, and modules that too much depends on',
  source: "Bulkhead's module graph",
  documentation: 'workers/detectors/isolation/README.md',
  // ESLint's configuration may define boundaries.
  changes: { ...graphChanges, configuration: anyOf(graphChanges.configuration, eslintConfig) },
  untrusted: {},
  without: {},
  sandbox: graphSandbox,
  worker: graphWorker,
  cached: true,
  options: {
    ignore: ignoreOption,
    rules: rulesOption({
      'cross-package-relative-import': {
        default: 'error',
        description:
          "A relative path into another package of the workspace. It bypasses that package's exports and the declared dependency.",
      },
      'deep-import': {
        default: 'warning',
        description: 'An alias to a file of a workspace package that the `exports` of that package do not list.',
      },
      'private-folder': {
        default: 'warning',
        description:
          'An import from outside into a folder named `internal`, `_internal`, `__internal__`, `_private` or `private_`.',
      },
      'prod-imports-test': {
        default: 'error',
        description: 'Production code that imports test code, which would have to be shipped with it.',
      },
      'app-imports-app': {
        default: 'warning',
        description: 'An application (a package below `apps/`) that imports another one.',
      },
      boundary: {
        default: 'error',
        description:
          'An import that a boundary forbids: one of `bulkhead.isolation.boundaries`, or one that is configured for dependency-cruiser, Nx or eslint-plugin-boundaries and can be read without executing code. Unless you set a severity here, those keep their own.',
      },
      'invalid-configuration': {
        default: 'warning',
        description:
          'A configuration of boundaries that cannot be read: a syntax error, a value of a wrong type, or no file at all. Its rules are not enforced.',
      },
      'unstable-dependency': {
        default: 'off',
        description:
          'A module with five or more dependents that depends on one whose instability Ce / (Ca + Ce) is higher by at least 0.3.',
      },
      'hub-module': {
        default: 'info',
        description:
          'A module with at least twenty imports and twenty importers that is among the top 5 % of the workspace in both.',
      },
      'god-module': {
        default: 'info',
        description: 'A module with more than 1,000 lines, at least thirty exports and at least twenty importers.',
      },
      'mutable-export': {
        default: 'info',
        description: 'An exported `let` or `var`, which may change while other modules use it.',
      },
      'effect-on-load': {
        default: 'off',
        description:
          'A call, or an assignment to a global, at the top level of a module that exports something and is imported: importing it has side effects.',
      },
    }),
    boundaries: {
      type: 'array',
      default: [],
      description: 'Layers, and what each may import.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['from'],
        properties: {
          name: { type: 'string', description: 'How messages call the boundary.' },
          from: { ...globs, description: 'Globs of the files that it is about.' },
          allow: { ...globs, description: 'Globs of the only files that they may import, besides each other.' },
          disallow: { ...globs, description: 'Globs of files that they must not import.' },
          types: {
            enum: ['count', 'allow'],
            default: 'count',
            description: 'Whether imports of types count, or are always allowed.',
          },
          message: { type: 'string', description: 'Shown with each finding: why the boundary is there.' },
        },
      },
    },
  },
} as const satisfies DetectorManifest;
