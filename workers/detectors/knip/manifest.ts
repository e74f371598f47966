/** The `knip` detector, as data. */
import { anyOf, ignoreFile, knipConfig, lockfile, nothing } from '../../protocol/file-patterns.ts';
import { ruleSeverities, rulesOption, type DetectorManifest } from '../../protocol/manifest.ts';

export const manifest = {
  name: 'knip',
  title: 'knip',
  kind: 'external',
  reports:
    "the unused files, exports and dependencies that the workspace's own [knip](https://knip.dev) finds, if it is installed and configured",
  source: "the workspace's own knip (5 or 6) and its configuration",
  documentation: 'workers/detectors/knip/README.md',
  changes: {
    // Configurations of other tools, style sheets and pages mention packages and files too.
    sources: /\.(?:[cm]?[jt]sx?|vue|svelte|astro|mdx?|json[c5]?|ya?ml|toml|s?css|less|html?)$|^\.\w+rc$/i,
    configuration: anyOf(knipConfig, lockfile, ignoreFile),
    // Each run is a process of its own.
    environment: nothing,
    planFiles: 'configuration',
    invalidates: 'all',
  },
  // Configurations are code.
  untrusted: 'does not run',
  without: {},
  sandbox: { network: false, write: [], homeCaches: ['~/.yarn/berry'], processes: true },
  worker: {
    // It takes seconds, and no other detector should wait for it.
    group: 'knip',
    plansWith: 'build',
    count: 'one',
    lanes: {
      // The process of knip counts too. Between two runs there is nothing to keep warm.
      light: { memoryFactor: 3, limits: { idleMs: 20_000 } },
    },
  },
  cached: false,
  options: {
    rules: {
      ...rulesOption({
        files: { default: 'warning', description: 'A file that no entry file reaches.' },
        dependencies: { default: 'warning', description: 'A dependency that nothing uses.' },
        devDependencies: { default: 'warning', description: 'A devDependency that nothing uses.' },
        optionalPeerDependencies: {
          default: 'warning',
          description: 'A package that is used but declared only as an optional peer.',
        },
        unlisted: { default: 'warning', description: 'A package that is used but not declared.' },
        binaries: { default: 'warning', description: 'A program that no declared dependency provides.' },
        unresolved: { default: 'warning', description: 'An import that cannot be resolved.' },
        exports: { default: 'warning', description: 'An export that nothing imports.' },
        nsExports: { default: 'warning', description: 'An export of a namespace that nothing uses.' },
        types: { default: 'warning', description: 'An exported type that nothing imports.' },
        nsTypes: { default: 'warning', description: 'An exported type of a namespace that nothing uses.' },
        enumMembers: { default: 'warning', description: 'A member of an enum that nothing uses.' },
        classMembers: { default: 'warning', description: 'A member of a class that nothing uses.' },
        namespaceMembers: { default: 'warning', description: 'A member of a namespace that nothing uses.' },
        duplicates: { default: 'warning', description: 'The same thing exported under several names.' },
        catalog: { default: 'warning', description: 'An entry of a catalog that no package uses.' },
        catalogReferences: {
          default: 'warning',
          description: 'A reference to a catalog entry that does not exist.',
        },
        cycles: { default: 'warning', description: 'Modules that import each other.' },
      }),
      description:
        "Severity of each of knip's issue types. What knip's own configuration leaves out is never reported.",
      // Later versions of knip, and its plugins, have more types.
      additionalProperties: { enum: ruleSeverities },
    },
    arguments: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description:
        "Arguments of knip that decide what it finds, such as `--production`. If empty, those of the project's own script.",
    },
    timeout: {
      type: 'number',
      minimum: 1,
      default: 300,
      description: 'Seconds after which a run of knip without an answer is ended.',
    },
  },
} as const satisfies DetectorManifest;
