/**
 * Names the files that depend on given files. Reports no findings: the files it calls `done` for are the answer. It
 * uses the detector protocol because the module graph lives in the detectors' process.
 */
import path from 'node:path';
import type { Detector } from '../../protocol/detector.ts';
import { graphOf, type Module, type ModuleGraph } from '../../graph/index.ts';

export const detector: Detector = {
  name: 'dependents',
  version: '1',
  plan: () => Promise.resolve({ status: 'not-applicable', units: [], problems: [], configFiles: [] }),
  /** `options.of`: the files, relative to the root; some may be gone. */
  async check({ root, options, overlays, units: [unit] }, context) {
    const startedAt = performance.now();
    if (!unit) return { durationMs: 0, files: 0, issues: 0 };
    context.begin(unit, unit.file);
    const graph = await graphOf(root, { overlays, signal: context.signal });
    context.signal.throwIfAborted();
    const { of } = options;
    const files = Array.isArray(of) ? of.filter((file): file is string => typeof file === 'string') : [];
    for (const file of dependentsOf(graph, files)) await context.done(unit, file);
    return { durationMs: performance.now() - startedAt, files: graph.modules.size, issues: 0 };
  },
};

/** All modules that import one of the files, directly or not, without the files themselves; sorted. */
export function dependentsOf(graph: ModuleGraph, files: readonly string[]): readonly string[] {
  const importers = new Map<string, Module[]>();
  const lost: { readonly module: Module; readonly specifier: string }[] = [];
  for (const module of graph.modules.values()) {
    for (const [index, resolution] of module.resolutions.entries()) {
      const specifier = module.record.requests[index]?.specifier ?? '';
      if (resolution.kind === 'missing') lost.push({ module, specifier });
      if (resolution.kind !== 'file') continue;
      const known = importers.get(resolution.file);
      if (known) known.push(module);
      else importers.set(resolution.file, [module]);
    }
  }
  const found = new Set<string>();
  const pending = [...files];
  const add = ({ file }: Module): void => {
    if (found.has(file)) return;
    found.add(file);
    pending.push(file);
  };
  for (const file of files) {
    if (graph.files.has(file)) continue;
    for (const { module, specifier } of lost) if (mayHaveMeant(module.file, specifier, file)) add(module);
  }
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) importers.get(file)?.forEach(add);
  for (const file of files) found.delete(file);
  return [...found].sort();
}

/** Whether an unresolved import may have meant a deleted file; true if uncertain. */
function mayHaveMeant(from: string, specifier: string, gone: string): boolean {
  const target = stem(gone);
  if (specifier.startsWith('.')) return stem(path.posix.join(path.posix.dirname(from), specifier)) === target;
  // An alias: everything after its first segment is the end of the path.
  const tail = stem(specifier.split('/').slice(1).join('/'));
  return tail === '' || target === tail || target.endsWith(`/${tail}`);
}

/** Without extension and without `/index`. */
function stem(file: string): string {
  return file.replace(/(?:\.d)?\.[cm]?[jt]sx?$|\.json$/, '').replace(/(?:^|\/)index$/, '');
}
