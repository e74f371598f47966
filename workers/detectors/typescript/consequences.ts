/**
 * Which diagnostics of a project follow from something that is missing: packages that are not installed, types that are
 * not generated, a configuration that cannot be read because of one of these. Lives as long as one check of a project.
 *
 * A diagnostic is a consequence only if what is missing explains it. A relative import of a file that does not exist, or
 * a package that nobody declares where others are installed, is a fault of the code.
 */
import { readdirSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import type { Cause } from '../../protocol/detector-protocol.ts';
import { entryAt, readTextSync } from '../../protocol/read-file.ts';
import { ConfigFile, isRecord } from '../../reading/config-file.ts';
import { GeneratedTypes, type MissingTypes } from '../../runtime/generated-types.ts';
import { Installation } from '../../runtime/installation.ts';
import { packageNameOf, typesOf } from '../../runtime/package-chain.ts';
import { Submodules } from '../../runtime/submodules.ts';
import { UnbuiltPackages } from '../../runtime/unbuilt-packages.ts';
import { isElement, isTypedByContext } from './contextual.ts';
import { isAboutForeignType } from './foreign-types.ts';
import { aliasesOfImports, aliasesOfPaths, placesOf, type OwnAlias } from './own-aliases.ts';
import type { Diagnostic } from './session.ts';

/** Errors about a module that cannot be found, whose specifier is the first quoted part of the message. */
const aboutModules = new Set([2307, 2354, 2664, 2665, 2688, 2732, 2792, 2875, 2882, 7016]);
/** … about a member that a module lacks, as one whose types are a stub. */
const aboutMembers = new Set([2305, 2614, 2724]);
/** … about a global name. */
const aboutNames = new Set([2304, 2503, 2552, 2580, 2581, 2582, 2584, 2591, 2592, 2593, 2867, 2868]);
/** … about a project without files, whose `include` another configuration may state. */
const aboutInputs = 18003;
/** … about global types. With `lib: []`, those come from the packages in `types`. */
const aboutGlobalTypes = 2318;
/** … about elements of JSX, whose types come from a package. */
const aboutJsx = new Set([2602, 2874, 2879, 7026]);
/** … about a file that a configuration or a reference names. */
const aboutFiles = new Set([5083, 6053]);
/** Types that are `any` because a module or a name is missing. */
const aboutContext = new Set([7006, 7019, 7031, 7051]);
const aboutAny = new Set([2347, 7022, 7023, 7024, 7053]);
/** Types that are `unknown` because they are inferred from `any`: the values of an object, what a promise gives. */
const aboutUnknown = new Set([2571, 18046]);
/** Types of elements that lack what the types of JSX add to them: `children`, `key`. */
const aboutProperties = new Set([2322, 2739, 2740, 2741, 2769]);
const unusedExpectation = 2578;

/** Errors that depend on an option, by names of the option. */
const byOption: readonly (readonly [options: readonly string[], codes: ReadonlySet<number>])[] = [
  [['target', 'lib'], new Set([1378, 1432, 2550, 2569, 2583, 2584, 2802, 18028])],
  [
    ['module', 'moduleResolution'],
    new Set([1259, 1323, 1343, 1375, 1470, 1471, 1479, 2691, 2732, 2792, 2834, 2835, 5097]),
  ],
  [['jsx'], new Set([6142, 17004])],
  // Before TypeScript 6 it was the folder that all inputs have in common.
  [['rootDir'], new Set([5011, 6059])],
  [
    ['strict', 'noImplicitAny', 'strictNullChecks'],
    new Set([
      2531, 2532, 2533, 2564, 2683, 2722, 7005, 7006, 7008, 7010, 7011, 7013, 7016, 7017, 7018, 7019, 7022, 7023, 7024,
      7029, 7030, 7031, 7033, 7034, 7041, 7053, 18046, 18047, 18048, 18049,
    ]), // prettier-ignore
  ],
];
/** Options that another version of TypeScript knows, or knows no more. */
const aboutVersion = new Set([5023, 5090, 5095, 5101, 5102, 5103, 5107, 5108, 5109, 5110]);

/** Names that only packages declare. */
const namesOfPackages =
  /^(?:React|JSX|NodeJS|process|Buffer|require|module|exports|global|__dirname|__filename|setImmediate|clearImmediate|describe|it|test|suite|expect|expectTypeOf|assertType|vi|jest|beforeEach|afterEach|beforeAll|afterAll|before|after|assert|cy|Cypress|\$|jQuery|JQuery\w*|Bun|Deno|Express|Electron|chrome|browser|google|GeoJSON|YT|gapi|\$(?:state|derived|effect|props|bindable|inspect|host))$/;

/** What Node's timers have and numbers, the timers of browsers, do not. */
const timersOfNode = /'(?:unref|ref|hasRef|refresh)'.*'number'/;
/** What browsers have too: a library of the project declares it, or the types of Node. */
const namesOfNode =
  /^(?:BufferEncoding|NodeRequire|NodeModule|URL(?:SearchParams|Pattern)?|Abort(?:Controller|Signal)|(?:Custom)?Event|Event(?:Target|Source)|Message(?:Channel|Port|Event)|BroadcastChannel|Blob|File|FormData|Headers|Request(?:Init)?|Response(?:Init)?|BodyInit|HeadersInit|fetch|WebSocket|Text(?:Encoder|Decoder)(?:Stream)?|(?:Readable|Writable|Transform|Compression|Decompression)Stream|(?:ByteLength|Count)QueuingStrategy|[Pp]erformance\w*|structuredClone|queueMicrotask|(?:set|clear)(?:Timeout|Interval)|console|[Cc]rypto(?:Key)?|SubtleCrypto|atob|btoa|[Nn]avigator|DOMException|WebAssembly|(?:local|session)?Storage)$/;

const jsxPackages = ['@types/react', 'react', 'preact', 'solid-js', 'vue', 'svelte', 'hono', '@emotion/react', 'astro'];

const builtins = new Set(builtinModules);

interface ProjectCause {
  readonly cause: Cause | undefined;
  /** The cause hides options that the project has. */
  readonly lacksOptions: boolean;
  /** The project's own TypeScript is not installed, so that another version answers. */
  readonly version: Cause | undefined;
  /** A package is missing that declares global names. */
  readonly globals: Cause | undefined;
  readonly checksJavaScript: boolean;
}

export class Consequences {
  readonly #folder: string;
  readonly #textOf: (file: string) => string | undefined;
  readonly #installation: Installation;
  readonly #generated: GeneratedTypes;
  readonly #submodules: Submodules;
  readonly #unbuilt: UnbuiltPackages;
  readonly #configFile: string;
  /** Options that the configurations of the project state, as far as they can be read. */
  readonly #stated = new Map<string, unknown>();
  /** What the targets of `paths` are relative to. */
  #pathsFolder: string;
  #ofProject: ProjectCause | undefined;

  /**
   * @param root absolute
   * @param configFile absolute
   * @param textOf the text of a file, as the compiler sees it
   */
  constructor(root: string, configFile: string, textOf: (file: string) => string | undefined) {
    this.#folder = path.dirname(configFile);
    this.#pathsFolder = this.#folder;
    this.#configFile = configFile;
    this.#textOf = textOf;
    this.#installation = new Installation(root);
    this.#submodules = new Submodules(root);
    this.#generated = new GeneratedTypes(root, this.#installation.packages);
    this.#unbuilt = new UnbuiltPackages(root, this.#installation.packages);
  }

  /**
   * @param file absolute; absent: the diagnostics are about the project
   * @param diagnostics all of that file
   * @returns for each of them, what it follows from
   */
  of(file: string | undefined, diagnostics: readonly Diagnostic[]): readonly (Cause | undefined)[] {
    if (diagnostics.length === 0 || (file !== undefined && /[\\/]node_modules[\\/]/.test(file))) {
      return diagnostics.map(() => undefined);
    }
    const at = file ?? this.#configFile;
    const direct = diagnostics.map((diagnostic) => this.#directCause(diagnostic, at));
    const ofFile = direct.find((cause) => cause !== undefined) ?? this.#project.cause;
    return diagnostics.map((diagnostic, index) => {
      return direct[index] ?? (ofFile && this.#follows(diagnostic, at) ? ofFile : undefined);
    });
  }

  /** The options of a jsconfig that checks no file serve editors only, and those may know what this compiler does not. */
  isMoot({ code }: Diagnostic): boolean {
    const isForEditors = path.basename(this.#configFile) === 'jsconfig.json' && aboutVersion.has(code);
    return isForEditors && !this.#project.checksJavaScript;
  }

  #directCause(diagnostic: Diagnostic, file: string): Cause | undefined {
    const { code, message } = diagnostic;
    const quoted = /['"‘“]([^'"’”]+)['"’”]/.exec(message)?.[1] ?? '';
    if (aboutFiles.has(code)) return this.#causeOfFile(quoted, file);
    if (aboutModules.has(code)) return this.#causeOfModule(code === 2354 ? 'tslib' : quoted, file, code);
    if (aboutMembers.has(code)) return this.#causeOfModule(quoted.replaceAll('"', ''), file, code);
    if (aboutNames.has(code)) return this.#causeOfName(quoted, file, code === 2503);
    if (code === aboutGlobalTypes) return this.#installation.partialCauseIn(path.dirname(file)) ?? this.#ofOptions();
    if (code === aboutInputs) return this.#ofOptions();
    if (aboutJsx.has(code)) return this.#causeOfJsx(file);
    if (code === 2339 && /'ImportMeta(?:Env)?'/.test(message))
      return this.#installation.partialCauseIn(path.dirname(file));
    const isNodes =
      code === 2339 &&
      (timersOfNode.test(message) || (message.includes("'typeof globalThis'") && namesOfNode.test(quoted)));
    if (isNodes || (code === 2693 && namesOfNode.test(quoted)))
      return this.#installation.causeOf('@types/node', path.dirname(file));
    const generated = this.#causeOfGenerated(path.dirname(file), (missing) => missing.explainsError(message));
    if (generated) return generated;
    return this.#dependsOnOptions(diagnostic) ? (this.#ofOptions() ?? this.#project.version) : undefined;
  }

  #causeOfModule(specifier: string, file: string, code: number): Cause | undefined {
    const folder = path.dirname(file);
    const generated = this.#causeOfGenerated(folder, (missing) => missing.explains(specifier, file));
    // What a generation explains needs its package first.
    if (generated && (!aboutMembers.has(code) || specifier.startsWith('@'))) return generated;
    if (aboutMembers.has(code)) return undefined;
    if (specifier.startsWith('.') || path.isAbsolute(specifier)) {
      const isThere = isAsset(path.resolve(folder, specifier));
      const isPublic = specifier.startsWith('/') && /\.[a-z\d]+$/i.test(specifier);
      if (isThere || isPublic) return this.#installation.causeIn(folder);
      if (existsForPlatform(path.resolve(folder, specifier))) return this.#ofOptions();
      const asked = path.resolve(folder, specifier);
      return this.#submodules.causeOf(asked) ?? this.#unbuilt.causeOfFile(asked);
    }
    if (builtins.has(specifier) || specifier.startsWith('node:')) {
      return this.#installation.causeOf('@types/node', folder);
    }
    const name = packageNameOf(specifier);
    if (this.#leadsIntoSubmodule(specifier)) return this.#submodules.cause;
    const isDeclared = name !== undefined && this.#installation.causeOfDeclared(name, folder) !== undefined;
    const places = isDeclared ? [] : placesOf(specifier, this.#aliasesFrom(folder));
    if (places.some(({ place }) => isAsset(place))) return this.#installation.causeIn(folder);
    // What a command generates comes with its folder; where that is there, only the file is missing.
    if (places.some((one) => isFolder(one.folder))) return this.#ofOptions();
    if (name !== undefined && !/^[a-z][\w+.-]*:/i.test(specifier)) {
      const missing = this.#installation.causeOf(name, folder) ?? this.#unbuilt.causeOf(specifier, name, folder);
      return missing ?? this.#ofTypes(code, name, folder) ?? this.#ofOptions();
    }
    // A module of a bundler or a framework, whose types a package declares: `virtual:pwa`, `#imports`, `@qwik-city-plan`.
    const isVirtual = /^(?:[a-z][\w+.-]*:|#|\$|@[^/]+$)/i.test(specifier);
    return (isVirtual ? this.#installation.causeIn(folder) : undefined) ?? this.#ofOptions() ?? this.#ofBaseUrl();
  }

  #aliasesFrom(folder: string): readonly OwnAlias[] {
    const [own] = this.#installation.packages.of(folder);
    return [
      ...aliasesOfPaths(this.#option('paths'), this.#pathsFolder),
      ...(own ? aliasesOfImports(own.data['imports'], own.directory) : []),
    ];
  }

  /** By the `paths` of the project. Which configuration states them does not matter: folders of submodules are distinct. */
  #leadsIntoSubmodule(specifier: string): boolean {
    const paths = this.#option('paths');
    const { folders } = this.#submodules;
    if (folders.length === 0 || !isRecord(paths)) return false;
    return Object.entries(paths).some(([pattern, targets]) => {
      const start = pattern.split('*', 1)[0] ?? '';
      if (!(pattern.includes('*') ? specifier.startsWith(start) : specifier === pattern)) return false;
      const asked = (Array.isArray(targets) ? (targets as unknown[]) : []).filter((one) => typeof one === 'string');
      return asked.some((target) => folders.some((one) => `/${path.posix.normalize(target)}/`.includes(`/${one}/`)));
    });
  }

  /** The project's own TypeScript may know `baseUrl`, on which its `paths` depend. */
  #ofBaseUrl(): Cause | undefined {
    const { version } = this.#project;
    return this.#stated.has('baseUrl') ? version : undefined;
  }

  /** The command that generates it has not run, or cannot before an installation. */
  #causeOfGenerated(folder: string, explains: (missing: MissingTypes) => boolean): Cause | undefined {
    const unmade = this.#generated.missingIn(folder).find(explains);
    if (unmade) return unmade.cause;
    const awaited = this.#generated.awaitedIn(folder).find(explains);
    return awaited && this.#installation.causeOf(awaited.generator, folder);
  }

  /** The package is there, but not the one with its types. */
  #ofTypes(code: number, name: string, folder: string): Cause | undefined {
    return code === 7016 || code === 2688 ? this.#installation.causeOf(typesOf(name), folder) : undefined;
  }

  /** The configuration that is missing may have declared it. */
  #ofOptions(): Cause | undefined {
    return this.#project.lacksOptions ? this.#project.cause : undefined;
  }

  #causeOfName(name: string, file: string, isNamespace: boolean): Cause | undefined {
    const folder = path.dirname(file);
    const generated = this.#causeOfGenerated(folder, (missing) => missing.explainsName(name));
    if (generated) return generated;
    if (this.#project.lacksOptions && this.#project.cause?.rule === 'not-generated') return this.#project.cause;
    if (builtins.has(name) || name.startsWith('node:')) return this.#installation.causeOf('@types/node', folder);
    const declaring = this.#project.globals;
    if (declaring) return declaring;
    if (namesOfNode.test(name)) {
      const cause = this.#installation.causeOfDeclared('@types/node', folder);
      if (cause) return cause;
    }
    if (!isNamespace && !namesOfPackages.test(name)) return undefined;
    return this.#installation.partialCauseIn(folder) ?? this.#ofOptions();
  }

  #causeOfJsx(file: string): Cause | undefined {
    const folder = path.dirname(file);
    const [own] = this.#installation.packages.of(folder);
    const declared = jsxPackages.filter((name) => own?.declared.has(name) === true);
    for (const name of declared) {
      const cause = this.#installation.causeOf(name, folder);
      if (cause) return cause;
    }
    // They may come with any package, such as a framework's.
    return this.#installation.partialCauseIn(folder) ?? this.#ofOptions();
  }

  /** @param named a path, absolute or relative, or a file in a package */
  #causeOfFile(named: string, file: string): Cause | undefined {
    const folder = path.dirname(file);
    const isPath = named.startsWith('.') || path.isAbsolute(named);
    const inPackages = /(?:^|[\\/])node_modules[\\/](.+)$/.exec(named)?.[1]?.replaceAll('\\', '/');
    if (isPath && inPackages === undefined) {
      const missing = [folder, this.#folder].flatMap((each) => this.#generated.missingIn(each));
      const found = missing.find((each) => each.explains(named, file));
      // Before it is installed, nobody can generate it.
      return found?.cause ?? (/[\\/]\.[^\\/.]+[\\/]/.test(named) ? this.#installation.causeIn(folder) : undefined);
    }
    const name = packageNameOf(inPackages ?? named);
    return name === undefined ? undefined : this.#installation.causeOf(name, folder);
  }

  #follows({ code, message, file, range }: Diagnostic, at: string): boolean {
    if (code === unusedExpectation) return true;
    if (aboutAny.has(code)) return code !== 7053 || message.includes("type 'any'");
    const text = this.#textOf(file ?? at) ?? '';
    if (aboutUnknown.has(code)) return !isCaught(message, text);
    if (aboutContext.has(code)) return isTypedByContext(at, text, range.start);
    if (aboutProperties.has(code) && !/^Type '[^{]/.test(message)) {
      return this.#causeOfJsx(at) !== undefined && isElement(at, text, range.start);
    }
    return isAboutForeignType(code, message, text);
  }

  /** A configuration that is missing may have set the option; another version of TypeScript has another default. */
  #dependsOnOptions({ code, message }: Diagnostic): boolean {
    const { lacksOptions, version } = this.#project;
    if (!lacksOptions && version === undefined) return false;
    if (aboutVersion.has(code)) return version !== undefined;
    const isAboutNull =
      (code === 2322 || code === 2345) &&
      /\b(?:null|undefined)' is not assignable|to type '(?:null|undefined)'/.test(message);
    return byOption.some(([options, codes]) => {
      const isOpen = lacksOptions || !options.some((name) => this.#stated.has(name));
      return isOpen && (codes.has(code) || (isAboutNull && options.includes('strict')));
    });
  }

  /** As the configurations of the project state it, which looking for the cause of the project reads. */
  #option(name: string): unknown {
    this.#ofProject ??= this.#causeOfProject();
    return this.#stated.get(name);
  }

  /** What concerns every file of the project. */
  get #project(): ProjectCause {
    return (this.#ofProject ??= this.#causeOfProject());
  }

  #causeOfProject(): ProjectCause {
    const options = this.#causeInChain(this.#configFile, new Set());
    const types = this.#stated.get('types');
    const missing = (Array.isArray(types) ? (types as unknown[]) : []).flatMap((name) => {
      const declares = typeof name === 'string' && !/^(?:node|react|react-dom|[\w@/-]+\/client)$/.test(name);
      const bare = declares ? packageNameOf(name) : undefined;
      return (bare === undefined ? undefined : this.#installation.causeOf(bare, this.#folder)) ?? [];
    });
    return {
      cause: options ?? this.#installation.causeIn(this.#folder),
      lacksOptions: options !== undefined,
      version: this.#installation.causeOfDeclared('typescript', this.#folder),
      globals: missing[0],
      checksJavaScript: this.#stated.get('checkJs') === true,
    };
  }

  /** Why a configuration that this one extends, directly or not, cannot be read. */
  #causeInChain(configFile: string, seen: Set<string>): Cause | undefined {
    if (seen.has(configFile)) return undefined;
    seen.add(configFile);
    const text = this.#textOf(configFile) ?? readText(configFile);
    const { value } = ConfigFile.json(configFile, text, 'jsonc');
    const content = isRecord(value) ? value : {};
    const options = content['compilerOptions'];
    for (const [name, option] of Object.entries(isRecord(options) ? options : {})) {
      if (this.#stated.has(name)) continue;
      this.#stated.set(name, option);
      const folder = path.dirname(configFile);
      if (name === 'baseUrl' && typeof option === 'string') this.#pathsFolder = path.resolve(folder, option);
      else if (name === 'paths' && !this.#stated.has('baseUrl')) this.#pathsFolder = folder;
    }
    const named = content['extends'];
    for (const base of Array.isArray(named) ? (named as unknown[]) : [named]) {
      if (typeof base !== 'string' || base === '') continue;
      const found = configurationAt(base, path.dirname(configFile));
      const cause = found === undefined ? this.#causeOfFile(base, configFile) : this.#causeInChain(found, seen);
      if (cause) return cause;
    }
    return undefined;
  }
}

