/**
 * The scripts of single-file components (Vue, Svelte, Astro, MDX): which parts of the file are code, in which language, and
 * when each of them runs. Everything else of the file is markup, styles and custom blocks. Pure.
 */
import path from 'node:path';
import { blocksOfMdx } from './mdx.ts';
import { ClosingTags, commentEnd, Expressions, tagAt, type Attribute, type Tag } from './markup.ts';
import type { Language } from './parser.ts';

/**
 * `module`: with the module, like any other file; `instance`: for each instance of the component, after the module and
 * its imports have run; `client`: in the browser, as a module that nothing can import.
 */
export type ScriptRun = 'module' | 'instance' | 'client';

export interface Script {
  /** Offsets of the code in the text of the file. */
  readonly start: number;
  readonly end: number;
  readonly runs: ScriptRun;
}

export interface ScriptSource extends Script {
  readonly language: Language;
}

/** The file in the `src` attribute of a script, whose code takes the place of the script. */
export interface ExternalScript {
  readonly specifier: string;
  /** The element. */
  readonly start: number;
  readonly end: number;
  /** The specifier with its quotes. */
  readonly specifierStart: number;
  readonly specifierEnd: number;
}

export interface ComponentScripts {
  readonly scripts: readonly ScriptSource[];
  readonly external: readonly ExternalScript[];
}

/** Whether a file is a single-file component. */
export function isComponentFile(file: string): boolean {
  return READERS.has(path.posix.extname(file));
}

/** In source order; undefined: the file is no component but a script. */
export function scriptsOf(file: string, text: string): ComponentScripts | undefined {
  return READERS.get(path.posix.extname(file))?.(text);
}

/** Blocks are elements at the top level. Only scripts are code, and only templates have elements inside. */
function scriptsOfVue(text: string): ComponentScripts {
  const found = new Found();
  const closingTags = new ClosingTags(text);
  let hasOpenTemplate = false;
  eachTag(text, (tag, at) => {
    if (tag.isClosing) return tag.end;
    if (tag.isSelfClosing) {
      if (tag.name === 'script') found.add(tag, at, tag.end, tag.end, runOfVue(tag));
      return tag.end;
    }
    if (tag.name === 'template' && isHtml(tag) && !hasOpenTemplate) {
      const end = endOfTemplate(text, tag.end);
      // Without an end it is a mere tag, and so are further ones.
      hasOpenTemplate = end === undefined;
      return end ?? tag.end;
    }
    const closing = closingTags.after(tag.name, tag.end);
    if (closing === undefined) return tag.end;
    if (tag.name === 'script') found.add(tag, at, tag.end, closing[0], runOfVue(tag));
    return closing[1];
  });
  return found;
}

function runOfVue({ attributes }: Tag): ScriptRun {
  return attributes.has('setup') ? 'instance' : 'module';
}

function isHtml({ attributes }: Tag): boolean {
  return ['', 'html'].includes(attributes.get('lang')?.value ?? '');
}

