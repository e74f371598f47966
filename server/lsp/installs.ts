/** Which package an issue misses, and the command that installs it. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import {
  addCommands,
  lockfiles,
  packageManagers,
  type PackageManager,
} from '../../workers/reading/package-managers.ts';

export interface Installation {
  /** Absolute. */
  readonly directory: string;
  /** As a person would type it. */
  readonly command: string;
}

interface MissingPackage {
  /** Absent: everything that is declared. */
  readonly name?: string;
  readonly isForDevelopment?: boolean;
}

/** The names of packages come from texts of the workspace and end up in a shell. */
const packageName = /^(?:@[a-z\d][\w.~-]*\/)?[a-z\d][\w.~-]*$/i;

/** @returns undefined: the issue misses no package */
export function installationFor(root: string, issue: Issue): Installation | undefined {
  const missing = missingPackage(issue);
  if (missing === undefined) return undefined;
  const { directory, manager } = managerFor(root, path.dirname(path.resolve(root, issue.file)));
  const { name, isForDevelopment = false } = missing;
  if (name === undefined) return { directory, command: `${manager} install` };
  return { directory, command: `${addCommands[manager][isForDevelopment ? 'development' : 'production']} ${name}` };
}

function missingPackage({ detector, rule, message }: Issue): MissingPackage | undefined {
  switch (detector) {
    case 'typescript': {
      const types = /`npm i --save-dev (@types\/[\w.-]+)/.exec(message)?.[1];
      if (types !== undefined) return { name: types, isForDevelopment: true };
      if (rule === 'TS2688')
        return named(/type definition file for '([^']+)'/.exec(message)?.[1], (name) => `@types/${name}`);
      return rule === 'TS2307' || rule === 'TS2792'
        ? named(/Cannot find module '([^']+)'/.exec(message)?.[1])
        : undefined;
    }
    case 'import':
      return rule === 'unresolved-package' ? (named(/^[^']*'([^']+)'/.exec(message)?.[1]) ?? {}) : undefined;
    case 'knip':
      if (rule === 'unlisted') return named(/^'([^']+)'/.exec(message)?.[1]);
      return rule === 'unresolved' ? named(/'([^']+)'/.exec(message)?.[1]) : undefined;
    case 'package':
      if (rule === 'unlisted-dependency') return named(/^'([^']+)'/.exec(message)?.[1]);
      return ['not-installed', 'lockfile-missing', 'installed-out-of-range'].includes(rule) ? {} : undefined;
    default:
      return undefined;
  }
}

/** @param specifier of an import: a package, a path in one, or no package at all */
function named(specifier: string | undefined, as = (name: string): string => name): MissingPackage | undefined {
  const parts = specifier?.split('/') ?? [];
  const name = parts.slice(0, specifier?.startsWith('@') === true ? 2 : 1).join('/');
  return packageName.test(name) && !name.startsWith('node:') ? { name: as(name) } : undefined;
}

/** The nearest folder with a manifest, and the manager whose lock file is there or above. */
function managerFor(root: string, from: string): { readonly directory: string; readonly manager: PackageManager } {
  let directory: string | undefined;
  for (let at = from; ; at = path.dirname(at)) {
    if (directory === undefined && existsSync(path.join(at, 'package.json'))) directory = at;
    const manager = packageManagers.find((one) => lockfiles[one].some((file) => existsSync(path.join(at, file))));
    if (manager !== undefined) return { directory: directory ?? at, manager };
    if (at === root || path.dirname(at) === at) return { directory: directory ?? root, manager: 'npm' };
  }
}
