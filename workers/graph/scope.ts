/** Where a specifier stands, as far as it decides about its meaning. Types only. */
import type { Asker, Asking } from './conditions.ts';
import type { Project } from './projects.ts';
import type { Resolution } from './resolution.ts';

/** Modules whose specifiers resolve alike: those of one directory, project and language. */
export interface Scope {
  readonly directory: string;
  readonly project: Project | undefined;
  readonly isTypeScript: boolean;
  /** Parts of file names before the extension that are tried, preferred first; `''` stands for none. */
  readonly suffixes: readonly string[];
  /** Extensions that are tried after the usual ones. */
  readonly extensions: readonly string[];
  /** By what asks: `import` or `require`. */
  readonly askings: Readonly<Record<Asker, Asking>>;
  readonly resolutions: Readonly<Record<Asker, Map<string, Resolution>>>;
}
