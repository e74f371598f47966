/** Follows names through re-exports to the module that binds them. Pure functions over the graph. */
import type { Module } from './graph.ts';

/**
 * `found`: this module binds the name as `local` (absent: an expression or a namespace); `unknown`: the graph does not
 * see every export of a module on the way; `absent`: no module exports it.
 */
export type ExportedName =
  | { readonly kind: 'found'; readonly module: Module; readonly local?: string; readonly typeOnly: boolean }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'absent' };

/** Resolves an exported name; `export *` does not re-export `default`. */
export function exportedName(module: Module, name: string, seen = new Set<string>()): ExportedName {
  const key = `${module.file}\n${name}`;
  if (seen.has(key)) return ABSENT;
  seen.add(key);
  const entry = module.record.exports.find((one) => one.name === name);
  if (entry) {
    if (entry.request === undefined) return boundName(module, entry.local, entry.typeOnly, seen);
    if (entry.imported === '*') return { kind: 'found', module, typeOnly: entry.typeOnly };
    return through(module, entry.request, entry.imported ?? name, seen);
  }
  let hasUnknown = module.record.hasUnknownExports;
  if (name !== 'default') {
    for (const star of module.record.exports) {
      if (star.name !== '*' || star.request === undefined) continue;
      const answer = through(module, star.request, name, seen);
      if (answer.kind === 'found') return answer;
      hasUnknown ||= answer.kind === 'unknown';
    }
  }
  return hasUnknown ? UNKNOWN : ABSENT;
}

/** Every name a module exports; undefined: unknown. `default` counts only if the module itself exports it. */
export function exportedNames(module: Module, seen = new Set<Module>()): ReadonlySet<string> | undefined {
  if (seen.has(module)) return new Set();
  seen.add(module);
  if (module.record.hasUnknownExports) return undefined;
  const names = new Set<string>();
  for (const { name, request } of module.record.exports) {
    if (name !== '*') {
      names.add(name);
      continue;
    }
    const target = request === undefined ? undefined : module.targets[request];
    const further = target && exportedNames(target, seen);
    if (further === undefined) return undefined;
    for (const one of further) if (one !== 'default') names.add(one);
  }
  return names;
}

const UNKNOWN: ExportedName = { kind: 'unknown' };
const ABSENT: ExportedName = { kind: 'absent' };

function through(module: Module, request: number, name: string, seen: Set<string>): ExportedName {
  const target = module.targets[request];
  return target ? exportedName(target, name, seen) : UNKNOWN;
}

/** A local name may itself be an import that is re-exported. */
function boundName(module: Module, local: string | undefined, typeOnly: boolean, seen: Set<string>): ExportedName {
  if (local !== undefined) {
    for (const [index, request] of module.record.requests.entries()) {
      if (request.kind !== 'import') continue;
      const name = request.names.find((one) => one.local === local);
      if (!name) continue;
      return name.imported === '*' ? { kind: 'found', module, typeOnly } : through(module, index, name.imported, seen);
    }
    return { kind: 'found', module, local, typeOnly };
  }
  return { kind: 'found', module, typeOnly };
}
