/** The uses of imports and names in a module, cached with its record: the tree is built once per text. */
import type { Module, ModuleGraph } from './graph.ts';
import { parseTree, recordHash, type ModuleRecord } from './record.ts';
import { usesIn, type ModuleUses } from './uses.ts';

/** Undefined: the text has a syntax error, or changed since the graph read it. */
export function usesOf(graph: ModuleGraph, module: Module): ModuleUses | undefined {
  const options = graph.projects.projectOf(module.file)?.options;
  const decoratorMetadata = options?.emitDecoratorMetadata === true;
  const known = (decoratorMetadata ? withMetadata : plain).get(module.record);
  if (known) return known.uses;
  const uses = readUses(graph, module, decoratorMetadata);
  (decoratorMetadata ? withMetadata : plain).set(module.record, { uses });
  return uses;
}

const plain = new WeakMap<ModuleRecord, { readonly uses: ModuleUses | undefined }>();
const withMetadata = new WeakMap<ModuleRecord, { readonly uses: ModuleUses | undefined }>();

function readUses(graph: ModuleGraph, { file, record }: Module, decoratorMetadata: boolean): ModuleUses | undefined {
  const text = graph.textOf(file);
  if (text === undefined || recordHash(text) !== record.hash) return undefined;
  try {
    const tree = parseTree(file, text);
    return tree && usesIn(tree, { decoratorMetadata });
  } catch (error) {
    // The tree is deeper than the stack: generated code.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
