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
import { isComponentFile, scriptsOf, type ExternalScript, type Script, type ScriptRun } from './scripts.ts';
import type { Range } from '../protocol/detector-protocol.ts';
import { isMarkedGenerated, isMinified } from './generated.ts';
import { interned } from './interned.ts';
import type { ImportedName, ModuleExport, ModuleRecord, ModuleRequest } from './module-record.ts';

export type { ImportedName, ModuleExport, ModuleRecord, ModuleRequest, RequestKind } from './module-record.ts';

/** Extensions of files that are read as modules. */
export const MODULE_EXTENSIONS = [
  '.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '.vue', '.svelte', '.astro', '.mdx',
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
  const component = scriptsOf(file, text);
  const requests: ModuleRequest[] = (component?.external ?? []).map(requestOfSource);
  const exports: ModuleExport[] = [];
  let isModule = component !== undefined;
  let isBroken = false;
  let isDeep = false;
  for (const part of partsOf(file, text, component)) {
    const isPartDeep = isTooDeep(part.code);
    const parsed = isPartDeep ? undefined : parse(part.language, part.code);
    isBroken ||= parsed === undefined;
    const code = parsed === undefined ? onlyImportStatements(part.code) : part.code;
    const result = parsed ?? parse(part.language, code);
    if (result !== undefined) isModule ||= result.module.hasModuleSyntax;
    const isRead = result === undefined || readPart(result, code, part, requests, exports);
    isDeep ||= isPartDeep || !isRead;
  }
  requests.sort((one, other) => one.start - other.start);
  reindex(exports, requests);
  return {
    hash: contentHash,
    requests: compact(requests),
    exports: compact(exports),
    isModule,
    hasUnknownExports: isBroken || component !== undefined || hasOtherExports(file, text, isModule),
    isBroken,
    scripts: compact((component?.scripts ?? []).map(({ start, end, runs }) => ({ start, end, runs }))),
    // A file that cannot be parsed must not be passed over in silence.
    isGenerated: isMarkedGenerated(text) || (!isDeep && isMinified(text)),
    ...(isDeep ? { isTooDeep: true as const } : {}),
    suppresses: hasSuppressions(text),
    ...typeCheckOf(text),
    ambient: text.includes('declare module') ? ambientNames(text) : NONE,
    lines: lineTableOf(text),
    length: text.length,
  };
}

/** A script of a file, as the parser takes it. */
interface Part {
  /** The text of the file in which everything else is blank, so that offsets stay. */
  readonly code: string;
  readonly language: Language;
  readonly runs: ScriptRun;
  /** Its exports are those of the module. */
  readonly isExported: boolean;
}

function partsOf(file: string, text: string, component = scriptsOf(file, text)): readonly Part[] {
  if (component === undefined) return [{ code: text, language: languageOf(file), runs: 'module', isExported: true }];
  // In an instance script of Svelte, `export` declares a property of the component.
  const isSvelte = path.posix.extname(file) === '.svelte';
  return component.scripts.map(({ start, end, language, runs }) => ({
    code: keepOnly(text, [[start, end]]),
    language,
    runs,
    isExported: runs === 'module' || (runs === 'instance' && !isSvelte),
  }));
}

/** @returns false: calls could not be looked for, because the tree is too deep */
function readPart(
  parsed: Parsed,
  code: string,
  { language, runs, isExported }: Part,
  requests: ModuleRequest[],
  exports: ModuleExport[],
): boolean {
  const { module } = parsed;
  readImports(module, requests);
  readExports(module, code, requests, isExported ? exports : []);
  readDynamicImports(module, code, requests);
  if (!needsTree(code, language, module)) return true;
  const tree = treeOf(parsed);
  for (const call of tree ? callsIn(tree) : []) requests.push(requestOfCall(call, runs));
  return tree !== undefined;
}

/** Whether a request loads a module or its types, or only names it. */
export function isLoading({ kind }: ModuleRequest): boolean {
  return kind !== 'reference' && kind !== 'resolve';
}

/** The file whose code takes the place of a script. */
function requestOfSource({ specifier, ...place }: ExternalScript): ModuleRequest {
  return { kind: 'import', specifier: interned(specifier), typeOnly: false, deferred: false, ...place, names: NONE };
}

/** The script of a component that contains an offset; undefined: the file is no component. */
export function scriptAt({ scripts }: ModuleRecord, offset: number): Script | undefined {
  return scripts.find(({ start, end }) => start <= offset && offset < end);
}

export function rangeIn(record: ModuleRecord, start: number, end: number): Range {
  return rangeAt(record.lines, start, end);
}

