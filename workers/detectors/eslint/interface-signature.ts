/**
 * The interface signature of a linted file, which is what other files can see of it: its type declarations, its imports
 * and exports, and the files that it imports. Caches resolved paths until files change.
 */
import { hash } from 'node:crypto';
import path from 'node:path';
import { ResolverFactory } from 'oxc-resolver';
import { isModuleFile, readRecord, type ModuleRecord } from '../../graph/record.ts';
import type { InterfaceSignature } from '../../protocol/detector-protocol.ts';
import { relativeTo } from './roots.ts';
import type { Program, SourceFile } from './program.ts';

const resolver = new ResolverFactory({
  tsconfig: 'auto',
  extensions: ['.ts', '.tsx', '.mts', '.cts', '.d.ts', '.js', '.jsx', '.mjs', '.cjs', '.json', '.vue', '.svelte'],
  extensionAlias: {
    '.js': ['.ts', '.tsx', '.d.ts', '.js', '.jsx'],
    '.jsx': ['.tsx', '.jsx'],
    '.mjs': ['.mts', '.d.mts', '.mjs'],
    '.cjs': ['.cts', '.d.cts', '.cjs'],
  },
  conditionNames: ['types', 'import', 'require', 'node', 'default'],
  mainFields: ['types', 'typings', 'module', 'main'],
  builtinModules: true,
});

/** Whether a file can have an interface signature. */
export function canHaveSignature(file: string): boolean {
  return isModuleFile(file);
}

/** To be called when files were added, deleted or changed. */
export function clearResolutions(): void {
  resolver.clearCache();
}

/**
 * @param file absolute
 * @param program the one that the file was linted with; absent: it was linted without types
 */
export function interfaceSignatureOf(
  file: string,
  text: string,
  workspace: string,
  program: Program | undefined,
): InterfaceSignature {
  const record = readRecord(file, text);
  const source = program?.getSourceFile(file);
  const imports = importsOf(file, record, workspace, program, source);
  return {
    types: digest(typesOf(text, program, source)),
    modules: digest(JSON.stringify(modulesOf(record))),
    ...(imports === undefined ? {} : { imports }),
    ...(isGlobal(file, text, record, source) ? { global: true } : {}),
  };
}

/** The declarations of the file, as `tsc` emits them; the text itself if they would be incomplete. */
function typesOf(text: string, program: Program | undefined, source: SourceFile | undefined): string {
  if (!program || !source) return text;
  const options = program.getCompilerOptions();
  const { stripInternal } = options;
  let declarations = '';
  const write = (_name: string, written: string): void => {
    declarations += written;
  };
  try {
    // Internal declarations are visible within their package.
    options.stripInternal = false;
    // With `noEmit`, which typescript-eslint sets too, the result says that emit was skipped although it was not.
    const { diagnostics } = program.emit(source, write, undefined, true, undefined, true);
    if (diagnostics.length > 0 || declarations === '') return text;
  } catch {
    return text;
  } finally {
    options.stripInternal = stripInternal;
  }
  // Options may remove comments from declarations, but rules look for `@deprecated`.
  return [declarations, ...(text.match(/@deprecated.*/g) ?? [])].join('\n');
}

function modulesOf({ requests, exports, isModule, isBroken }: ModuleRecord): unknown {
  return [
    isModule,
    isBroken,
    requests.map(({ kind, specifier, typeOnly, deferred, names }) => [
      kind,
      specifier,
      typeOnly,
      deferred,
      names.map((name) => [name.imported, name.typeOnly]),
    ]),
    exports.map(({ name, typeOnly, request, imported, isMutable }) => [name, typeOnly, request, imported, isMutable]),
  ];
}

/** Files of the workspace that it imports; undefined: an import cannot be resolved, so it may be any file. */
function importsOf(
  file: string,
  { requests, isBroken }: ModuleRecord,
  workspace: string,
  program: Program | undefined,
  source: SourceFile | undefined,
): readonly string[] | undefined {
  const found = new Set<string>();
  const add = (target: string): void => {
    const relative = relativeTo(workspace, path.resolve(target));
    if (!path.isAbsolute(relative) && !/(?:^|\/)node_modules\//.test(relative)) found.add(relative);
  };
  for (const { fileName } of source?.referencedFiles ?? []) add(path.resolve(path.dirname(file), fileName));
  const checker = program?.getTypeChecker();
  for (const literal of source?.imports ?? []) {
    for (const declaration of checker?.getSymbolAtLocation(literal)?.declarations ?? []) {
      add(declaration.getSourceFile().fileName);
    }
  }
  for (const specifier of new Set(requests.map((request) => request.specifier.replace(/\?.*$/, '')))) {
    // For a bundler or another runtime; not a file of the workspace.
    if (specifier === '' || /^[a-z][\w+.-]*:/i.test(specifier)) continue;
    const { path: target, builtin } = resolver.resolveFileSync(file, specifier);
    if (target !== undefined) add(target);
    // What TypeScript cannot resolve has no types. If the file appears later, that is a change of its own.
    else if (builtin === undefined && source === undefined) return undefined;
  }
  return isBroken && source === undefined ? undefined : [...found].sort();
}

function isGlobal(file: string, text: string, record: ModuleRecord, source: SourceFile | undefined): boolean {
  if (/\bdeclare\s+(?:global\b|module\b)/.test(text)) return true;
  if (source) return source.externalModuleIndicator === undefined && source.commonJsModuleIndicator === undefined;
  return (
    !record.isModule &&
    record.requests.length === 0 &&
    !/\bexports\b/.test(text) &&
    !/\.(?:vue|svelte|astro)$/.test(file)
  );
}

function digest(text: string): string {
  return hash('sha1', text, 'base64url').slice(0, 16);
}
