/**
 * Which diagnostics of a project follow from something that is missing: packages that are not installed, types that are
 * not generated, a configuration that cannot be read because of one of these. Lives as long as one check of a project.
 *
 * A diagnostic is a consequence only if what is missing explains it. A relative import of a file that does not exist, or
 * a package that nobody declares where others are installed, is a fault of the code.
 */
import { readFileSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { parse } from 'jsonc-parser';
import type { Cause } from '../../protocol/detector-protocol.ts';
import { GeneratedTypes } from '../../runtime/generated-types.ts';
import { Installation } from '../../runtime/installation.ts';
import { packageNameOf, typesOf } from '../../runtime/package-chain.ts';
import { isTypedByContext } from './contextual.ts';
import type { Diagnostic } from './session.ts';

/** Errors about a module that cannot be found, whose specifier is the first quoted part of the message. */
const aboutModules = new Set([2307, 2354, 2664, 2665, 2688, 2732, 2792, 2875, 2882, 7016]);
/** … about a member that a module lacks, as one whose types are a stub. */
const aboutMembers = new Set([2305, 2614, 2724]);
/** … about a global name. */
const aboutNames = new Set([2304, 2503, 2552, 2580, 2581, 2582, 2584, 2591, 2592, 2593, 2867, 2868]);
/** … about elements of JSX, whose types come from a package. */
const aboutJsx = new Set([2602, 7026]);
/** … about a file that a configuration or a reference names. */
const aboutFiles = new Set([5083, 6053]);
/** Types that are `any` because a module or a name is missing. */
const aboutContext = new Set([7006, 7019, 7031, 7051]);
const aboutAny = new Set([2347, 7022, 7023, 7024, 7053]);
/** Errors that depend on options that a missing configuration may set: the target, libraries, modules, strictness. */
const aboutOptions = new Set([
  1259, 1323, 1343, 1375, 1378, 1432, 1470, 1471, 1479, 2531, 2532, 2533, 2550, 2564, 2569, 2583, 2584, 2683, 2691, 2722,
  2802, 2834, 2835, 5097, 6142, 7005, 7006, 7008, 7010, 7011, 7013, 7016, 7017, 7018, 7019, 7022, 7023, 7024, 7029, 7030,
  7031, 7033, 7034, 7041, 7053, 17004, 18046, 18047, 18048, 18049,
]); // prettier-ignore

/** Names that only packages declare. */
const namesOfPackages =
  /^(?:React|JSX|NodeJS|process|Buffer|require|module|exports|global|__dirname|__filename|setImmediate|clearImmediate|describe|it|test|suite|expect|vi|jest|beforeEach|afterEach|beforeAll|afterAll|before|after|assert|cy|Cypress|\$|jQuery|JQuery\w*|Bun|Deno|Express|Electron|chrome|browser|google|GeoJSON|YT|gapi|\$(?:state|derived|effect|props|bindable|inspect|host))$/;

const jsxPackages = ['@types/react', 'react', 'preact', 'solid-js', 'vue', 'svelte', 'hono', '@emotion/react', 'astro'];

const builtins = new Set(builtinModules);

export class Consequences {
  readonly #folder: string;
  readonly #textOf: (file: string) => string | undefined;
  readonly #installation: Installation;
  readonly #generated: GeneratedTypes;
  readonly #configFile: string;
  #ofProject: { readonly cause: Cause | undefined; readonly lacksOptions: boolean } | undefined;

  /**
   * @param root absolute
   * @param configFile absolute
   * @param textOf the text of a file, as the compiler sees it
   */
  constructor(root: string, configFile: string, textOf: (file: string) => string | undefined) {
    this.#folder = path.dirname(configFile);
    this.#configFile = configFile;
    this.#textOf = textOf;
    this.#installation = new Installation(root);
    this.#generated = new GeneratedTypes(root, this.#installation.packages);
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

  #directCause(diagnostic: Diagnostic, file: string): Cause | undefined {
    const { code, message } = diagnostic;
    const quoted = /['"‘“]([^'"’”]+)['"’”]/.exec(message)?.[1] ?? '';
    if (aboutFiles.has(code)) return this.#causeOfFile(quoted, file);
    if (aboutModules.has(code)) return this.#causeOfModule(code === 2354 ? 'tslib' : quoted, file, code);
    if (aboutMembers.has(code)) return this.#causeOfModule(quoted.replaceAll('"', ''), file, code);
    if (aboutNames.has(code)) return this.#causeOfName(quoted, file);
    if (aboutJsx.has(code)) return this.#causeOfJsx(file);
    if (code === 2339 && /'ImportMeta(?:Env)?'/.test(message))
      return this.#installation.partialCauseIn(path.dirname(file));
    return this.#project.lacksOptions && this.#dependsOnOptions(diagnostic) ? this.#project.cause : undefined;
  }

  #causeOfModule(specifier: string, file: string, code: number): Cause | undefined {
    const folder = path.dirname(file);
    const generated = this.#generated.missingIn(folder).find((missing) => missing.explains(specifier, file));
    // What a generation explains needs its package first.
    if (generated && (!aboutMembers.has(code) || specifier.startsWith('@'))) return generated.cause;
    if (aboutMembers.has(code)) return undefined;
    if (specifier.startsWith('.') || path.isAbsolute(specifier)) {
      // Types of files that are no modules come from packages, such as `vite/client`.
      const isThere =
        !/\.[cm]?[jt]sx?$/.test(specifier) && isFile(path.resolve(folder, specifier.replace(/\?.*$/, '')));
      const isPublic = specifier.startsWith('/') && /\.[a-z\d]+$/i.test(specifier);
      return isThere || isPublic ? this.#installation.causeIn(folder) : undefined;
    }
    if (builtins.has(specifier) || specifier.startsWith('node:')) {
      return this.#installation.causeOf('@types/node', folder);
    }
    const name = packageNameOf(specifier);
    if (name !== undefined && !/^[a-z][\w+.-]*:/i.test(specifier)) {
      return this.#installation.causeOf(name, folder) ?? this.#ofTypes(code, name, folder) ?? this.#ofOptions();
    }
    // A module of a bundler or a framework, whose types a package declares.
    const isVirtual = /^(?:[a-z][\w+.-]*:|#|\$)/i.test(specifier);
    return (isVirtual ? this.#installation.causeIn(folder) : undefined) ?? this.#ofOptions();
  }

  /** The package is there, but not the one with its types. */
  #ofTypes(code: number, name: string, folder: string): Cause | undefined {
    return code === 7016 || code === 2688 ? this.#installation.causeOf(typesOf(name), folder) : undefined;
  }

  /** The configuration that is missing may have declared it. */
  #ofOptions(): Cause | undefined {
    return this.#project.lacksOptions ? this.#project.cause : undefined;
  }

  #causeOfName(name: string, file: string): Cause | undefined {
    const folder = path.dirname(file);
    const generated = this.#generated.missingIn(folder).find((missing) => missing.explainsName(name));
    if (generated) return generated.cause;
    if (this.#project.lacksOptions && this.#project.cause?.rule === 'not-generated') return this.#project.cause;
    if (builtins.has(name) || name.startsWith('node:')) return this.#installation.causeOf('@types/node', folder);
    if (!namesOfPackages.test(name)) return undefined;
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
    return this.#installation.causeIn(folder) ?? this.#ofOptions();
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
    if (aboutAny.has(code)) return code !== 7053 || message.includes("type 'any'");
    if (!aboutContext.has(code)) return false;
    const text = this.#textOf(file ?? at);
    return text !== undefined && isTypedByContext(at, text, range.start);
  }

  #dependsOnOptions({ code, message }: Diagnostic): boolean {
    if (aboutOptions.has(code)) return true;
    return (code === 2322 || code === 2345) && /\b(?:null|undefined)' is not assignable/.test(message);
  }

  /** What concerns every file of the project. */
  get #project(): { readonly cause: Cause | undefined; readonly lacksOptions: boolean } {
    if (this.#ofProject === undefined) {
      const options = this.#causeInChain(this.#configFile, new Set());
      const cause = options ?? this.#installation.causeIn(this.#folder);
      this.#ofProject = { cause, lacksOptions: options !== undefined };
    }
    return this.#ofProject;
  }

  /** Why a configuration that this one extends, directly or not, cannot be read. */
  #causeInChain(configFile: string, seen: Set<string>): Cause | undefined {
    if (seen.has(configFile)) return undefined;
    seen.add(configFile);
    const content: unknown = parse(this.#textOf(configFile) ?? readText(configFile), [], { allowTrailingComma: true });
    const named: unknown =
      typeof content === 'object' && content !== null && 'extends' in content ? content.extends : [];
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

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch {
    return '';
  }
}
