/**
 * The module record of one text: its requests and exports. A record depends on the text and the language only, not on
 * the path, so the content hash identifies it. It holds no syntax tree and no text.
 */
import { hash } from 'node:crypto';
import path from 'node:path';
import { hasSuppressions } from '../runtime/suppression.ts';
import type { Program } from 'oxc-parser';
import { callsIn, type Call } from './calls.ts';
import { lineTableOf, rangeAt } from './lines.ts';
import { isTooDeep } from './nesting.ts';
import { parse, startsOfComments, type Language, type ModuleSyntax, type Parsed } from './parser.ts';
import type { Range } from '../protocol/detector-protocol.ts';
import { interned } from './interned.ts';
import type { ImportedName, ModuleExport, ModuleRecord, ModuleRequest } from './module-record.ts';

export type { ImportedName, ModuleExport, ModuleRecord, ModuleRequest, RequestKind } from './module-record.ts';

/** Extensions of files that are read as modules. */
export const MODULE_EXTENSIONS = [
  '.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '.vue', '.svelte', '.astro',
] as const; // prettier-ignore

const MODULE_EXTENSION_SET: ReadonlySet<string> = new Set(MODULE_EXTENSIONS);

export function isModuleFile(file: string): boolean {
  return MODULE_EXTENSION_SET.has(path.posix.extname(file));
}

export function isDeclarationFile(file: string): boolean {
  return /\.d\.([cm]?ts|[^./]+\.ts)$/.test(file);
}

export function isTypeScriptFile(file: string): boolean {
  return /\.[cm]?tsx?$/.test(file);
}

/** The hash of a text as one character per byte, half the size of hexadecimal digits. */
export function recordHash(text: string): string {
  return hash('sha1', text, 'binary');
}

/** Reads a record. Never throws for a syntax error: the record is then broken, with unknown exports. */
export function readRecord(file: string, text: string, contentHash = recordHash(text)): ModuleRecord {
  const language = languageOf(file);
  const source = EMBEDDED.has(path.posix.extname(file)) ? onlyScripts(text) : text;
  const isDeep = isTooDeep(source);
  const parsed = isDeep ? undefined : parse(language, source);
  const isBroken = parsed === undefined;
  const readable = isBroken ? onlyImportStatements(source) : source;
  const result = parsed ?? parse(language, readable);
  const requests: ModuleRequest[] = [];
  const exports: ModuleExport[] = [];
  let hasTree = true;
  if (result !== undefined) {
    readImports(result.module, requests);
    readExports(result.module, readable, requests, exports);
    readDynamicImports(result.module, readable, requests);
    if (needsTree(readable, language, result.module)) {
      const tree = treeOf(result);
      hasTree = tree !== undefined;
      for (const call of tree ? callsIn(tree) : []) requests.push(requestOfCall(call));
    }
    requests.sort((one, other) => one.start - other.start);
    reindex(exports, requests);
  }
  const isModule = result?.module.hasModuleSyntax ?? false;
  return {
    hash: contentHash,
    requests: compact(requests),
    exports: compact(exports),
    isModule,
    hasUnknownExports: isBroken || !isModule || EMBEDDED.has(path.posix.extname(file)) || hasExportAssignment(text),
    isBroken,
    ...(isDeep || !hasTree ? { isTooDeep: true as const } : {}),
    suppresses: hasSuppressions(text),
    ambient: text.includes('declare module') ? ambientNames(text) : NONE,
    lines: lineTableOf(text),
    length: text.length,
  };
}

export function rangeIn(record: ModuleRecord, start: number, end: number): Range {
  return rangeAt(record.lines, start, end);
}

/** The range of a request's specifier, where findings are shown. */
export function specifierRange(record: ModuleRecord, request: ModuleRequest): Range {
  return rangeAt(record.lines, request.specifierStart, request.specifierEnd);
}

/** The syntax tree of a text, parsed as by {@link readRecord}; undefined: it has a syntax error, or is nested too deeply. */
export function parseTree(file: string, text: string): Program | undefined {
  const source = EMBEDDED.has(path.posix.extname(file)) ? onlyScripts(text) : text;
  const parsed = isTooDeep(source) ? undefined : parse(languageOf(file), source);
  return parsed && treeOf(parsed);
}

/** Offsets of comments; undefined: the parser does not see all comments of this language, or of this text. */
export function commentStarts(file: string, text: string): ReadonlySet<number> | undefined {
  const isUnseen = EMBEDDED.has(path.posix.extname(file)) || isTooDeep(text);
  return isUnseen ? undefined : startsOfComments(languageOf(file), text);
}

