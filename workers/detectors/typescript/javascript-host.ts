/**
 * The file system of TypeScript's JavaScript API: unsaved texts over the disk, with lookups cached until the next
 * change, and parsed files shared by all projects that parse them alike. Lives as long as its session.
 */
import path from 'node:path';
import type ts from 'typescript';
import { scriptOrJson } from '../../protocol/file-patterns.ts';
import type { Changes } from './session.ts';

export type TypeScript = typeof ts;

interface ParsedFile {
  readonly text: string;
  readonly source: ts.SourceFile;
}

export interface Touched {
  /** Absolute path. */
  readonly file: string;
  /** It existed before and still exists. */
  readonly stays: boolean;
}

export class Disk {
  readonly #ts: TypeScript;
  readonly #system: ts.System;
  readonly #root: string;
  #overlays: ReadonlyMap<string, string> = new Map();
  /** The same by key. */
  #unsaved: ReadonlyMap<string, string> = new Map();
  /** By key: files that only exist here. */
  readonly #written = new Map<string, string>();
  readonly #texts = new Map<string, string | undefined>();
  readonly #files = new Map<string, boolean>();
  /** Files that existed at the last lookup. Only those on disk are in the lists of configurations. */
  readonly #there = new Map<string, 'disk' | 'memory'>();
  readonly #folders = new Map<string, boolean>();
  readonly #realpaths = new Map<string, string>();
  /** By file name, then by how it was parsed. */
  readonly #parsed = new Map<string, Map<string, ParsedFile>>();
  readonly #sharesFiles: boolean;
  /** Keys of files that were read: a program asks for each file again after every edit. */
  readonly #keys = new Map<string, string>();
  /** A short name for each combination of options that affects parsing and binding. */
  readonly #families = new Map<string, string>();

  constructor(typescript: TypeScript, root: string) {
    this.#ts = typescript;
    this.#system = typescript.sys;
    this.#root = root;
    const [major = 0, minor = 0] = typescript.versionMajorMinor.split('.').map(Number);
    // Before 5.3 a parsed file held the resolved imports of one program.
    this.#sharesFiles = major > 5 || (major === 5 && minor >= 3);
  }

  /** As TypeScript's own, but with unsaved texts, and what is written stays in memory. */
  get system(): ts.System {
    return {
      ...this.#system,
      fileExists: (file) => this.fileExists(file),
      readFile: (file) => this.#read(file),
      writeFile: (file, text) => void this.#written.set(this.keyOf(file), text),
    };
  }

