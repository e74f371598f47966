/** The uses of imports and names in a module, cached with its record: the tree is built once per text. */
import type { Module, ModuleGraph } from './graph.ts';
import type { CompilerOptions } from './projects.ts';
import { parseScripts, recordHash, type ModuleRecord } from './record.ts';
import { usesIn, type ModuleUses, type UseOptions } from './uses.ts';

/** Undefined: the text has a syntax error, or changed since the graph read it. */
export function usesOf(graph: ModuleGraph, module: Module): ModuleUses | undefined {
  const options = useOptions(graph, module);
  const key = JSON.stringify(options);
  const known = cache.get(module.record);
  if (known?.key === key) return known.uses;
  const uses = readUses(graph, module, options);
  cache.set(module.record, { key, uses });
  return uses;
}

const cache = new WeakMap<ModuleRecord, { readonly key: string; readonly uses: ModuleUses | undefined }>();

function useOptions(graph: ModuleGraph, { file }: Module): UseOptions {
  const options = graph.projects.projectOf(file)?.options;
  if (options?.emitDecoratorMetadata !== true) return PLAIN;
  const strictNullChecks = options.strictNullChecks ?? options.strict ?? false;
  return { metadata: { isReadAtLoad: isEcmaScriptOutput(graph, file, options), strictNullChecks } };
}

const PLAIN: UseOptions = {};

/** Whether the compiler keeps `import`, so that a name that is read too early throws. In CommonJS it is undefined. */
function isEcmaScriptOutput({ manifests }: ModuleGraph, file: string, { module, target }: CompilerOptions): boolean {
  const format = module?.toLowerCase();
  if (format === undefined) return target !== undefined && !/^es[35]$/i.test(target);
  if (!format.startsWith('node')) return format.startsWith('es') || format === 'preserve';
  if (/\.[mc]ts$/.test(file)) return file.endsWith('.mts');
  return manifests.scopeOf(file)?.data.type === 'module';
}

function readUses(graph: ModuleGraph, { file, record }: Module, options: UseOptions): ModuleUses | undefined {
  const text = graph.textOf(file);
  if (text === undefined || recordHash(text) !== record.hash) return undefined;
  try {
    const scripts = parseScripts(file, text);
    return scripts && usesIn(scripts, options);
  } catch (error) {
    // The tree is deeper than the stack: generated code.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
