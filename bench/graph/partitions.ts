/**
 * Compares the groups of modules that import each other with those that madge and dependency-cruiser find, on any folder.
 *
 *     node bench/graph/partitions.ts <tools> <root> <folder below root>
 *
 * `tools` is a folder with madge@8.0.0, dependency-cruiser@18.7.2 and typescript@6.0.3 installed. Counts of cycles cannot be
 * compared between tools, but components can. Each line shows how many are equal, and what differs.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { strongComponents, type Digraph } from '../../workers/graph/components.ts';
import { edgesOf, type Edge } from '../../workers/graph/edges.ts';
import { ModuleGraph } from '../../workers/graph/graph.ts';
import { isTypeScriptFile } from '../../workers/graph/record.ts';
import { usesOf } from '../../workers/graph/uses-of.ts';

type Edges = ReadonlyMap<string, ReadonlySet<string>>;

const [tools = '', rootArgument = '', folder = ''] = process.argv.slice(2);
const root = path.resolve(rootArgument);
const tsconfig = ['tsconfig.json', `${folder}/tsconfig.json`, `${folder}/../tsconfig.json`]
  .map((file) => path.join(root, file))
  .find((file) => existsSync(file));

const graph = new ModuleGraph(root);
await graph.update({ overlays: [] });
const edges = edgesOf(graph);
const { modules } = edges;

report(
  'madge',
  ownEdges((edge) => edge.request.kind !== 'type'),
  madge(false),
);
report(
  'madge, no types',
  ownEdges((edge) => edge.request.kind !== 'type' && !edge.request.typeOnly),
  madge(true),
);
report(
  'dependency-cruiser, before compilation',
  ownEdges(() => true),
  dependencyCruiser(true),
);
report(
  'dependency-cruiser, after compilation',
  ownEdges((edge) => !edge.request.typeOnly && !isElided(edge)),
  dependencyCruiser(false),
);

function ownEdges(wanted: (edge: Edge) => boolean): Edges {
  const inside = (file: string | undefined): boolean => file?.startsWith(`${folder}/`) ?? false;
  return new Map(
    modules.flatMap(({ file }, from) => {
      if (!inside(file)) return [];
      const targets = edges.leaving(from).filter((edge) => inside(modules[edge.to]?.file) && wanted(edge));
      return [[file, new Set(targets.map(({ to }) => modules[to]?.file ?? ''))] as const];
    }),
  );
}

function isElided({ from, request }: Edge): boolean {
  const module = modules[from];
  if (!module || request.kind !== 'import' || request.names.length === 0 || !isTypeScriptFile(module.file))
    return false;
  if (graph.projects.projectOf(module.file)?.keepsUnusedImports) return false;
  const uses = usesOf(graph, module);
  return uses !== undefined && request.names.every(({ typeOnly, local }) => typeOnly || !uses.values.has(local));
}

function madge(skipTypes: boolean): Edges {
  const script = `
    const madge = require('madge');
    const detective = { skipTypeImports: ${String(skipTypes)}, mixedImports: true };
    madge(${JSON.stringify(path.join(root, folder))}, {
      baseDir: ${JSON.stringify(root)}, fileExtensions: ['ts', 'tsx', 'js', 'jsx', 'mjs', 'cjs', 'mts', 'cts'],
      ${tsconfig ? `tsConfig: ${JSON.stringify(tsconfig)},` : ''} detectiveOptions: { ts: detective, tsx: detective, es6: detective },
    }).then((result) => process.stdout.write(JSON.stringify(result.obj())));`;
  const result = JSON.parse(run(['-e', script])) as Record<string, string[]>;
  return new Map(Object.entries(result).map(([file, targets]) => [file, new Set(targets)]));
}

function dependencyCruiser(beforeCompilation: boolean): Edges {
  const args = [
    path.join(path.resolve(tools), 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs'),
    ...['--no-config', '--output-type', 'json', '--include-only', `^${folder}/`],
    ...(tsconfig ? ['--ts-config', tsconfig] : []),
    ...(beforeCompilation ? ['--ts-pre-compilation-deps'] : []),
    folder,
  ];
  interface Cruised {
    readonly modules: readonly {
      readonly source: string;
      readonly dependencies: readonly { readonly resolved: string }[];
    }[];
  }
  const { modules: cruised } = JSON.parse(run(args, root)) as Cruised;
  return new Map(
    cruised.map(({ source, dependencies }) => [source, new Set(dependencies.map(({ resolved }) => resolved))]),
  );
}

function run(args: readonly string[], cwd = path.resolve(tools)): string {
  return execFileSync(process.execPath, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

function report(name: string, own: Edges, theirs: Edges): void {
  const [ours, others] = [own, theirs]
    .map(partition)
    .map((groups) => new Map(groups.map((group) => [group.join(), group])));
  if (!ours || !others) return;
  const equal = [...ours.keys()].filter((key) => others.has(key)).length;
  console.log(`${name}: ours ${String(ours.size)}, theirs ${String(others.size)}, equal ${String(equal)}`);
  if (equal === ours.size && equal === others.size) return;
  for (const file of new Set([...own.keys(), ...theirs.keys()])) {
    const [mine, other] = [own.get(file) ?? new Set<string>(), theirs.get(file) ?? new Set<string>()];
    for (const target of mine) if (!other.has(target)) difference('only ours', file, target);
    for (const target of other) if (!mine.has(target) && own.has(target)) difference('only theirs', file, target);
  }
}

function difference(whose: string, from: string, to: string): void {
  if (process.env['VERBOSE']) console.log(`  ${whose}: ${from} → ${to}`);
}

function partition(edges: Edges): readonly (readonly string[])[] {
  const files = [...edges.keys()].sort();
  const numbers = new Map(files.map((file, number) => [file, number]));
  const digraph: Digraph = files.map((file) =>
    [...(edges.get(file) ?? [])].flatMap((target) => numbers.get(target) ?? []),
  );
  return strongComponents(digraph).map((members) => members.map((number) => files[number] ?? ''));
}