  /** @returns the files whose content may have changed; undefined: all */
  update({ overlays, changed }: Changes): readonly Touched[] | undefined {
    const before = this.#overlays;
    this.#overlays = overlays;
    this.#unsaved = new Map([...overlays].map(([file, text]) => [this.keyOf(file), text]));
    for (const [file, there] of this.#files) if (there) this.#there.set(file, 'disk');
    this.#files.clear();
    this.#folders.clear();
    this.#realpaths.clear();
    if (changed === undefined) {
      this.#texts.clear();
      this.#there.clear();
      return undefined;
    }
    const touched = new Set(changed.filter(canMatter));
    for (const [file, text] of overlays) if (before.get(file) !== text) touched.add(file);
    for (const file of before.keys()) if (!overlays.has(file)) touched.add(file);
    for (const file of touched) this.#texts.delete(this.keyOf(file));
    this.#forgetFolders(touched);
    return [...touched].map((file) => {
      const key = this.keyOf(file);
      const [was, is] = [this.#there.get(key), this.#placeOf(file, key)];
      if (is === undefined) this.#there.delete(key);
      else this.#there.set(key, is);
      // Programs may know a symbolic link by its target.
      const linked = is !== undefined && this.#realpath(file) !== file;
      return { file, stays: is !== undefined && was === is && !linked };
    });
  }

  /** A folder that was deleted, or came back, may have had other files: those that come with it are new. */
  #forgetFolders(touched: ReadonlySet<string>): void {
    const folders = [...touched].filter((file) => !scriptOrJson.test(file) && !this.fileExists(file));
    const starts = folders.map((folder) => this.keyOf(folder) + path.sep);
    if (starts.length === 0) return;
    for (const key of this.#there.keys()) if (starts.some((start) => key.startsWith(start))) this.#there.delete(key);
  }

  fileExists(file: string): boolean {
    const key = this.keyOf(file);
    if (this.#unsaved.has(key) || this.#written.has(key)) return true;
    return this.#isOnDisk(file, key);
  }

  /**
   * Reads and resolves a tsconfig as `tsc -p <file> --noEmit` does.
   * @param listed whether the files that its patterns mean are looked for
   * @param extensions of further files that it may include
   */
  readConfig(
    configFile: string,
    listed = true,
    extensions: readonly ts.FileExtensionInfo[] = [],
  ): ts.ParsedCommandLine {
    const typescript = this.#ts;
    const unreadable: ts.Diagnostic[] = [];
    const config = typescript.getParsedCommandLineOfConfigFile(
      configFile,
      { noEmit: true },
      {
        useCaseSensitiveFileNames: this.#system.useCaseSensitiveFileNames,
        getCurrentDirectory: () => this.#root,
        fileExists: (file) => this.fileExists(file),
        readFile: (file) => this.#read(file),
        readDirectory: (...all) => (listed ? this.#system.readDirectory(...all) : []),
        onUnRecoverableConfigFileDiagnostic: (diagnostic) => unreadable.push(diagnostic),
      },
      undefined,
      undefined,
      extensions,
    );
    return config ?? { options: { noEmit: true, configFilePath: configFile }, fileNames: [], errors: unreadable };
  }

  hostFor(options: ts.CompilerOptions): ts.CompilerHost {
    const typescript = this.#ts;
    const family = this.#familyOf(options);
    const host: ts.CompilerHost & { useSourceOfProjectReferenceRedirect(): boolean } = {
      ...typescript.createCompilerHost(options),
      getCurrentDirectory: () => this.#root,
      fileExists: (file) => this.fileExists(file),
      readFile: (file) => this.#read(file),
      directoryExists: (folder) => cached(this.#folders, this.keyOf(folder), () => this.#directoryExists(folder)),
      realpath: (file) => this.#realpath(file),
      getSourceFile: (file, languageVersionOrOptions) => this.#parse(file, family, languageVersionOrOptions),
      // As in editors, a referenced project is read from its sources, whether or not it is built.
      useSourceOfProjectReferenceRedirect: () => true,
      ...(JSDOC in typescript ? { jsDocParsingMode: typescript.JSDocParsingMode.ParseForTypeErrors } : {}),
    };
    return host;
  }

  /** A normalized form of an absolute path, for comparisons. */
  keyOf(file: string): string {
    const plain = path.normalize(file);
    return this.#system.useCaseSensitiveFileNames ? plain : plain.toLowerCase();
  }

  /**
   * Drops all parsed files but these. Their texts stay, which they hold anyway: the next program asks for each again.
   */
  forget(kept: readonly ts.SourceFile[]): void {
    const sources = new Set(kept);
    const files = new Set<string>();
    for (const [file, versions] of this.#parsed) {
      for (const [manner, { source }] of versions) if (!sources.has(source)) versions.delete(manner);
      if (versions.size === 0) this.#parsed.delete(file);
      else files.add(this.keyOf(file));
    }
    for (const file of this.#texts.keys()) if (!files.has(file)) this.#texts.delete(file);
    this.#keys.clear();
  }

  #isOnDisk(file: string, key: string): boolean {
    return cached(this.#files, key, () => this.#system.fileExists(file));
  }

  #placeOf(file: string, key: string): 'disk' | 'memory' | undefined {
    if (this.#isOnDisk(file, key)) return 'disk';
    return this.#unsaved.has(key) || this.#written.has(key) ? 'memory' : undefined;
  }

  #directoryExists(folder: string): boolean {
    const start = this.keyOf(folder) + path.sep;
    return this.#system.directoryExists(folder) || [...this.#written.keys()].some((file) => file.startsWith(start));
  }

  #realpath(file: string): string {
    return cached(this.#realpaths, file, () => this.#system.realpath?.(file) ?? file);
  }

  #read(file: string): string | undefined {
    const key = cached(this.#keys, file, () => this.keyOf(file));
    const unsaved = this.#unsaved.get(key);
    if (unsaved !== undefined) return unsaved.replace(/^\uFEFF/, '');
    return this.#written.get(key) ?? cached(this.#texts, key, () => this.#system.readFile(file));
  }

  #parse(
    file: string,
    family: string,
    languageVersionOrOptions: ts.ScriptTarget | ts.CreateSourceFileOptions,
  ): ts.SourceFile | undefined {
    const text = this.#read(file);
    if (text === undefined) return undefined;
    const key = this.keyOf(file);
    const isInMemory = this.#unsaved.has(key) || this.#written.has(key);
    if (!this.#there.has(key)) this.#there.set(key, isInMemory ? (this.#placeOf(file, key) ?? 'memory') : 'disk');
    const manner = family + mannerOf(languageVersionOrOptions);
    const versions = this.#parsed.get(file) ?? new Map<string, ParsedFile>();
    this.#parsed.set(file, versions);
    const known = versions.get(manner);
    if (known?.text === text) return known.source;
    const source = this.#ts.createSourceFile(file, text, languageVersionOrOptions);
    versions.set(manner, { text, source });
    return source;
  }

  /** Projects of one family parse and bind files alike and can share them. */
  #familyOf(options: ts.CompilerOptions): string {
    const entries = Object.entries(options).filter(([name]) => !PLACES.has(name));
    const family = this.#sharesFiles
      ? JSON.stringify(entries.sort(([one], [other]) => (one < other ? -1 : 1)))
      : JSON.stringify(options['configFilePath'] ?? null);
    return cached(this.#families, family, () => `${this.#families.size} `);
  }
}

const JSDOC = 'JSDocParsingMode';

/** Options about paths and output, which do not affect parsing or binding. */
const PLACES: ReadonlySet<string> = new Set([
  'baseUrl',
  'composite',
  'configFile',
  'configFilePath',
  'declarationDir',
  'declarationMap',
  'incremental',
  'lib',
  'outDir',
  'paths',
  'pathsBasePath',
  'plugins',
  'rootDir',
  'rootDirs',
  'sourceMap',
  'tsBuildInfoFile',
  'typeRoots',
  'types',
]);

function mannerOf(languageVersionOrOptions: ts.ScriptTarget | ts.CreateSourceFileOptions): string {
  if (typeof languageVersionOrOptions !== 'object') return String(languageVersionOrOptions);
  const { languageVersion, impliedNodeFormat } = languageVersionOrOptions;
  return `${String(languageVersion)} ${String(impliedNodeFormat)}`;
}

/** Images and documents cannot affect a program; folders can. */
function canMatter(file: string): boolean {
  return scriptOrJson.test(file) || path.extname(file) === '';
}

function cached<T>(cache: Map<string, T>, key: string, look: () => T): T {
  const known = cache.get(key);
  if (known !== undefined || cache.has(key)) return known as T;
  const found = look();
  cache.set(key, found);
  return found;
}