/** Undefined: the tree is deeper than the stack of the code that builds it. */
function treeOf(parsed: Parsed): Program | undefined {
  try {
    return parsed.program();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const EMBEDDED: ReadonlySet<string> = new Set(['.vue', '.svelte', '.astro']);

/** `export =`, or CommonJS beside ECMAScript syntax, as bundlers allow. The cheap test comes first. */
function hasExportAssignment(text: string): boolean {
  return (text.includes('module.exports') && /\bmodule\.exports\b/.test(text)) || /\bexport\s*=/.test(text);
}

function languageOf(file: string): Language {
  if (isDeclarationFile(file)) return 'dts';
  switch (path.posix.extname(file)) {
    case '.ts':
    case '.mts':
    case '.cts':
      return 'ts';
    case '.js':
    case '.jsx':
    case '.mjs':
    case '.cjs':
      return 'jsx';
    default:
      return 'tsx';
  }
}

function readImports(module: ModuleSyntax, requests: ModuleRequest[]): void {
  for (const { start, end, moduleRequest, entries } of module.staticImports) {
    const names = entries.map(({ importName, localName, isType }): ImportedName => ({
      imported: nameOf(importName),
      local: interned(localName.value),
      typeOnly: isType,
      start: importName.start ?? localName.start,
      end: importName.end ?? localName.end,
    }));
    requests.push({
      kind: 'import',
      specifier: interned(moduleRequest.value),
      typeOnly: names.length > 0 && names.every(({ typeOnly }) => typeOnly),
      deferred: false,
      start,
      end,
      specifierStart: moduleRequest.start,
      specifierEnd: moduleRequest.end,
      names: compact(names),
    });
  }
}

/** Each re-export becomes a request. Until {@link reindex}, `request` of an export is the offset of that request. */
function readExports(module: ModuleSyntax, text: string, requests: ModuleRequest[], exports: ModuleExport[]): void {
  // The parser treats `import { a } from 'x'; export { a };` as a re-export; here it is the export of a binding.
  const passesOn = module.staticExports.some(({ entries }) => entries.some((entry) => entry.moduleRequest !== null));
  const imported = passesOn ? importedNames(module) : new Map<string, string>();
  for (const { start, end, entries } of module.staticExports) {
    const mutable = /^export\s+(?:let|var)\b/.test(text.slice(start, start + 20)) ? { isMutable: true as const } : {};
    const names: ImportedName[] = [];
    for (const { moduleRequest, importName, exportName, localName, isType, ...span } of entries) {
      const name = nameOf(exportName);
      const place = { start: exportName.start ?? span.start, end: exportName.end ?? span.end };
      const passed = moduleRequest && imported.get(`${String(moduleRequest.start)} ${String(importName.start)}`);
      if (moduleRequest === null || passed !== undefined) {
        const bound = passed ?? localName.name;
        const local = bound === null ? undefined : interned(bound);
        exports.push({ name, typeOnly: isType, ...(local === undefined ? {} : { local }), ...mutable, ...place });
        continue;
      }
      const asked = nameOf(importName);
      exports.push({ name, typeOnly: isType, request: start, imported: asked, ...place });
      const named = importName.start !== null && importName.end !== null ? importName : place;
      names.push({
        imported: asked,
        local: name === '*' ? '' : name,
        typeOnly: isType,
        start: named.start ?? place.start,
        end: named.end ?? place.end,
      });
    }
    const source = entries[0]?.moduleRequest;
    if (!source || names.length === 0) continue;
    requests.push({
      kind: 'export',
      specifier: interned(source.value),
      typeOnly: names.every(({ typeOnly }) => typeOnly),
      deferred: false,
      start,
      end,
      specifierStart: source.start,
      specifierEnd: source.end,
      names: compact(names),
    });
  }
}

/** Local names by the offsets of their module specifier and of themselves. */
function importedNames({ staticImports }: ModuleSyntax): ReadonlyMap<string, string> {
  return new Map(
    staticImports.flatMap(({ moduleRequest, entries }) =>
      entries.map(
        ({ importName, localName }) =>
          [`${String(moduleRequest.start)} ${String(importName.start)}`, localName.value] as const,
      ),
    ),
  );
}

/** `default` for a default export or import, `*` if there is no name. */
function nameOf({ kind, name }: { readonly kind: string; readonly name: string | null }): string {
  return kind === 'Default' ? 'default' : kind === 'Name' ? interned(name ?? '') : '*';
}

function readDynamicImports(module: ModuleSyntax, text: string, requests: ModuleRequest[]): void {
  for (const { start, end, moduleRequest } of module.dynamicImports) {
    const specifier = literalValue(text.slice(moduleRequest.start, moduleRequest.end));
    if (specifier === undefined) continue;
    requests.push({
      kind: 'dynamic',
      specifier: interned(specifier),
      typeOnly: false,
      deferred: true,
      start,
      end,
      specifierStart: moduleRequest.start,
      specifierEnd: moduleRequest.end,
      names: NONE,
    });
  }
}

function requestOfCall(call: Call): ModuleRequest {
  return {
    kind: call.kind,
    specifier: interned(call.specifier),
    typeOnly: call.typeOnly,
    deferred: call.deferred,
    start: call.start,
    end: call.end,
    specifierStart: call.specifierStart,
    specifierEnd: call.specifierEnd,
    names: compact(call.names.map(ownedName)),
  };
}

function ownedName(name: ImportedName): ImportedName {
  return { ...name, imported: interned(name.imported), local: interned(name.local) };
}

/**
 * Only the tree shows calls, but building it takes five times as long as parsing and forty times the memory of the
 * text. So it is built only if the text may contain such a call.
 */
function needsTree(text: string, language: Language, module: ModuleSyntax): boolean {
  if (text.length > MAXIMUM_TREE) return false;
  if (text.includes('require') && /\brequire\s*[.(]/.test(text)) return true;
  if (text.includes('import.meta') && /import\.meta\.resolve|\bnew\s+URL\s*\(/.test(text)) return true;
  if (language === 'jsx') return false;
  const possible = text.match(/\bimport\s*\(/g)?.length ?? 0;
  return possible > module.dynamicImports.length;
}

/** Longer texts are bundles, such as a checked-in copy of Yarn. UTF-16 code units. */
const MAXIMUM_TREE = 1_000_000;

function reindex(exports: ModuleExport[], requests: readonly ModuleRequest[]): void {
  if (exports.every(({ request }) => request === undefined)) return;
  const byStart = new Map(requests.map((request, index) => [request.start, index]));
  exports.forEach((entry, index) => {
    if (entry.request !== undefined) exports[index] = { ...entry, request: byStart.get(entry.request) ?? -1 };
  });
}

const NONE: readonly never[] = [];

/** Copies a list, which drops its spare capacity; all empty lists are the same object. */
function compact<One>(list: readonly One[]): readonly One[] {
  return list.length === 0 ? NONE : list.slice();
}

/** The value of a string literal; undefined: the source is another expression. */
function literalValue(source: string): string | undefined {
  const quote = source[0];
  if ((quote !== '"' && quote !== "'" && quote !== '`') || source.at(-1) !== quote) return undefined;
  const inner = source.slice(1, -1);
  // Escapes in specifiers are too rare to decode.
  return inner.includes('\\') || inner.includes(quote) || (quote === '`' && inner.includes('${')) ? undefined : inner;
}

function ambientNames(text: string): readonly string[] {
  return [...text.matchAll(/\bdeclare\s+module\s+(['"])([^'"\n]+)\1/g)].map((match) => interned(match[2] ?? ''));
}

/**
 * Replaces everything except the scripts of a component file and Astro's front matter by spaces, so that offsets stay.
 */
function onlyScripts(text: string): string {
  const frontMatter = /^\s*---\r?\n([\s\S]*?)\r?\n---/d;
  const scripts = /<script\b(?:[^>"']|"[^"]*"|'[^']*')*>([\s\S]*?)<\/script\s*>/dgi;
  const matches = [frontMatter.exec(text), ...text.matchAll(scripts)];
  return keepOnly(
    text,
    matches.flatMap((match) => (match?.indices?.[1] ? [match.indices[1]] : [])),
  );
}

/** Import and re-export statements of a text that does not parse, found by their look at the start of a line. */
function onlyImportStatements(text: string): string {
  const statement =
    /^[ \t]*(?:import\s*(?:type\s+)?(?:[\w$*{},\s]+?\sfrom\s*)?|export\s*(?:type\s+)?(?:\*(?:\s*as\s+[\w$]+)?|\{[\w$,\s]*\})\s*from\s*)(['"])[^'"\n]+\1[ \t]*;?/gm;
  return keepOnly(
    text,
    [...text.matchAll(statement)].map((match) => [match.index, match.index + match[0].length]),
  );
}

function keepOnly(text: string, kept: readonly (readonly [start: number, end: number])[]): string {
  let result = '';
  let at = 0;
  for (const [start, end] of kept) {
    if (start < at) continue;
    result += blank(text.slice(at, start)) + text.slice(start, end);
    at = end;
  }
  return result + blank(text.slice(at));
}

function blank(text: string): string {
  return text.replace(/[^\r\n]/g, ' ');
}
