/** The `circular` detector, as data. */
import { graphChanges, graphSandbox, graphWorker, ignoreOption } from '../../protocol/graph-manifest.ts';
import { rulesOption, type DetectorManifest } from '../../protocol/manifest.ts';

export const manifest = {
  name: 'circular',
  title: 'Circular dependencies',
  kind: 'graph',
  reports: 'import cycles, and those that fail when the modules are loaded',
  source: "Bulkhead's module graph",
  documentation: 'workers/detectors/circular/README.md',
  changes: graphChanges,
  untrusted: {},
  without: {},
  sandbox: graphSandbox,
  worker: graphWorker,
  cached: true,
  options: {
    ignore: ignoreOption,
    rules: rulesOption({
      'import-cycle': {
        default: 'warning',
        description:
          'Modules that import each other. None of them can be loaded, tested or understood without the others.',
      },
      'self-import': { default: 'error', description: 'A module that imports itself.' },
      'type-only-cycle': { default: 'off', description: 'Modules that import only types from each other.' },
      'dynamic-cycle': {
        default: 'info',
        description: 'A cycle that includes an `import()`, or a `require` inside a function.',
      },
      'cycle-uses-at-load': {
        default: 'error',
        description:
          'A module in a cycle reads an imported name while it loads, before the other module has run. ECMAScript modules then throw `ReferenceError: Cannot access … before initialization`; CommonJS modules get `undefined`.',
      },
    }),
  },
} as const satisfies DetectorManifest;