/** The file that `extends` names. Only whether it is there matters, so that `exports` of packages count as there. */
function configurationAt(base: string, folder: string): string | undefined {
  const completed = (file: string): string | undefined =>
    [file, `${file}.json`, path.join(file, 'tsconfig.json')].find(isFile);
  if (base.startsWith('.') || path.isAbsolute(base)) return completed(path.resolve(folder, base));
  for (let at = folder; ; at = path.dirname(at)) {
    const found = completed(path.join(at, 'node_modules', base));
    if (found !== undefined) return found;
    if (path.dirname(at) === at) return undefined;
  }
}

/** A configuration for React Native has `moduleSuffixes`, so that `./a` means `a.ios.ts`. @param module absolute */
function existsForPlatform(module: string): boolean {
  const name = path.basename(module).replace(/\.[cm]?jsx?$/, '');
  try {
    const entries = readdirSync(path.dirname(module));
    return entries.some((entry) => entry.startsWith(name) && FOR_PLATFORM.test(entry.slice(name.length)));
  } catch {
    return false;
  }
}

const FOR_PLATFORM = /^\.(?:ios|android|native|web|windows|macos)\.[jt]sx?$/;

/** What a `catch` gives is `unknown` whatever is installed. */
function isCaught(message: string, text: string): boolean {
  const name = /['"‘“](\w+)/.exec(message)?.[1];
  return name !== undefined && new RegExp(`\\bcatch\\s*\\(\\s*${name}\\b`).test(text);
}

/** Whether it is a file that is no module. Types of these come from packages, such as `vite/client`. */
function isAsset(file: string): boolean {
  return !/\.[cm]?[jt]sx?$/.test(file) && isFile(file.replace(/\?.*$/, ''));
}

function isFolder(folder: string): boolean {
  return entryAt(folder) === 'directory';
}

function isFile(file: string): boolean {
  return entryAt(file) === 'file';
}

function readText(file: string): string {
  try {
    return readTextSync(file);
  } catch {
    return '';
  }
}
