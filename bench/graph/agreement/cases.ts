/**
 * Reads the cases of other projects' ESLint rule tests from a checkout. It runs their test files with a rule tester that only
 * records its arguments. It copies nothing of theirs, and the checkout's dependencies need not be installed.
 */
import { existsSync, readFileSync } from 'node:fs';
import { builtinModules, createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import vm from 'node:vm';
import { transformSync } from 'esbuild';

export interface RuleCase {
  readonly rule: string;
  readonly valid: boolean;
  readonly code: string;
  /** Absolute path. */
  readonly filename: string;
  /** Number of findings of their rule. */
  readonly errors: number;
  /** Options and settings for their rule or its resolver, as JSON. */
  readonly settings: string;
  /** Whether the test uses a TypeScript parser. */
  readonly isTypeScript: boolean;
}

interface Raw {
  readonly code?: unknown;
  readonly filename?: unknown;
  readonly errors?: unknown;
  readonly options?: unknown;
  readonly settings?: object;
  readonly parser?: unknown;
  readonly languageOptions?: { readonly parser?: unknown };
}

/** @param file one of their test files; the working directory must be the one that their tests expect */
export function casesOf(file: string): readonly RuleCase[] {
  const cases: RuleCase[] = [];
  const take = (rule: string, raw: Raw | string, valid: boolean, shared: object): void => {
    const one: Raw = typeof raw === 'string' ? { code: raw } : raw;
    if (typeof one.code !== 'string') return;
    const { errors } = one;
    const parser = one.parser ?? one.languageOptions?.parser;
    cases.push({
      rule,
      valid,
      code: one.code,
      filename: typeof one.filename === 'string' ? path.resolve(one.filename) : '',
      errors: valid ? 0 : typeof errors === 'number' ? errors : Array.isArray(errors) ? errors.length : 1,
      settings: JSON.stringify({ options: one.options, settings: { ...shared, ...one.settings } }),
      isTypeScript: parser === TYPESCRIPT || (typeof parser === 'string' && parser.includes('typescript')),
    });
  };
  class RuleTester {
    readonly #settings: object;

    constructor(config?: { readonly settings?: object }) {
      this.#settings = { ...config?.settings };
    }

    static setDefaultConfig(): void {}

    run(rule: string, _: unknown, tests: { readonly valid?: readonly Raw[]; readonly invalid?: readonly Raw[] }): void {
      for (const one of tests.valid ?? []) take(rule, one, true, this.#settings);
      for (const one of tests.invalid ?? []) take(rule, one, false, this.#settings);
    }
  }
  new Loader(RuleTester).load(file);
  return cases;
}

/** The default export of another of their test files. */
export function defaultExportOf(file: string): unknown {
  const exports = new Loader(undefined).load(file);
  return typeof exports === 'object' && exports !== null && 'default' in exports ? exports.default : exports;
}

const TYPESCRIPT = { name: 'the parser of typescript-eslint' };

/** Loads a few files as CommonJS. Everything that is not a test file is replaced by a stub that does nothing. */
class Loader {
  readonly #modules = new Map<string, { exports: unknown }>();
  readonly #replaced: Readonly<Record<string, unknown>>;
  readonly #ruleTester: unknown;
  readonly #require = createRequire(import.meta.url);

  constructor(ruleTester: unknown) {
    const eslint = { RuleTester: ruleTester, Linter: Anything, CLIEngine: Anything, ESLint: Anything };
    this.#replaced = {
      eslint,
      'eslint/package.json': { version: '8.57.0' },
      'eslint/use-at-your-own-risk': { FlatRuleTester: ruleTester, default: { FlatRuleTester: ruleTester } },
      'typescript/package.json': { version: '4.5.2' },
      '@typescript-eslint/parser/package.json': { version: '5.62.0' },
      '@typescript-eslint/parser': TYPESCRIPT,
      semver: this.#require('semver'),
      'array.prototype.flatmap': (list: readonly unknown[], each: (one: unknown) => unknown) => list.flatMap(each),
      'array.prototype.flat': (list: readonly unknown[]) => list.flat(),
      'array-includes': (list: readonly unknown[], one: unknown) => list.includes(one),
      globals: { es2015: {}, node: {}, meta: {} },
      'object.values': Object.values,
      'object.fromentries': Object.fromEntries,
    };
    this.#ruleTester = ruleTester;
  }

  load(file: string): unknown {
    const known = this.#modules.get(file);
    if (known) return known.exports;
    const module = { exports: {} as unknown };
    this.#modules.set(file, module);
    const { code } = transformSync(readFileSync(file, 'utf8'), {
      format: 'cjs',
      loader: /\.[cm]?ts$/.test(file) ? 'ts' : 'jsx',
      define: {
        'import.meta.dirname': JSON.stringify(path.dirname(file)),
        'import.meta.filename': JSON.stringify(file),
        'import.meta.url': JSON.stringify(pathToFileURL(file).href),
      },
    });
    const require = Object.assign((name: string) => this.#import(name, path.dirname(file)), {
      resolve: (name: string) => name,
    });
    const suite = Object.assign(
      (_: string, body: unknown): void => {
        if (typeof body === 'function' && body !== anything) body.call(anything);
      },
      { skip: (): void => {} },
    );
    const nothing = (): void => {};
    const names = ['module', 'exports', 'require', '__dirname', '__filename', 'describe', 'context', 'it', 'before', 'after', 'beforeEach', 'afterEach']; // prettier-ignore
    const run = vm.compileFunction(code, names, { filename: file }) as (...values: readonly unknown[]) => void;
    run(module, module.exports, require, path.dirname(file), file, suite, suite, nothing, nothing, nothing, nothing, nothing); // prettier-ignore
    return module.exports;
  }

  #import(name: string, directory: string): unknown {
    if (Object.hasOwn(this.#replaced, name)) return this.#replaced[name];
    if (/test-helpers(\.js)?$/.test(name))
      return { RuleTester: this.#ruleTester, isCaseSensitiveFileSystem: true, globals: { es2015: {}, node: {} } };
    if (name.endsWith('/package.json') && !name.startsWith('.')) return { version: '8.0.0' };
    if (/^(node:)?module$/.test(name))
      return { createRequire: () => (asked: string) => this.#import(asked, directory) };
    if (builtinModules.includes(name.replace(/^node:/, ''))) return this.#require(name);
    const found = name.startsWith('.')
      ? ['', '.js', '.ts'].map((end) => path.resolve(directory, name + end)).find((one) => /\.\w+$/.test(one) && existsSync(one))
      : undefined; // prettier-ignore
    if (found === undefined || !/[\\/]tests?[\\/]/.test(found)) return anything;
    return found.endsWith('.json') ? (JSON.parse(readFileSync(found, 'utf8')) as unknown) : this.load(found);
  }
}

/** Returns itself for every call and every property. */
const anything: object = new Proxy(function () {}, {
  get: (target, key) => {
    if (key === '__esModule') return undefined;
    if (key === Symbol.toPrimitive) return (): string => '';
    if (key === Symbol.iterator) return Array.prototype[Symbol.iterator].bind([]);
    return key === 'prototype' ? (target as { prototype: unknown }).prototype : anything;
  },
  apply: () => anything,
  construct: () => anything,
}); // prettier-ignore

class Anything {
  verify(): readonly unknown[] {
    return [];
  }
}
