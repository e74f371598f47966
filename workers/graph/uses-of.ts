/** Uses of a module of the graph, kept with its record: a tree is built once per text. */
import type { Module, ModuleGraph } from './graph.ts';
import { parseTree, recordHash, type ModuleRecord } from './record.ts';
import { usesIn, type ModuleUses } from './uses.ts';

/** Undefined: the text does not parse, or is no longer the one the graph has read. */
export function usesOf(graph: ModuleGraph, module: Module): ModuleUses | undefined {
  const options = graph.projects.projectOf(module.file)?.options;
  const decoratorMetadata = options?.emitDecoratorMetadata === true;
  const kept = (decoratorMetadata ? withMetadata : plain).get(module.record);
  if (kept) return kept.uses;
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
    // A tree deeper than the stack; nobody wrote that by hand.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