/** The range of a request's specifier, where findings are shown. */
export function specifierRange(record: ModuleRecord, request: ModuleRequest): Range {
  return rangeAt(record.lines, request.specifierStart, request.specifierEnd);
}

/**
 * The syntax tree of a script, parsed as by {@link readRecord}; undefined: it has a syntax error, is nested too deeply, or
 * is a component.
 */
export function parseTree(file: string, text: string): Program | undefined {
  return isComponentFile(file) ? undefined : parseScripts(file, text)?.[0]?.program;
}

export interface ScriptTree {
  readonly program: Program;
  readonly runs: ScriptRun;
  /** Its exports are those of the module. */
  readonly isExported: boolean;
}

/**
 * The syntax trees of all scripts of a file; undefined: one has a syntax error, or is nested too deeply.
 * @param isLenient see {@link parse}
 */
export function parseScripts(file: string, text: string, isLenient = false): readonly ScriptTree[] | undefined {
  const trees: ScriptTree[] = [];
  for (const { code, language, ...how } of partsOf(file, text)) {
    const parsed = isTooDeep(code) ? undefined : parse(language, code, isLenient);
    const program = parsed && treeOf(parsed);
    if (program === undefined) return undefined;
    trees.push({ program, ...how });
  }
  return trees;
}

/** Offsets of comments; undefined: the parser does not see all comments of this language, or of this text. */
export function commentStarts(file: string, text: string): ReadonlySet<number> | undefined {
  return isComponentFile(file) || isTooDeep(text) ? undefined : startsOfComments(languageOf(file), text);
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

/**
 * Exports that the parser does not list: `export =`, CommonJS, AMD. A file without any of them, such as a module that
 * lost its last export, exports nothing.
 */
function hasOtherExports(file: string, text: string, isModule: boolean): boolean {
  if (isModule) return hasExportAssignment(text);
  return isDeclarationFile(file) || EXPORTS_ITSELF.test(text.replace(COMMENTS_AND_STRINGS, ' '));
}

/** At the top level of CommonJS, and handed to a bundle, `this` is the exports. */
const EXPORTS_ITSELF = /\bexports\b|\bmodule\s*[.[,)]|\bdefine\s*\(|\(\s*this\b|^this\b/m;

const COMMENTS_AND_STRINGS = /\/\*[^]*?\*\/|\/\/.*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g;

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

function requestOfCall(call: Call, runs: ScriptRun): ModuleRequest {
  return {
    kind: call.kind,
    specifier: interned(call.specifier),
    typeOnly: call.typeOnly,
    deferred: call.deferred || runs === 'instance',
    start: call.start,
    end: call.end,
    specifierStart: call.specifierStart,
    specifierEnd: call.specifierEnd,
    names: compact(call.names.map(ownedName)),
    ...(call.isFolder === undefined ? {} : { isFolder: call.isFolder }),
    ...(call.patterns === undefined ? {} : { patterns: call.patterns }),
    ...(call.filter === undefined ? {} : { filter: call.filter }),
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
  if (text.includes('import.meta') && /import\.meta\.(?:resolve|glob|webpackContext)|\bnew\s+URL\s*\(/.test(text))
    return true;
  if (MOCKS_PATH.test(text)) return true;
  if (language === 'jsx') return false;
  const possible = text.match(/\bimport\s*\(/g)?.length ?? 0;
  return possible > module.dynamicImports.length;
}

/** `jest.mock('./x')`. Packages are left out: a mock of a missing one is a matter of the test. */
const MOCKS_PATH = /\b(?:jest|vi|vitest)\s*\.\s*\w+(?:<[^;]{0,200}?>)?\(\s*["'`]\.{1,2}\//;

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

/** `// @ts-nocheck` and `// @ts-check` count above the first statement only. */
function typeCheckOf(text: string): Pick<ModuleRecord, 'typeCheck'> {
  if (!text.includes('@ts-nocheck') && !text.includes('@ts-check')) return {};
  const comments = /^(?:#![^\n]*)?(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/.exec(text)?.[0] ?? '';
  const directives = [...comments.matchAll(/^\s*(?:\/\/|\/\*)\/?\s*@ts-(no)?check\b/gm)];
  const last = directives.at(-1);
  return last === undefined ? {} : { typeCheck: last[1] === undefined ? 'on' : 'off' };
}

function ambientNames(text: string): readonly string[] {
  return [...text.matchAll(/\bdeclare\s+module\s+(['"])([^'"\n]+)\1/g)].map((match) => interned(match[2] ?? ''));
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
