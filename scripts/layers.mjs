// The layers of the house: which folder may import which. ESLint refuses every other arrow (eslint.config.mjs), and a test
// plants one import per forbidden arrow to see that it does.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');

/** `folder/*` stands for the files of the folder itself, without its subfolders. */
const ground = ['workers/ipc', 'workers/protocol', 'workers/reading'];
const serverGround = ['server/*', ...ground];
const belowEngine = [...serverGround, 'server/configuration', 'server/store', 'server/pool'];
const belowFolder = [...belowEngine, 'server/engine', 'server/sharing'];
const belowFrontEnds = [...belowFolder, 'server/folder', 'server/serialize'];
const belowDetectors = [...ground, 'workers/runtime', 'workers/graph', 'workers/commands', 'workers/rules'];

const detectors = readdirSync(path.join(root, 'workers', 'detectors'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => `workers/detectors/${name}`);

/**
 * By folder: the other folders that it may import.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const layers = {
  'workers/ipc': [],
  'workers/protocol': ['workers/ipc'],
  'workers/reading': ['workers/protocol'],
  'workers/runtime': ground,
  'workers/graph': [...ground, 'workers/runtime'],
  'workers/commands': [...ground, 'workers/graph'],
  'workers/rules': [...ground, 'workers/runtime', 'workers/graph'],
  ...Object.fromEntries(detectors.map((detector) => [detector, belowDetectors])),
  // The loader of detectors finds them by name.
  'workers/detectors/*': ['workers/protocol'],
  // Tools that a workspace declares.
  'workers/tools': [...ground, 'workers/runtime'],
  // The entries of worker processes.
  'workers/*': [...belowDetectors, 'workers/tools', 'workers/detectors/*', ...detectors],
  'server/*': ground,
  // A library of its own.
  'server/serialize': [],
  'server/store': serverGround,
  'server/pool': serverGround,
  'server/configuration': serverGround,
  'server/engine': belowEngine,
  'server/sharing': [...belowEngine, 'server/engine'],
  'server/folder': belowFolder,
  // The tools for agents are answered in an editor, too.
  'server/lsp': [...belowFrontEnds, 'server/mcp'],
  'server/mcp': belowFrontEnds,
  'server/cli': [...belowFrontEnds, 'server/mcp'],
  'server/library': belowFrontEnds,
  client: ['workers/protocol'],
};

/** A manifest is data: everybody above the protocol may read it, though a detector's code runs in workers only. */
const manifests = 'workers/detectors/{manifests,*/manifest}.ts';
const manifestFile = 'workers/detectors/*/manifest.ts';
const manifestReaders = Object.keys(layers).filter((name) =>
  /^(server\/|client|workers\/(runtime|detectors\/\*))/.test(name),
);

/** @returns {readonly { readonly from: string, readonly to: string }[]} every arrow that is refused, by folder */
export function forbiddenArrows() {
  const names = Object.keys(layers).filter((name) => existsSync(folderOf(name)));
  return names.flatMap((from) =>
    names.filter((to) => to !== from && !layers[from].includes(to)).map((to) => ({ from, to })),
  );
}

/** What the product is neither made of nor made from: no layer may import it. */
const outside = ['bench', 'dist', 'out', 'scripts', 'test'].filter((name) => existsSync(folderOf(name)));

/** The zones of `import-x/no-restricted-paths`: one per folder, with everything that it may not import. */
export function zones() {
  const folders = Object.keys(layers).map((name) => {
    const readsManifests = manifestReaders.includes(name);
    const refused = Object.keys(layers).filter((other) => other !== name && !layers[name].includes(other));
    return {
      target: globOf(name),
      from: [...refused, ...outside].map(globOf),
      ...(readsManifests ? { except: [path.join(root, manifests)] } : {}),
      message: `${name} may not import this: see scripts/layers.mjs.`,
    };
  });
  // Whoever reads a manifest loads what it imports: the code of its detector must not come along.
  const ofManifests = {
    target: path.join(root, manifestFile),
    from: Object.keys(layers)
      .filter((name) => name !== 'workers/protocol')
      .map(globOf),
    message: 'A manifest is data: it may import workers/protocol only.',
  };
  return [...folders, ofManifests];
}

/**
 * Forms of imports that `import-x/no-restricted-paths` does not see or cannot resolve, as options of
 * `no-restricted-syntax`: no arrow is hidden behind one.
 */
export const hiddenImports = [
  { selector: 'TSImportType', message: 'Import the type with `import type`: the layers cannot be checked otherwise.' },
  {
    selector: 'ImportExpression[source.type=/^(?:TemplateLiteral|BinaryExpression)$/]',
    message: 'Name the module in one literal: the layers cannot be checked otherwise.',
  },
  ...['ImportDeclaration', 'ExportNamedDeclaration', 'ExportAllDeclaration', 'ImportExpression'].flatMap((node) => [
    {
      selector: `${node}[source.value=/^\\.(?!.*\\.ts$)/]`,
      message: 'End the path in `.ts`: the layers cannot be checked otherwise.',
    },
    {
      selector: `${node}[source.value=/^bulkhead(?:\\u002F|$)/]`,
      message: 'Import the source, not the package that is made of it.',
    },
  ]),
];

export function folderOf(name) {
  return path.join(root, name.replace(/\/\*$/, ''));
}

function globOf(name) {
  return path.join(root, name.endsWith('/*') ? name : `${name}/**/*`);
}
