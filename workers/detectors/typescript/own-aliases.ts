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

/** Where aliases lead a name: files without extension, or folders. */
export interface OwnPlace {
  /** Absolute. */
  readonly place: string;
  /** The folder that the alias itself names, and that is there unless something generates it. */
  readonly folder: string;
}

export function placesOf(specifier: string, aliases: readonly OwnAlias[]): readonly OwnPlace[] {
  return aliases.flatMap(({ pattern, targets }) => {
    const star = matched(pattern, specifier);
    if (star === undefined) return [];
    return targets
      .filter((target) => !/[\\/]node_modules(?:[\\/]|$)/.test(target))
      .map((target) => {
        const [before = '', after = ''] = target.split('*');
        const isPattern = target.includes('*');
        return {
          place: isPattern ? before + star + after : target,
          folder: path.dirname(isPattern ? `${before}x` : target),
        };
      });
  });
}

/** The text that the star of a pattern stands for; without a star, the empty text. */
function matched(pattern: string, specifier: string): string | undefined {
  const [before = '', after] = pattern.split('*');
  if (after === undefined) return pattern === specifier ? '' : undefined;
  const fits =
    specifier.length >= before.length + after.length && specifier.startsWith(before) && specifier.endsWith(after);
  return fits ? specifier.slice(before.length, specifier.length - after.length) : undefined;
}

/** The targets of all conditions. */
function textsIn(target: unknown): readonly string[] {
  if (typeof target === 'string') return [target];
  if (Array.isArray(target)) return (target as unknown[]).flatMap(textsIn);
  return isRecord(target) ? Object.values(target).flatMap(textsIn) : [];
}
