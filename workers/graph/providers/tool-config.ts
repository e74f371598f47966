/**
 * What the configuration of a bundler, compiler or test runner says about names, read without executing it. Instead of
 * following the whole configuration, which functions, wrappers and conditions make, it looks for the parts that define
 * names wherever they stand, and evaluates these. Stateless.
 */
import path from 'node:path';
import { parse as parseJson } from 'jsonc-parser';
import { visitorKeys, type Node, type Program } from 'oxc-parser';
import { directoryOf, isRecord } from '../manifests.ts';
import { isModuleFile, parseTree } from '../record.ts';
import { absoluteIn, Names, REST, StaticValues, UNKNOWN } from '../static-value.ts';
import { prefixAlias, readAliases, type Alias } from './aliases.ts';
import { isMadeElsewhere } from './made-elsewhere.ts';

export interface ToolConfig {
  /** Relative to the root. */
  readonly file: string;
  readonly aliases: readonly Alias[];
  /** Folders in which bare names are looked up; relative to the root. */
  readonly roots: readonly string[];
  /** Names that something else provides at run time: externals, and remotes of Module Federation. */
  readonly provided: readonly (string | RegExp)[];
  /** Extensions that are tried, such as `.web.js` or `.es6`. */
  readonly extensions: readonly string[];
  /** It defines names that only running it tells. */
  readonly isUnclear: boolean;
  /** `srcDir` of Nuxt and WXT, relative to the configuration. */
  readonly sourceDirectory?: string;
  /** `files.lib` of SvelteKit, relative to the configuration. */
  readonly libraryDirectory?: string;
}

export interface ConfigReading {
  /** Absolute. */
  readonly root: string;
  readonly textOf: (file: string) => string | undefined;
  /** Completes a path of the root; undefined: there is no such file. */
  readonly complete: (base: string) => string | undefined;
  /** The directory of the package that a file belongs to. */
  readonly packageDirectoryOf: (file: string) => string;
}

export function isToolConfig(file: string): boolean {
  return TOOL_CONFIG.test(path.posix.basename(file)) || /(^|\/)\.storybook\/main\.[cm]?[jt]s$/.test(file);
}

/** @param json the content, for a part of another file such as `jest` in package.json */
export function readToolConfig(reading: ConfigReading, file: string, json?: unknown): ToolConfig {
  const collector = new Collector(reading, file);
  if (json !== undefined) collector.json(json, '');
  else if (isModuleFile(file)) collector.script(file);
  else collector.json(parseJson(reading.textOf(file) ?? '', [], { allowTrailingComma: true }), '');
  return collector.config();
}

const TOOL_CONFIG =
  /^(?:(?:vite|vitest|webpack|rollup|rolldown|rspack|rsbuild|rslib|next|nuxt|svelte|astro|babel|jest|metro|craco|electron\.vite|electron-builder|docusaurus|gatsby-node|vue|ember-cli-build|quasar|esbuild|tsup|tsdown|unbuild|farm|wxt|umi|remix|react-router|module-federation|federation|cypress|playwright|playwright-ct|karma|ice|modern|build)(?=[.-])[\w.-]*\.(?:[cm]?[jt]s|json)|\.(?:babelrc|swcrc|umirc|fatherrc)(?:\.\w+)?|config-overrides\.[cm]?js|import[_-]map\.json|webpackfile\.[cm]?js|webpack[\w.-]*\.[cm]?[jt]s)$/;

/** Tools whose whole configuration may come from a package of the user, and with it their aliases. */
const MAY_COME_FROM_PACKAGE = /^(vite|vitest|webpack|rspack|rsbuild|rollup|rolldown|craco|vue|farm|electron\.vite)\b/;

const KEYWORDS =
  /alias|moduleNameMapper|remotes|externals?\b|modules\b|modulePaths|moduleDirectories|extraNodeModules|module-resolver|srcDir|extensions|sourceExts|moduleFileExtensions|entries|paths|rootDir/i;

/** Whether a script may have a part that is looked for. */
export function mayDefineNames(text: string): boolean {
  return KEYWORDS.test(text);
}