/** The offset after a template, which may contain others; undefined: it has no end. */
function endOfTemplate(text: string, from: number): number | undefined {
  const next = /<|\{\{/g;
  const expressions = new Expressions(text);
  const lastInterpolation = text.lastIndexOf('}}');
  let depth = 1;
  next.lastIndex = from;
  for (let found = next.exec(text); found; found = next.exec(text)) {
    const { index: at } = found;
    if (found[0] === '{{') {
      next.lastIndex = at < lastInterpolation ? text.indexOf('}}', at) + 2 : at + 2;
      continue;
    }
    const comment = commentEnd(text, at);
    const tag = comment === undefined ? tagAt(text, at, expressions) : undefined;
    next.lastIndex = comment ?? tag?.end ?? at + 1;
    if (tag?.name !== 'template' || tag.isSelfClosing) continue;
    depth += tag.isClosing ? -1 : 1;
    if (depth === 0) return tag.end;
  }
  return undefined;
}

/** At most one script per instance and one of the module; further scripts are elements of the page. */
function scriptsOfSvelte(text: string): ComponentScripts {
  const found = new Found();
  const closingTags = new ClosingTags(text);
  const seen = new Set<ScriptRun>();
  eachTag(
    text,
    (tag, at) => {
      if (tag.isClosing) return tag.end;
      const isElement = tag.name === 'svelte:head' || tag.name === 'style';
      if (tag.name !== 'script' && !isElement) return tag.end;
      const closing = tag.isSelfClosing ? ([tag.end, tag.end] as const) : closingTags.after(tag.name, tag.end);
      if (closing === undefined) return tag.end;
      const { attributes } = tag;
      const runs = attributes.has('module') || attributes.get('context')?.value === 'module' ? 'module' : 'instance';
      if (!isElement && !seen.has(runs) && found.add(tag, at, tag.end, closing[0], runs)) seen.add(runs);
      return closing[1];
    },
    (at, expressions) => expressions.end(at),
  );
  return found;
}

/** The front matter runs on the server for each request or page. Scripts with further attributes are left to the page. */
function scriptsOfAstro(text: string): ComponentScripts {
  const found = new Found();
  const closingTags = new ClosingTags(text);
  const frontMatter = frontMatterOf(text);
  if (frontMatter) found.scripts.push({ ...frontMatter, runs: 'instance', language: 'ts' });
  eachTag(
    text,
    (tag, at) => {
      if (tag.isClosing || (tag.name !== 'script' && tag.name !== 'style')) return tag.end;
      const closing = tag.isSelfClosing ? ([tag.end, tag.end] as const) : closingTags.after(tag.name, tag.end);
      if (closing === undefined) return tag.end;
      const isBundled = [...tag.attributes.keys()].every((name) => name === 'src' || name === 'hoist');
      if (tag.name === 'script' && isBundled) found.addBundled(tag, at, tag.end, closing[0]);
      return closing[1];
    },
    (at, expressions) => (/^\{\s*\/\*/.test(text.slice(at, at + COMMENT_INDENT)) ? expressions.end(at) : undefined),
    frontMatter?.end,
  );
  return found;
}

/** `{` and a comment may be on two lines. UTF-16 code units. */
const COMMENT_INDENT = 80;

/** Between two lines of dashes, of which the first starts the file. */
function frontMatterOf(text: string): Omit<Script, 'runs'> | undefined {
  const open = /^\s*---/.exec(text);
  if (!open) return undefined;
  const close = /\n[ \t]*---/g;
  close.lastIndex = open[0].length;
  const end = close.exec(text);
  return end ? { start: open[0].length, end: end.index + 1 } : undefined;
}

/**
 * Calls `visit` for each tag outside of comments, and goes on where it says.
 * @param skip the end of an expression in braces to skip
 */
function eachTag(
  text: string,
  visit: (tag: Tag, at: number) => number,
  skip?: (at: number, expressions: Expressions) => number | undefined,
  from = 0,
): void {
  const expressions = new Expressions(text);
  const next = skip === undefined ? /</g : /[<{]/g;
  next.lastIndex = from;
  for (let found = next.exec(text); found; found = next.exec(text)) {
    const { index: at } = found;
    const end = found[0] === '{' ? skip?.(at, expressions) : commentEnd(text, at);
    const tag = end === undefined && found[0] === '<' ? tagAt(text, at, expressions) : undefined;
    next.lastIndex = end ?? (tag ? visit(tag, at) : at + 1);
  }
}

/** Collects the scripts of one file. */
class Found implements ComponentScripts {
  readonly scripts: ScriptSource[] = [];
  readonly external: ExternalScript[] = [];

  /**
   * @param at offset of the element
   * @param start offset of its content
   * @returns whether it is code
   */
  add({ attributes }: Tag, at: number, start: number, end: number, runs: ScriptRun): boolean {
    const language = languageOf(attributes);
    if (language === undefined) return false;
    const source = attributes.get('src');
    if (source === undefined) this.scripts.push({ start, end, runs, language });
    else if (source.value !== '') this.#addExternal(source, at, start);
    return true;
  }

  /** A script that Astro bundles, always as TypeScript. Paths without a dot belong to the page. */
  addBundled({ attributes }: Tag, at: number, start: number, end: number): void {
    const source = attributes.get('src');
    if (source === undefined) this.scripts.push({ start, end, runs: 'client', language: 'ts' });
    else if (source.value.startsWith('.')) this.#addExternal(source, at, start);
  }

  #addExternal(
    { value: specifier, start: specifierStart, end: specifierEnd }: Attribute,
    start: number,
    end: number,
  ): void {
    this.external.push({ specifier, start, end, specifierStart, specifierEnd });
  }
}

/** Undefined: the element holds data, or code of another language. */
function languageOf(attributes: Tag['attributes']): Language | undefined {
  const type = attributes.get('type')?.value ?? '';
  const lang = attributes.get('lang')?.value ?? TYPES[type];
  return lang === undefined ? undefined : LANGUAGES[lang];
}

/** By the attribute `type`. */
const TYPES: Readonly<Record<string, string>> = {
  '': 'js',
  module: 'js',
  'text/javascript': 'js',
  'application/javascript': 'js',
  'text/ecmascript': 'js',
  'text/babel': 'jsx',
  'text/typescript': 'ts',
};

/** By the attribute `lang`. Scripts in plain JavaScript may contain JSX. */
const LANGUAGES: Readonly<Record<string, Language>> = {
  '': 'jsx',
  js: 'jsx',
  javascript: 'jsx',
  jsx: 'jsx',
  babel: 'jsx',
  ts: 'ts',
  typescript: 'ts',
  tsx: 'tsx',
};

function scriptsOfMdx(text: string): ComponentScripts {
  const scripts = blocksOfMdx(text).map((block): ScriptSource => ({ ...block, runs: 'module', language: 'jsx' }));
  return { scripts, external: [] };
}

const READERS: ReadonlyMap<string, (text: string) => ComponentScripts> = new Map([
  ['.vue', scriptsOfVue],
  ['.svelte', scriptsOfSvelte],
  ['.astro', scriptsOfAstro],
  ['.mdx', scriptsOfMdx],
]);
