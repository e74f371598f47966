/** Bare names that the project's own configuration leads to its own folders, so that no installation brings them. Pure. */
import path from 'node:path';
import { isRecord } from '../../reading/config-file.ts';

/** A pattern of `paths` or of `imports`, with its targets: absolute, each with at most one `*`. */
export interface OwnAlias {
  readonly pattern: string;
  readonly targets: readonly string[];
}

/** @param folder absolute; what the targets are relative to */
export function aliasesOfPaths(paths: unknown, folder: string): readonly OwnAlias[] {
  if (!isRecord(paths)) return [];
  return Object.entries(paths).flatMap(([pattern, targets]) => {
    const places = (Array.isArray(targets) ? (targets as unknown[]) : []).filter((one) => typeof one === 'string');
    return pattern === '*' ? [] : [{ pattern, targets: places.map((one) => path.resolve(folder, one)) }];
  });
}

/** @param imports the field of a package.json. @param folder absolute, of that file */
export function aliasesOfImports(imports: unknown, folder: string): readonly OwnAlias[] {
  if (!isRecord(imports)) return [];
  return Object.entries(imports).map(([pattern, target]) => ({
    pattern,
    targets: textsIn(target)
      .filter((one) => one.startsWith('./'))
      .map((one) => path.resolve(folder, one)),
  }));
}

/**
 * Whether an alias leads the name into a folder that is there. Then only the file is missing: what a command generates
 * comes with its folder.
 */
export function leadsToOwnFolder(
  specifier: string,
  aliases: readonly OwnAlias[],
  hasFolder: (absolute: string) => boolean,
): boolean {
  return aliases.some(({ pattern, targets }) => {
    if (!matches(pattern, specifier)) return false;
    return targets.some((target) => {
      const folder = path.dirname(target.split('*', 1)[0] + 'x');
      return !/[\\/]node_modules(?:[\\/]|$)/.test(folder) && hasFolder(folder);
    });
  });
}

function matches(pattern: string, specifier: string): boolean {
  const [before = '', after] = pattern.split('*');
  if (after === undefined) return pattern === specifier;
  return specifier.length >= pattern.length - 1 && specifier.startsWith(before) && specifier.endsWith(after);
}

/** The targets of all conditions. */
function textsIn(target: unknown): readonly string[] {
  if (typeof target === 'string') return [target];
  if (Array.isArray(target)) return (target as unknown[]).flatMap(textsIn);
  return isRecord(target) ? Object.values(target).flatMap(textsIn) : [];
}