/** Scripts that a configuration is spread over. */
const MAXIMUM_SCRIPTS = 20;

class Collector {
  readonly #reading: ConfigReading;
  readonly #file: string;
  readonly #root: string;
  #bases: readonly string[];
  readonly #seen = new Set<string>();
  /** Read at the end, when `rootDir` is known. */
  readonly #tables: (readonly [value: unknown, keys: 'paths' | 'patterns'])[] = [];
  readonly #folders: unknown[] = [];
  readonly #provided: (string | RegExp)[] = [];
  readonly #extensions = new Set<string>();
  #isUnclear = false;
  #sourceDirectory: string | undefined;
  #libraryDirectory: string | undefined;

  constructor(reading: ConfigReading, file: string) {
    this.#reading = reading;
    this.#file = file;
    this.#root = absoluteIn(reading.root, '').replace(/\/$/, '');
    this.#bases = [...new Set([directoryOf(file), reading.packageDirectoryOf(file)])];
  }

  config(): ToolConfig {
    const reads = this.#tables.map(([value, keys]) =>
      readAliases(value, { by: this.#file, root: this.#root, bases: this.#bases, keys }),
    );
    if (reads.some(({ isComplete }) => !isComplete)) this.#isUnclear = true;
    return {
      file: this.#file,
      aliases: reads.flatMap(({ aliases }) => aliases),
      roots: [...new Set(this.#folders.flatMap((value) => this.#rootsIn(value)))],
      provided: this.#provided,
      extensions: [...this.#extensions],
      isUnclear: this.#isUnclear,
      ...(this.#sourceDirectory === undefined ? {} : { sourceDirectory: this.#sourceDirectory }),
      ...(this.#libraryDirectory === undefined ? {} : { libraryDirectory: this.#libraryDirectory }),
    };
  }

  json(value: unknown, under: string): void {
    if (Array.isArray(value)) {
      const [name, options] = value as readonly unknown[];
      if (isResolverPlugin(name) && isRecord(options)) this.#take('root', options['root'], 'module-resolver');
      for (const one of value) this.json(one, under);
    } else if (isRecord(value)) {
      for (const [key, one] of Object.entries(value)) {
        this.#take(key, one, under);
        this.json(one, key);
      }
    }
  }

  script(file: string): void {
    if (this.#seen.has(file) || this.#seen.size >= MAXIMUM_SCRIPTS) return;
    this.#seen.add(file);
    const text = this.#reading.textOf(file);
    const program = text === undefined ? undefined : parsed(file, text);
    if (!program) {
      // Half-typed: what it says is not known at the moment.
      if (file === this.#file) this.#isUnclear = true;
      return;
    }
    const values = this.#valuesIn(file);
    const isOpaque = file === this.#file && MAY_COME_FROM_PACKAGE.test(path.posix.basename(file));
    if (isOpaque && isMadeElsewhere(program)) this.#isUnclear = true;
    if (mayDefineNames(text ?? '') || /^svelte\.config\./.test(path.posix.basename(file)))
      this.#walk(program, values, values.namesOf(program), text ?? '');
    for (const imported of importsOf(program)) {
      const target = /^\.\.?\//.test(imported) ? this.#complete(file, imported) : undefined;
      // A configuration may import something from the application, which configures nothing.
      if (target !== undefined && isModuleFile(target) && !/(^|\/)(src|app)\//.test(target)) this.script(target);
    }
  }

  #valuesIn(file: string, depth = 0): StaticValues {
    return new StaticValues({
      file: absoluteIn(this.#reading.root, file),
      cwd: absoluteIn(this.#reading.root, this.#reading.packageDirectoryOf(this.#file)).replace(/(.)\/$/, '$1'),
      imported: (specifier, name) => {
        const target = depth < 5 && /^\.\.?(\/|$)/.test(specifier) ? this.#complete(file, specifier) : undefined;
        const text = target === undefined ? undefined : this.#reading.textOf(target);
        if (target === undefined || text === undefined) return undefined;
        if (target.endsWith('.json')) {
          const content: unknown = parseJson(text, [], { allowTrailingComma: true });
          return name === '*' || name === 'default' ? content : isRecord(content) ? content[name] : undefined;
        }
        const program = isModuleFile(target) ? parsed(target, text) : undefined;
        return program && this.#valuesIn(target, depth + 1).exportOf(program, name);
      },
    });
  }

  #complete(from: string, specifier: string): string | undefined {
    return this.#reading.complete(path.posix.join(directoryOf(from), specifier).replace(/\/$/, ''));
  }

  /** Visits every part of a script with the names that are visible there. */
  #walk(program: Program, values: StaticValues, top: Names, text: string): void {
    interface Visit {
      readonly node: Node;
      readonly names: Names;
      readonly under: string;
    }
    const pending: Visit[] = [{ node: program, names: top, under: '' }];
    for (let visit = pending.pop(); visit; visit = pending.pop()) {
      const { node } = visit;
      let { names, under } = visit;
      if (isFunction(node)) names = values.namesIn(node, names);
      else if (node.type === 'ForOfStatement') names = loopNames(node, values, names);
      else if (node.type === 'Property') {
        const key = node.computed ? '' : node.key.type === 'Identifier' ? node.key.name : node.key.type === 'Literal' ? String(node.key.value) : ''; // prettier-ignore
        const { value } = node;
        if (RELEVANT.has(key)) this.#takeExpression(key, value, under, values, names, text);
        under = key;
      } else if (node.type === 'AssignmentExpression') this.#assignment(node, values, names, text);
      else if (node.type === 'CallExpression') this.#call(node, values, names, text);
      else if (node.type === 'ArrayExpression') {
        const [first, second] = node.elements;
        if (first && second && isResolverPlugin(values.valueOf(first, names))) {
          const options = values.valueOf(second, names);
          if (isRecord(options)) this.#take('root', options['root'], 'module-resolver');
        }
      }
      for (const key of visitorKeys[node.type] ?? []) {
        const child = (node as unknown as Record<string, Node | readonly (Node | null)[] | null | undefined>)[key];
        for (const one of Array.isArray(child)
          ? (child as readonly (Node | null)[])
          : [child as Node | null | undefined])
          if (one) pending.push({ node: one, names, under });
      }
    }
  }

  #takeExpression(key: string, node: Node, under: string, values: StaticValues, names: Names, text: string): void {
    const value = values.valueOf(node, names);
    const source = text.slice(node.start, node.end);
    // Functions that take over the paths of the tsconfig, which are known.
    const isOfTsconfig = !/^\s*[[{]/.test(source) && /tsconfig|paths/i.test(source);
    if (value === UNKNOWN && isOfTsconfig) return;
    this.#take(key, value, under);
  }

  /** `config.resolve.alias = …`, `config.resolve.alias['x'] = …`. */
  #assignment(
    { left, right }: Extract<Node, { type: 'AssignmentExpression' }>,
    values: StaticValues,
    names: Names,
    text: string,
  ): void {
    // prettier-ignore
    if (left.type !== 'MemberExpression') return;
    if (!left.computed && RELEVANT.has(left.property.name)) {
      const under = left.object.type === 'MemberExpression' && !left.object.computed ? left.object.property.name : '';
      this.#takeExpression(left.property.name, right, under, values, names, text);
    } else if (isAliasTable(left.object)) {
      const key = left.computed ? values.valueOf(left.property, names) : left.property.name;
      this.#aliasAt(key, values.valueOf(right, names));
    }
  }

  /** @param key a list: the assignment is in a loop over names */
  #aliasAt(key: unknown, value: unknown): void {
    const keys = stringsIn(key);
    if (keys.length === 0) this.#alias(UNKNOWN);
    for (const one of keys) this.#alias({ [one]: value });
  }

  /**
   * `config.resolve.alias.set('x', …)` of webpack-chain, `Object.assign(config.resolve.alias, …)`, `alias({ entries })`,
   * `addWebpackAlias({ … })`.
   */
  #call(
    { callee, arguments: given }: Extract<Node, { type: 'CallExpression' }>,
    values: StaticValues,
    names: Names,
    text: string,
  ): void {
    // prettier-ignore
    if (callee.type === 'Identifier') {
      const [options] = given;
      const value = /alias/i.test(callee.name) && options ? values.valueOf(options, names) : undefined;
      if (isRecord(value) && 'entries' in value) this.#alias(value['entries']);
      else if (ALIAS_FUNCTION.test(callee.name)) this.#alias(value);
    } else if (callee.type === 'MemberExpression' && !callee.computed) {
      const { name } = callee.property;
      if (name === 'set' && given[0] && given[1]) {
        let object: Node = callee.object;
        while (object.type === 'CallExpression' && object.callee.type === 'MemberExpression') object = object.callee.object;
        if (!isAliasTable(object)) return;
        const key = values.valueOf(given[0], names);
        this.#aliasAt(key, values.valueOf(given[1], names));
      } else if (name === 'assign' && given[0] && isAliasTable(given[0])) {
        for (const one of given.slice(1)) this.#takeExpression('alias', one, '', values, names, text);
      }
    }
  }

  #take(key: string, value: unknown, under: string): void {
    switch (key) {
      case 'alias':
      case 'aliases':
      case 'resolveAlias':
      case 'extraNodeModules':
      case '_moduleAliases':
        this.#alias(value);
        break;
      case 'paths':
        if (under === 'jsc') this.#alias(value);
        break;
      case 'moduleNameMapper':
        this.#alias(value, 'patterns');
        break;
      case 'modules':
        if (under === 'resolve') this.#folders.push(value);
        break;
      case 'modulePaths':
      case 'moduleDirectories':
        this.#folders.push(value);
        break;
      case 'root':
        if (under === 'module-resolver') this.#folders.push(value);
        break;
      case 'remotes':
      case 'externals':
      case 'external':
        this.#provide(value);
        break;
      case 'extensions':
      case 'sourceExts':
      case 'moduleFileExtensions':
      case 'resolveExtensions':
        for (const one of stringsIn(value)) this.#extensions.add(one.startsWith('.') ? one : `.${one}`);
        break;
      case 'rootDir': {
        if (!/^(jest|projects|)$/.test(under)) break;
        const folder = this.#folder(value);
        if (folder !== undefined) this.#bases = [path.posix.join(directoryOf(this.#file), folder), ...this.#bases];
        break;
      }
      case 'srcDir':
        // Plug-ins have options of this name too.
        if (under === '' && this.#seen.size <= 1) this.#sourceDirectory = this.#folder(value) ?? this.#sourceDirectory;
        break;
      case 'lib':
        if (under === 'files') this.#libraryDirectory = this.#folder(value) ?? this.#libraryDirectory;
        break;
      default:
        break;
    }
  }

  #alias(value: unknown, keys: 'paths' | 'patterns' = 'paths'): void {
    if (value === undefined || value === null || typeof value === 'boolean' || typeof value === 'string') return;
    this.#tables.push([value, keys]);
  }

  #rootsIn(value: unknown): readonly string[] {
    return stringsIn(value).flatMap((one) => {
      if (one === 'node_modules' || one.includes('/node_modules')) return [];
      const rooted = one.replace(/^<rootDir>\/?/, './');
      const folders = rooted.startsWith(`${this.#root}/`)
        ? [path.posix.relative(this.#root, rooted)]
        : this.#bases.map((base) => path.posix.join(base, rooted));
      return folders.map((folder) => (folder === '.' ? '' : folder.replace(/\/$/, '')));
    });
  }

  #provide(value: unknown): void {
    for (const one of [value].flat()) {
      if (typeof one === 'string')
        this.#provided.push(one.split('@', 1)[0] === '' ? one : (/^([^@]+)@\w+:/.exec(one)?.[1] ?? one)); // prettier-ignore
      // What matches any name says nothing about one.
      else if (one instanceof RegExp) {
        if (!ANY_NAMES.some((name) => one.test(name))) this.#provided.push(one);
      } else if (isRecord(one)) {
        const named = one['alias'] ?? one['name'];
        if (typeof named === 'string' && 'entry' in one) this.#provided.push(named);
        else this.#provided.push(...Object.keys(one).filter((name) => name !== REST));
      }
    }
  }

  /** Relative to the folder of the configuration. */
  #folder(value: unknown): string | undefined {
    if (typeof value !== 'string') return undefined;
    const base = path.posix.join(this.#root, directoryOf(this.#file));
    const folder = value.startsWith(`${this.#root}/`) || value === this.#root ? path.posix.relative(base, value) : path.posix.normalize(value); // prettier-ignore
    return folder === '.' ? '' : folder.replace(/\/$/, '');
  }
}

const ANY_NAMES = ['any-name-at-all', '@any-scope/any-name'];

const RELEVANT: ReadonlySet<string> = new Set([
  'alias', 'aliases', 'resolveAlias', 'extraNodeModules', 'moduleNameMapper', 'modules', 'modulePaths', 'moduleDirectories', 'remotes',
  'externals', 'external', 'extensions', 'sourceExts', 'moduleFileExtensions', 'resolveExtensions', 'srcDir', 'lib', 'paths', 'rootDir',
]); // prettier-ignore

/** Functions whose argument is a table of aliases. */
const ALIAS_FUNCTION = /^(?:alias(?:es|Plugin)?|add\w*Alias(?:es)?)$/i;

function isResolverPlugin(name: unknown): boolean {
  return typeof name === 'string' && /(^|babel-plugin-)module-resolver$/.test(name);
}

function isAliasTable(node: Node): boolean {
  const name = node.type === 'Identifier' ? node.name : node.type === 'MemberExpression' && !node.computed ? node.property.name : ''; // prettier-ignore
  return /^(alias|aliases|moduleNameMapper)$/i.test(name);
}

function isFunction(node: Node): node is Parameters<StaticValues['namesIn']>[0] {
  return node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression'; // prettier-ignore
}

/** The variable of a loop stands for all that the loop goes over. */
function loopNames(
  { left, right }: Extract<Node, { type: 'ForOfStatement' }>,
  values: StaticValues,
  outer: Names,
): Names {
  const names = new Names(outer);
  const id = left.type === 'VariableDeclaration' ? left.declarations[0]?.id : undefined;
  if (id?.type === 'Identifier') names.set(id.name, () => values.valueOf(right, outer));
  return names;
}

function stringsIn(value: unknown): readonly string[] {
  return [value].flat().filter((one): one is string => typeof one === 'string');
}

function parsed(file: string, text: string): Program | undefined {
  try {
    return parseTree(file, text);
  } catch {
    return undefined;
  }
}

/** What a script imports or requires at its top. */
function importsOf(program: Program): readonly string[] {
  const found: string[] = [];
  const pending: Node[] = [...program.body];
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (node.type === 'ImportDeclaration') found.push(node.source.value);
    else if ((node.type === 'ExportNamedDeclaration' || node.type === 'ExportAllDeclaration') && node.source)
      found.push(node.source.value); // prettier-ignore
    else if (node.type === 'VariableDeclaration') {
      for (const { init } of node.declarations) if (init) pending.push(init);
    } else if (node.type === 'MemberExpression') pending.push(node.object);
    else if (node.type === 'CallExpression') {
      const [first] = node.arguments;
      if (node.callee.type === 'Identifier' && node.callee.name === 'require' && first?.type === 'Literal' && typeof first.value === 'string') found.push(first.value); // prettier-ignore
    }
  }
  return found;
}

/** The names that a table of a manifest or a Deno configuration gives, as aliases. */
export function aliasesOfImports(imports: unknown, directory: string, by: string): readonly Alias[] {
  if (!isRecord(imports)) return [];
  return Object.entries(imports).flatMap(([name, target]): readonly Alias[] => {
    if (typeof target !== 'string') return [];
    if (!/^\.{0,2}\//.test(target)) return [prefixAlias(name, [{ kind: 'unknown' }], by)];
    const file = path.posix.join(directory, target);
    const alias = prefixAlias(name, [{ kind: 'path', path: file === '.' ? '' : file.replace(/\/$/, '') }], by);
    // Only a name that ends with a slash stands for what is below it.
    return [name.endsWith('/') ? alias : { by, targetsOf: (asked) => (asked === name ? alias.targetsOf(asked) : undefined) }]; // prettier-ignore
  });
}
