/**
 * Parses modules for the graph: imports and exports without the syntax tree, which would cost three times as much. Uses
 * the lazy mode of oxc-parser where the platform supports it. That mode is experimental, so a sample is parsed in both
 * modes once per process; if the results differ, the plain mode is used. Texts must not be nested too deeply: nesting.ts
 * says which are.
 */
import { parseSync, rawTransferSupported, type ParserOptions, type Program } from 'oxc-parser';

export type Language = NonNullable<ParserOptions['lang']>;

interface Span {
  readonly start: number;
  readonly end: number;
}

interface Name {
  readonly kind: string;
  readonly name: string | null;
  readonly start: number | null;
  readonly end: number | null;
}

interface Value extends Span {
  readonly value: string;
}

/** The parts of oxc-parser's module record that are used; offsets are UTF-16 code units. */
export interface ModuleSyntax {
  readonly hasModuleSyntax: boolean;
  readonly staticImports: readonly (Span & {
    readonly moduleRequest: Value;
    readonly entries: readonly { readonly importName: Name; readonly localName: Value; readonly isType: boolean }[];
  })[];
  readonly staticExports: readonly (Span & {
    readonly entries: readonly (Span & {
      readonly moduleRequest: Value | null;
      readonly importName: Name;
      readonly exportName: Name;
      readonly localName: Name;
      readonly isType: boolean;
    })[];
  })[];
  readonly dynamicImports: readonly (Span & { readonly moduleRequest: Span })[];
}

export interface Parsed {
  readonly module: ModuleSyntax;
  /** Parses again if the tree was not built. */
  program(): Program;
}

/** Offsets in UTF-16 code units. */
export function startsOfComments(lang: Language, text: string): ReadonlySet<number> {
  return new Set(parseSync('module', text, { lang, sourceType: 'unambiguous' }).comments.map(({ start }) => start));
}

/**
 * Undefined: a syntax error stopped the parser.
 * @param isLenient accept every tree that is whole, whatever it breaks: a name that is declared twice, a stray `await`
 */
export function parse(lang: Language, text: string, isLenient = false): Parsed | undefined {
  const options: ParserOptions = { lang, sourceType: lang === 'jsx' ? 'unambiguous' : 'module', preserveParens: false };
  const module = isLenient ? undefined : lazily?.(text, options);
  if (module) return { module, program: () => treeOf(text, options) };
  const result = parseSync('module', text, isLenient ? { ...options, ...fast() } : options);
  if (result.errors.length === 0) return { module: result.module, program: () => result.program };
  // JavaScript files may contain Flow or TypeScript syntax, and scripts may use words that modules reserve.
  if (lang === 'jsx') {
    for (const other of [
      { lang: 'tsx', sourceType: 'module' },
      { lang, sourceType: 'commonjs' },
    ] as const) {
      const lenient = parseSync('module', text, { ...options, ...other });
      if (lenient.errors.length === 0) return { module: lenient.module, program: () => lenient.program };
    }
  }
  // After a recoverable error the program is complete; otherwise it is empty.
  const { program } = result;
  const isWhole = program.body.length > 0 && program.end >= text.trimEnd().length;
  // The front matter of Astro may return.
  const isHarmless =
    isLenient ||
    result.module.staticImports.length > 0 ||
    result.errors.every(({ message }) => /'return'/.test(message));
  return isWhole && isHarmless ? { module: result.module, program: () => program } : undefined;
}

/** Transfers the tree through shared memory where possible, which takes a quarter of the time of JSON. */
function treeOf(text: string, options: ParserOptions): Program {
  return parseSync('module', text, { ...options, ...fast() }).program;
}

function fast(): ParserOptions & { readonly experimentalRawTransfer?: true } {
  return lazily === undefined ? {} : { experimentalRawTransfer: true };
}

// Names in the lazy mode: an object with a value, an object without one, or one of a few words.
type LazyName = Value | Span | string;

interface LazyResult {
  readonly errors: { readonly length: number };
  readonly module: {
    readonly hasModuleSyntax: boolean;
    readonly staticImports: Iterable<
      Span & {
        readonly moduleRequest: Value;
        readonly entries: Iterable<{
          readonly importName: LazyName;
          readonly localName: Value;
          readonly isType: boolean;
        }>;
      }
    >;
    readonly staticExports: Iterable<
      Span & {
        readonly entries: Iterable<
          Span & {
            readonly moduleRequest: Value | null;
            readonly importName: LazyName;
            readonly exportName: LazyName;
            readonly localName: LazyName;
            readonly isType: boolean;
          }
        >;
      }
    >;
    readonly dynamicImports: Iterable<Span & { readonly moduleRequest: Span }>;
  };
  dispose(): void;
}

