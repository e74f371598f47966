/** Aliases of module names, in the forms in which tools write them. Pure. */
import path from 'node:path';
import { isRecord } from '../manifests.ts';
import { REST, UNKNOWN } from '../static-value.ts';

/**
 * Where an alias leads: to a path relative to the root, which may be completed; to another name; or to something that
 * only the tool knows.
 */
export type AliasTarget =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'unknown' };

export interface Alias {
  /** The configuration file or framework that defines it. */
  readonly by: string;
  /** Undefined: it does not match. Several targets are tried one after another. */
  readonly targetsOf: (specifier: string) => readonly AliasTarget[] | undefined;
}

/** Folders relative to the root by name; a name also stands for everything below it. */
export type AliasTable = Readonly<Record<string, string | readonly string[]>>;

export function aliasesOfTable(table: AliasTable, by: string): readonly Alias[] {
  return Object.entries(table).map(([name, folders]) => {
    const targets = [folders].flat().map((folder): AliasTarget => ({ kind: 'path', path: folder }));
    return prefixAlias(name, targets, by);
  });
}

/** How the strings of a configuration are to be understood. */
export interface AliasReading {
  readonly by: string;
  /** Absolute, in the form of `absoluteIn`. */
  readonly root: string;
  /** Folders that a relative target may be relative to, relative to the root; the most likely first. */
  readonly bases: readonly string[];
  /** `paths`: names and their targets; `patterns`: the names are regular expressions, as in Jest. */
  readonly keys: 'paths' | 'patterns';
}

export interface AliasesRead {
  readonly aliases: readonly Alias[];
  /** False: there are more that only the tool knows. */
  readonly isComplete: boolean;
}

/** @param value an object from names to targets, or a list of `{ find, replacement }` or `{ name, alias }` */
export function readAliases(value: unknown, reading: AliasReading): AliasesRead {
  const aliases: Alias[] = [];
  let isComplete = value !== UNKNOWN;
  const add = (name: unknown, target: unknown): void => {
    const alias = aliasOf(name, target, reading);
    if (alias) aliases.push(alias);
    else isComplete = false;
  };
  for (const part of [value].flat()) {
    if (part === undefined || part === null || part === false || typeof part === 'string') continue;
    if (!isRecord(part)) isComplete = false;
    else if ('find' in part) add(part['find'], part['replacement']);
    else if ('name' in part && 'alias' in part) add(part['name'], part['alias']);
    else for (const [name, target] of Object.entries(part)) add(name === REST ? UNKNOWN : name, target);
  }
  return { aliases, isComplete };
}

/** An alias for a name and for what is below it. */
export function prefixAlias(name: string, targets: readonly AliasTarget[], by: string): Alias {
  const folder = name.endsWith('/') ? name : `${name}/`;
  return {
    by,
    targetsOf: (specifier) => {
      if (specifier === name) return targets;
      return specifier.startsWith(folder)
        ? targets.map((one) => below(one, specifier.slice(folder.length)))
        : undefined;
    },
  };
}

function aliasOf(name: unknown, target: unknown, reading: AliasReading): Alias | undefined {
  const targets = targetsOf(target, reading);
  const { by } = reading;
  if (name instanceof RegExp) return patternAlias(name, targets, by, 'part');
  if (typeof name !== 'string') return undefined;
  const isPattern = reading.keys === 'patterns' || (name.startsWith('^') && /[$()]/.test(name));
  if (isPattern) {
    try {
      return patternAlias(new RegExp(name), targets, by, 'all');
    } catch {
      return undefined;
    }
  }
  if (name.endsWith('$')) {
    const exact = name.slice(0, -1);
    return { by, targetsOf: (specifier) => (specifier === exact ? targets : undefined) };
  }
  const star = name.indexOf('*');
  if (star === -1) return prefixAlias(name, targets, by);
  const [start, end] = [name.slice(0, star), name.slice(star + 1)];
  return {
    by,
    targetsOf: (specifier) => {
      if (specifier.length < name.length - 1 || !specifier.startsWith(start) || !specifier.endsWith(end))
        return undefined;
      const match = specifier.slice(start.length, specifier.length - end.length);
      return targets.map((one) => replaced(one, (text) => text.replace('*', () => match)));
    },
  };
}

/**
 * @param replaces bundlers replace the part that matches; Jest and Babel take the target for the whole name
 * @returns undefined: the pattern might take forever
 */
function patternAlias(
  pattern: RegExp,
  targets: readonly AliasTarget[],
  by: string,
  replaces: 'part' | 'all',
): Alias | undefined {
  if (mayTakeForever(pattern.source)) return undefined;
  const once = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
  return {
    by,
    targetsOf: (specifier) => {
      const match = specifier.length > MAXIMUM_SPECIFIER ? null : once.exec(specifier);
      if (!match) return undefined;
      const [before, after] =
        replaces === 'all'
          ? ['', '']
          : [specifier.slice(0, match.index), specifier.slice(match.index + match[0].length)];
      const filled = (text: string): string =>
        before + text.replace(/[$\\](\d)/g, (_, group: string) => match[Number(group)] ?? '') + after;
      return targets.map((one) => replaced(one, filled));
    },
  };
}

/** A repetition inside a repetition: the time of such an expression may grow without bounds. */
function mayTakeForever(source: string): boolean {
  return (
    source.length > 500 || /\([^()]*[*+}][^()]*\)\s*[*+{]/.test(source) || (source.match(/[*+]/g)?.length ?? 0) > 4
  );
}

const MAXIMUM_SPECIFIER = 300;

function targetsOf(value: unknown, reading: AliasReading): readonly AliasTarget[] {
  return [value].flat().flatMap((one): readonly AliasTarget[] => {
    const text =
      isRecord(one) && typeof one['href'] === 'string' ? decodeURI(one['href'].replace(/^file:\/\//, '')) : one;
    return typeof text === 'string' && text !== '' ? placesOf(text, reading) : [{ kind: 'unknown' }];
  });
}

function placesOf(text: string, { root, bases }: AliasReading): readonly AliasTarget[] {
  const ofPath = (file: string): AliasTarget => ({ kind: 'path', path: file });
  const relative = path.posix.relative(root, text) + (text.endsWith('/') ? '/' : '');
  if (text === root || text.startsWith(`${root}/`)) return [ofPath(relative)];
  const rooted = text.replace(/^<rootDir>\/?/, './');
  if (/^\.\.?(\/|$)/.test(rooted)) return bases.map((base) => ofPath(path.posix.join(base, rooted)));
  // An absolute path is one on the development server, or outside of the root.
  if (text.startsWith('/')) return [...bases.map((base) => ofPath(path.posix.join(base, text))), ofPath(relative)];
  if (/^[a-z][a-z0-9+.-]+:/i.test(text)) return [{ kind: 'unknown' }];
  return [...bases.map((base) => ofPath(path.posix.join(base, text))), { kind: 'name', name: text }];
}

function below(target: AliasTarget, rest: string): AliasTarget {
  return replaced(target, (text) => (text === '' || text.endsWith('/') ? text + rest : `${text}/${rest}`));
}

function replaced(target: AliasTarget, change: (text: string) => string): AliasTarget {
  if (target.kind === 'path') return { kind: 'path', path: normalized(change(target.path)) };
  return target.kind === 'name' ? { kind: 'name', name: change(target.name) } : target;
}

function normalized(file: string): string {
  const tidy = path.posix.normalize(file);
  return tidy === '.' ? '' : tidy;
}
