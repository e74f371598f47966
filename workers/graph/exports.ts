/** Follows names through re-exports to the module that binds them. Pure functions over the graph. */
import type { Module } from './graph.ts';

/**
 * `found`: this module binds the name as `local` (absent: an expression, or a namespace); `open`: it comes from where
 * the graph does not see every export; `absent`: nobody exports it.
 */
export type ExportedName =
  | { readonly kind: 'found'; readonly module: Module; readonly local?: string; readonly typeOnly: boolean }
  | { readonly kind: 'open' }
  | { readonly kind: 'absent' };

/** What a module's export of this name is; `default` is not passed on by `export *`. */
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
  let isOpen = module.record.hasUnknownExports;
  if (name !== 'default') {
    for (const star of module.record.exports) {
      if (star.name !== '*' || star.request === undefined) continue;
      const answer = through(module, star.request, name, seen);
      if (answer.kind === 'found') return answer;
      isOpen ||= answer.kind === 'open';
    }
  }
  return isOpen ? OPEN : ABSENT;
}

/** Every name a module exports; undefined when that cannot be told. `default` comes from itself only. */
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

const OPEN: ExportedName = { kind: 'open' };
const ABSENT: ExportedName = { kind: 'absent' };

function through(module: Module, request: number, name: string, seen: Set<string>): ExportedName {
  const target = module.targets[request];
  return target ? exportedName(target, name, seen) : OPEN;
}

/** A local name may itself be an import that is passed on. */
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