/** Undefined: the text has an error. */
function readLazily(text: string, options: ParserOptions): ModuleSyntax | undefined {
  const lazyOptions: ParserOptions & { readonly experimentalLazy: true } = { ...options, experimentalLazy: true };
  const result = parseSync('module', text, lazyOptions) as unknown as LazyResult;
  try {
    if (result.errors.length > 0) return undefined;
    const { hasModuleSyntax, staticImports, staticExports, dynamicImports } = result.module;
    return {
      hasModuleSyntax,
      staticImports: Array.from(staticImports, ({ start, end, moduleRequest, entries }) => ({
        start,
        end,
        moduleRequest: valueOf(moduleRequest),
        entries: Array.from(entries, ({ importName, localName, isType }) => ({
          importName: nameFrom(importName, 'Default'),
          localName: valueOf(localName),
          isType,
        })),
      })),
      staticExports: Array.from(staticExports, ({ start, end, entries }) => ({
        start,
        end,
        entries: Array.from(entries, (entry) => ({
          start: entry.start,
          end: entry.end,
          moduleRequest: entry.moduleRequest && valueOf(entry.moduleRequest),
          importName: nameFrom(entry.importName, 'None'),
          exportName: nameFrom(entry.exportName, 'Default'),
          localName: nameFrom(entry.localName, 'Default'),
          isType: entry.isType,
        })),
      })),
      dynamicImports: Array.from(dynamicImports, ({ start, end, moduleRequest }) => ({
        start,
        end,
        moduleRequest: { start: moduleRequest.start, end: moduleRequest.end },
      })),
    };
  } finally {
    result.dispose();
  }
}

function valueOf({ value, start, end }: Value): Value {
  return { value, start, end };
}

function nameFrom(name: LazyName, unnamed: string): Name {
  if (typeof name === 'string') return { kind: WORDS[name] ?? 'None', name: null, start: null, end: null };
  const { start, end } = name;
  return 'value' in name ? { kind: 'Name', name: name.value, start, end } : { kind: unnamed, name: null, start, end };
}

const WORDS: Readonly<Record<string, string>> = {
  namespaceObject: 'NamespaceObject',
  all: 'All',
  allButDefault: 'AllButDefault',
};

const SAMPLE = `/* é😀 */ import a, { b as c, type D } from './x'; import * as e from './y'; import './z'; import type { F } from './f';
export * from './g'; export * as h from './h'; export { i as default, type J } from './i'; export const k = 1, { l } = {};
export default class M {} export type N = 1; const o = import('./o'); export { o as 'p q' }; import.meta.url;`;

function provenLazy(): typeof readLazily | undefined {
  if (!rawTransferSupported()) return undefined;
  const options: ParserOptions = { lang: 'ts', sourceType: 'module', preserveParens: false };
  try {
    const lazy = readLazily(SAMPLE, options);
    const { module } = parseSync('module', SAMPLE, options);
    return JSON.stringify(lazy && comparable(lazy)) === JSON.stringify(comparable(module)) ? readLazily : undefined;
  } catch {
    return undefined;
  }
}

/** The parts of a record that are used, in a fixed order. */
function comparable({ hasModuleSyntax, staticImports, staticExports, dynamicImports }: ModuleSyntax): unknown {
  const name = (one: Name): unknown => [
    one.kind === 'Name' || one.kind === 'Default' ? one.kind : '*',
    one.name,
    one.kind === 'Name' ? one.start : 0,
  ];
  return [
    hasModuleSyntax,
    staticImports.map((one) => [one.start, one.end, valueOf(one.moduleRequest), one.entries.map((entry) => [name(entry.importName), valueOf(entry.localName), entry.isType])]),
    staticExports.map((one) => [one.start, one.end, one.entries.map((entry) => [entry.start, entry.moduleRequest && valueOf(entry.moduleRequest), name(entry.importName), name(entry.exportName), entry.localName.name, entry.isType])]),
    dynamicImports.map((one) => [one.start, one.moduleRequest.start, one.moduleRequest.end]),
  ]; // prettier-ignore
}

const lazily = provenLazy();

/** Whether records are read without building trees; shown by the benchmark. */
export const isLazy = lazily !== undefined;
