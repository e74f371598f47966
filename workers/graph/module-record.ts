/** What a module record holds; record.ts reads it. Types only. */
import type { LineTable } from './lines.ts';
import type { Script } from './scripts.ts';

/**
 * `import`: an import declaration; `export`: `export … from`; `dynamic`: `import()`; `require`: `require()` and
 * `import x = require()`; `type`: `import('x').T` in a type; `reference`: a name that is resolved but not loaded
 * here, such as `import.meta.resolve()` and `new URL('x', import.meta.url)`; `resolve`: the same, but it fails if
 * nothing has that name: `require.resolve()`, `jest.mock()`, `new Worker(new URL('x', import.meta.url))`; `glob`: every file that a pattern
 * matches, as `import.meta.glob()` and `require.context()` load them.
 */
export type RequestKind = 'import' | 'export' | 'dynamic' | 'require' | 'type' | 'reference' | 'resolve' | 'glob';

export interface ImportedName {
  /** Name in the target module; `default`; `*` for its namespace, and for `export * from` without a name. */
  readonly imported: string;
  /** Name here: the local binding of an import, the exported name of a re-export; empty for a bare `export *`. */
  readonly local: string;
  readonly typeOnly: boolean;
  readonly start: number;
  readonly end: number;
}

/** A place where a module imports another one. Offsets are UTF-16 code units. */
export interface ModuleRequest {
  readonly kind: RequestKind;
  readonly specifier: string;
  /** By its syntax, it does not exist at run time. */
  readonly typeOnly: boolean;
  /** Loaded when some function runs, not with the module. */
  readonly deferred: boolean;
  /** The whole statement or call. */
  readonly start: number;
  readonly end: number;
  /** The specifier with its quotes. */
  readonly specifierStart: number;
  readonly specifierEnd: number;
  readonly names: readonly ImportedName[];
  /** Of a glob: the patterns as written, and an expression that the paths must match. */
  readonly patterns?: readonly string[];
  readonly filter?: string;
  /** Of a glob: the specifier is a folder that must exist. */
  readonly isFolder?: true;
}

export interface ModuleExport {
  /** Exported name, `default` included; `*` for `export * from`. */
  readonly name: string;
  readonly typeOnly: boolean;
  /** The binding of this module that it exports, if any. */
  readonly local?: string;
  /** Index of the request it re-exports from. */
  readonly request?: number;
  /** Name in the module re-exported from; `*` for its namespace. */
  readonly imported?: string;
  /** Declared with `let` or `var`, so importers see it change. */
  readonly isMutable?: true;
  readonly start: number;
  readonly end: number;
}

export interface ModuleRecord {
  /** Of the text. */
  readonly hash: string;
  readonly requests: readonly ModuleRequest[];
  readonly exports: readonly ModuleExport[];
  /** It has `import`, `export` or `import.meta`; otherwise it is a script or CommonJS. */
  readonly isModule: boolean;
  /** There may be more exports than listed: `export =`, CommonJS, a syntax error, a language that is read in part. */
  readonly hasUnknownExports: boolean;
  /** The text has a syntax error; requests are what could be read. */
  readonly isBroken: boolean;
  /** The scripts of a single-file component, in source order; empty for other files, which are one script. */
  readonly scripts: readonly Script[];
  /** A tool made the file: it says so at its top, or is minified. */
  readonly isGenerated: boolean;
  /** It is nested more deeply than the parser can follow; requests are what could be read. */
  readonly isTooDeep?: true;
  /** Its text has suppression comments. */
  readonly suppresses: boolean;
  /** A comment turns TypeScript's checks on or off for the file. */
  readonly typeCheck?: 'on' | 'off';
  /** Names in `declare module '…'`, possibly with one `*`. */
  readonly ambient: readonly string[];
  readonly lines: LineTable;
  /** UTF-16 code units. */
  readonly length: number;
}
