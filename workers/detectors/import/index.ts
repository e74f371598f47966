/** The `import` detector: what is asked for and is not there, or is asked for in a way that will not work. */
import path from 'node:path';
import picomatch from 'picomatch';
import { exportedName, exportedNames } from '../../graph/exports.ts';
import { IgnoredPaths } from '../../graph/ignored.ts';
import type { Module, ModuleGraph } from '../../graph/index.ts';
import { Kept } from '../../graph/kept.ts';
import { isRecord } from '../../graph/manifests.ts';
import { ambientNames, typescriptProgram } from '../../graph/program.ts';
import {
  isDeclarationFile,
  isTypeScriptFile,
  rangeIn,
  specifierRange,
  type ModuleRequest,
} from '../../graph/record.ts';
import { isRelative, type Missing, type Resolution } from '../../graph/resolution.ts';
import { Findings, graphDetector, severitiesOf, stringsOf, type RuleSeverities } from '../../graph/rules.ts';
import { nearest } from '../../graph/spelling.ts';
import type { DetectorOptions, Finding, Fix } from '../../protocol.ts';
import { DEPRECATED_MODULES, DEPRECATED_NAMES, type Deprecation } from './builtins.ts';
import { duplicatesOf, mergeFix } from './duplicates.ts';
import { Environment, PROVIDED_BY_HOSTS } from '../../graph/environment.ts';
import { usesOf } from '../../graph/uses-of.ts';
import { guardedRequests } from './guarded.ts';

export type ImportRule =
  | 'unresolved'
  | 'unresolved-package'
  | 'missing-export'
  | 'case-mismatch'
  | 'exports-blocked'
  | 'missing-extension-esm'
  | 'duplicate-import'
  | 'absolute-path'
  | 'deprecated-builtin'
  | 'commonjs-in-esm';

export const IMPORT_RULES: RuleSeverities<ImportRule> = {
  unresolved: 'error',
  'unresolved-package': 'error',
  'missing-export': 'error',
  'case-mismatch': 'error',
  'exports-blocked': 'error',
  'missing-extension-esm': 'error',
  'duplicate-import': 'warning',
  'absolute-path': 'warning',
  'deprecated-builtin': 'warning',
  'commonjs-in-esm': 'warning',
};

export const detector = graphDetector({ name: 'import', version: '1', rules: IMPORT_RULES, findings: importFindings });

export function importFindings(graph: ModuleGraph, options: DetectorOptions): ReadonlyMap<string, readonly Finding[]> {
  const ambient = ambientNames(graph);
  const state = JSON.stringify([graph.surroundings, options, ambient]);
  return checks.of(graph, () => new ImportCheck(graph, options, ambient), state).run();
}

const checks = new Kept<ModuleGraph, ImportCheck>(new WeakMap());

/** Files that are made to be wrong. */
const IGNORED_BY_DEFAULT = ['**/{fixtures,__fixtures__,__testfixtures__,testdata}/**'];

interface ModuleResult {
  readonly findings: readonly Finding[];
  /** An import was not judged because nothing is installed where it would be. */
  readonly leftOut: boolean;
}

/** Lives as long as the graph's surroundings and the options stay as they are; modules are checked when they changed. */
class ImportCheck {
  readonly #graph: ModuleGraph;
  readonly #severities: RuleSeverities<ImportRule>;
  readonly #results = new Kept<Module, ModuleResult>();
  readonly #environment: Environment;
  readonly #generated: IgnoredPaths;
  readonly #dedupes: boolean;
  readonly #isIgnoredFile: (file: string) => boolean;
  readonly #isKnown: (specifier: string) => boolean;
  readonly #ambient: readonly RegExp[];
  /** Modules in which TypeScript speaks for itself. */
  #covered: ReadonlySet<Module> = new Set();

  // Of the module that is being checked.
  #findings = new Findings();
  #leftOut = false;

  constructor(graph: ModuleGraph, options: DetectorOptions, ambient: readonly string[]) {
    this.#graph = graph;
    this.#severities = severitiesOf(options, IMPORT_RULES);
    this.#environment = new Environment(graph);
    this.#generated = new IgnoredPaths(graph.root);
    this.#dedupes = options['dedupeWithTypescript'] !== false;
    this.#isIgnoredFile = picomatch(stringsOf(options['ignore']) ?? IGNORED_BY_DEFAULT, { dot: true });
    const known = stringsOf(options['known']) ?? [];
    this.#isKnown = known.length === 0 ? () => false : picomatch(known, { dot: true });
    this.#ambient = ambient.map(ambientPattern);
  }

  run(): ReadonlyMap<string, readonly Finding[]> {
    if (this.#dedupes) this.#covered = typescriptProgram(this.#graph);
    const byFile = new Map<string, readonly Finding[]>();
    let leftOut = false;
    for (const module of this.#graph.modules.values()) {
      const result = this.#results.of(module, this.#module, this.#covered.has(module));
      if (result.findings.length > 0) byFile.set(module.file, result.findings);
      leftOut ||= result.leftOut;
    }
    const root = leftOut ? this.#installation() : undefined;
    if (root) byFile.set(root.file, root.findings);
    return byFile;
  }

  readonly #module = (module: Module): ModuleResult => {
    if (this.#isIgnoredFile(module.file)) return NOTHING;
    this.#findings = new Findings();
    this.#leftOut = false;
    this.#check(module);
    const findings = this.#findings.byFile.get(module.file) ?? [];
    return findings.length === 0 && !this.#leftOut ? NOTHING : { findings, leftOut: this.#leftOut };
  };

  #check(module: Module): void {
    const { requests } = module.record;
    requests.forEach((request, index) => {
      const resolution = module.resolutions[index];
      if (!resolution || request.kind === 'reference') return;
      this.#resolution(module, request, resolution, index);
      if (resolution.kind === 'builtin') this.#builtin(module, request, resolution.name);
    });
    if (this.#severities['duplicate-import'] !== 'off') this.#duplicates(module);
    if (this.#severities['commonjs-in-esm'] !== 'off') this.#commonjs(module);
  }

  #resolution(module: Module, request: ModuleRequest, resolution: Resolution, index: number): void {
    if (resolution.kind === 'missing') {
      this.#missing(module, request, resolution, index);
    } else if (resolution.kind === 'file' && resolution.wrongCase) {
      if (!this.#isReported(module, request)) this.#caseMismatch(module, request, resolution.file);
    } else if (resolution.kind === 'file') {
      this.#names(module, request, module.targets[index]);
      if (resolution.via === 'relative') this.#extension(module, request, resolution.file);
      if (resolution.via === 'absolute') this.#absolute(module, request, resolution.file);
    } else if (resolution.kind === 'outside' && resolution.via === 'absolute') {
      this.#absolute(module, request);
    }
  }

  /** TypeScript resolves every form but a plain `require` in a TypeScript file. */
  #isReported(module: Module, { kind, names }: ModuleRequest): boolean {
    return this.#covered.has(module) && (kind !== 'require' || names.some(({ imported }) => imported === '*'));
  }

  #missing(module: Module, request: ModuleRequest, missing: Missing, index: number): void {
    const { specifier } = request;
    if (this.#isReported(module, request) || this.#isKnown(specifier) || this.#isFlow(module)) return;
    if (missing.why === 'output' || this.#ambient.some((pattern) => pattern.test(specifier))) return;
    if (missing.why === 'package' || missing.why === 'subpath') this.#missingPackage(module, request, missing, index);
    else if (missing.why === 'exports') this.#blocked(module, request, missing);
    else this.#missingFile(module, request, missing, index);
  }

  /** Flow finds modules in ways of its own: by bare names, and by declarations elsewhere. */
  #isFlow({ file }: Module): boolean {
    return (
      !isTypeScriptFile(file) &&
      /^[^'"`]*@(?:flow|providesModule)\b/.test(this.#graph.textOf(file)?.slice(0, 1000) ?? '')
    );
  }

  #missingFile(module: Module, request: ModuleRequest, { why, via }: Missing, index: number): void {
    const { specifier } = request;
    const bare = specifier.replace(/[?#].*$/, '');
    // A stylesheet or picture is the bundler's to find, and so is what the query asks for.
    if (bare !== specifier && !specifier.startsWith('#')) return;
    if (
      /\.(?!([cm]?[jt]sx?|json|vue|svelte|astro)$)[a-z]\w*$/i.test(bare) &&
      /\.(css|s[ac]ss|less|styl|svg|png|jpe?g|gif|webp|ico|woff2?|ttf|eot|mp[34]|webm|wav|pdf|md|mdx|html|txt|ya?ml|graphql|gql|wasm|node|glsl|csv)$/i.test(
        bare,
      )
    )
      return;
    if (via === 'absolute') return;
    const base = path.posix.join(path.posix.dirname(module.file), bare);
    const bases = via === 'paths' ? (this.#graph.projects.projectOf(module.file)?.pathsOf(specifier) ?? []) : via === 'relative' ? [base] : []; // prettier-ignore
    if (bases.some((one) => COMPLETIONS.some((ending) => this.#isGenerated(one, ending)))) return;
    if (why === 'imports' && this.#environment.isConfiguredAlias(specifier)) return;
    if (guardedRequests(this.#graph, module).has(index)) return;
    const fixes = via === 'relative' ? this.#spellingFixes(module, request, base) : [];
    const where =
      via === 'paths'
        ? `"paths" of the tsconfig speaks for it, but no such file exists`
        : why === 'imports'
        ? `no entry in "imports" of package.json matches it`
        : via === 'imports' ? `its target in "imports" of package.json does not exist` : `no such file, with any known extension or as a folder's index`; // prettier-ignore
    this.#findings.add(module.file, this.#severities.unresolved, {
      rule: 'unresolved',
      message: `Cannot resolve '${specifier}': ${where}.${fixes[0] ? ` ${fixes[0].title}?` : ' Create it, or correct the path.'}`,
      range: specifierRange(module.record, request),
      ...(fixes.length === 0 ? {} : { fixes }),
    });
  }

  /** Git ignores the very file, or its folder: something makes it. A pattern for all files of its kind tells nothing. */
  #isGenerated(base: string, ending: string): boolean {
    if (!this.#generated.has(base + ending)) return false;
    const another = path.posix.join(path.posix.dirname(base), 'another-file');
    return this.#generated.has(another) || !this.#generated.has(another + path.posix.extname(base) + ending);
  }

  #spellingFixes(module: Module, request: ModuleRequest, base: string): readonly Fix[] {
    const directory = path.posix.dirname(base);
    const prefix = directory === '.' ? '' : `${directory}/`;
    const names = new Set<string>();
    for (const file of this.#graph.files) {
      if (!file.startsWith(prefix)) continue;
      const rest = file.slice(prefix.length);
      const slash = rest.indexOf('/');
      names.add(slash === -1 ? withoutExtension(rest) : rest.slice(0, slash));
    }
    const asked = path.posix.basename(base);
    const extension = /\.[cm]?[jt]sx?$/.exec(asked)?.[0] ?? '';
    const meant = nearest(withoutExtension(asked), names);
    if (meant === undefined) return [];
    const { specifier } = request;
    const corrected = specifier.slice(0, specifier.length - asked.length) + meant + extension;
    return specifier.endsWith(asked)
      ? [this.#replaceSpecifier(module, request, corrected, 'suggestion', `Import '${corrected}'`)]
      : [];
  }

  #missingPackage(module: Module, request: ModuleRequest, { package: name = '', why }: Missing, index: number): void {
    const { specifier } = request;
    if (!isPackageName(name) || PROVIDED_BY_HOSTS.has(name) || this.#environment.isConfiguredAlias(specifier)) return;
    const owner = this.#graph.manifests.packageOf(module.file);
    const root = this.#graph.manifests.all.get('');
    const isDeclared = [owner, root].some((manifest) => manifest !== undefined && declares(manifest.data, name));
    // What is declared and not there is for the package detector to say, once.
    if (why === 'package' && (!this.#isInstalledAnywhere(module.file) || isDeclared)) return;
    // TypeScript's own folders stand in for the path of a bare name.
    if (this.#graph.projects.projectOf(module.file)?.options.baseUrl !== undefined && this.#isTopFolder(name)) return;
    if (guardedRequests(this.#graph, module).has(index)) return;
    this.#findings.add(module.file, this.#severities['unresolved-package'], {
      rule: 'unresolved-package',
      message:
        why === 'subpath'
          ? `Package '${name}' is installed but has no '${specifier.slice(name.length + 1)}'. Correct the path, or install the version that has it.`
          : `Package '${name}' is neither installed nor declared. Install it, or correct the name.`,
      range: specifierRange(module.record, request),
    });
  }

  #isTopFolder(name: string): boolean {
    for (const file of this.#graph.files) if (file.startsWith(`${name}/`) || file.includes(`/${name}/`)) return true;
    return false;
  }

  #isInstalledAnywhere(file: string): boolean {
    const installed = this.#graph.hasInstalledPackages(path.posix.dirname(file));
    if (!installed) this.#leftOut = true;
    return installed;
  }

  #blocked(module: Module, request: ModuleRequest, { package: name = '' }: Missing): void {
    this.#findings.add(module.file, this.#severities['exports-blocked'], {
      rule: 'exports-blocked',
      message: `'${request.specifier}' is not exported by package '${name}'. Import one of the paths its "exports" lists.`,
      range: specifierRange(module.record, request),
    });
  }

  #caseMismatch(module: Module, request: ModuleRequest, file: string): void {
    const corrected = this.#spelledAs(module, request.specifier, file);
    const fixes =
      corrected === undefined
        ? []
        : [this.#replaceSpecifier(module, request, corrected, 'fix', `Import '${corrected}'`)];
    this.#findings.add(module.file, this.#severities['case-mismatch'], {
      rule: 'case-mismatch',
      message: `'${request.specifier}' differs in case from ${file}: it fails wherever file names are case-sensitive.`,
      range: specifierRange(module.record, request),
      ...(fixes.length === 0 ? {} : { fixes }),
    });
  }

  /** The specifier with the letters of the real path. */
  #spelledAs(module: Module, specifier: string, file: string): string | undefined {
    if (!isRelative(specifier)) return undefined;
    const base = path.posix.join(path.posix.dirname(module.file), specifier);
    const real = file.slice(0, base.length);
    if (real.toLowerCase() !== base.toLowerCase()) return undefined;
    const relative = path.posix.relative(path.posix.dirname(module.file), real);
    return relative.startsWith('.') ? relative : `./${relative}`;
  }

  #names(module: Module, request: ModuleRequest, target: Module | undefined): void {
    if (!target || this.#covered.has(module) || this.#severities['missing-export'] === 'off') return;
    if (request.kind !== 'import' && request.kind !== 'export') return;
    if (this.#isIgnoredFile(target.file) || this.#hasDeclarations(target)) return;
    for (const name of request.names) {
      if (name.imported === '*') {
        if (request.kind === 'import') this.#members(module, name.local, target);
        continue;
      }
      if (exportedName(target, name.imported).kind !== 'absent') continue;
      if (name.imported === 'default' && this.#mayBeCommonJs(module, target)) continue;
      const meant = nearest(name.imported, exportedNames(target) ?? []);
      const range = rangeIn(module.record, name.start, name.end);
      const replacement = name.imported === name.local ? `${meant ?? ''} as ${name.local}` : (meant ?? '');
      const fixes: readonly Fix[] =
        meant === undefined || name.imported === 'default'
          ? []
          : [{ title: `Import '${meant}'`, kind: 'suggestion', edits: [{ range, newText: replacement }] }];
      const what = name.imported === 'default' ? 'no default export' : `no export '${name.imported}'`;
      this.#findings.add(module.file, this.#severities['missing-export'], {
        rule: 'missing-export',
        message: `${target.file} has ${what}.${meant === undefined ? '' : ` Did you mean '${meant}'?`}`,
        range,
        related: [{ file: target.file, range: rangeIn(target.record, 0, 0), message: 'the module asked' }],
        ...(fixes.length === 0 ? {} : { fixes }),
      });
    }
  }

  /** The default of CommonJS is the whole of it. Declarations may describe such a module, TypeScript may be compiled to one. */
  #mayBeCommonJs(module: Module, target: Module): boolean {
    if (isDeclarationFile(target.file)) return true;
    return isTypeScriptFile(target.file) && /\.m[jt]s$/.test(module.file) && !this.#environment.isNativeEsm(target);
  }

  /** Names asked of a namespace: `ns.name`. */
  #members(module: Module, namespace: string, target: Module): void {
    if (target.record.isOpen || isDeclarationFile(target.file)) return;
    const said = new Set<string>();
    for (const { member, start, end } of usesOf(this.#graph, module)?.values.get(namespace) ?? []) {
      if (member === undefined || said.has(member) || exportedName(target, member).kind !== 'absent') continue;
      said.add(member);
      const meant = nearest(member, exportedNames(target) ?? []);
      const at = end + 1;
      this.#findings.add(module.file, this.#severities['missing-export'], {
        rule: 'missing-export',
        message: `${target.file} has no export '${member}', so '${namespace}.${member}' is undefined.${meant === undefined ? '' : ` Did you mean '${meant}'?`}`,
        range: rangeIn(module.record, start, at + member.length),
        related: [{ file: target.file, range: rangeIn(target.record, 0, 0), message: 'the module asked' }],
      });
    }
  }

  /** A declaration file beside a script says what it exports. */
  #hasDeclarations({ file }: Module): boolean {
    return /\.[cm]?jsx?$/.test(file) && this.#graph.files.has(file.replace(/\.([cm]?)jsx?$/, '.d.$1ts'));
  }

  #extension(module: Module, request: ModuleRequest, file: string): void {
    const { specifier, kind, typeOnly } = request;
    if (this.#severities['missing-extension-esm'] === 'off' || typeOnly || kind === 'require') return;
    if (!/\.m?js$/.test(module.file) || specifier.includes('?') || this.#covered.has(module)) return;
    const base = path.posix.join(path.posix.dirname(module.file), specifier);
    if (base === file || /\.(?:[cm]?[jt]sx?|json|node|wasm)$/.test(specifier) || !this.#environment.isNativeEsm(module))
      return;
    const tail = file.startsWith(base) ? file.slice(base.length) : undefined;
    const corrected =
      tail === undefined ? undefined : `${specifier.replace(/\/$/, '')}${tail.replace(/^(?=[^./])/, '/')}`;
    this.#findings.add(module.file, this.#severities['missing-extension-esm'], {
      rule: 'missing-extension-esm',
      message: `Node does not complete '${specifier}' in an ECMAScript module. Write ${corrected === undefined ? 'the file name in full' : `'${corrected}'`}.`,
      range: specifierRange(module.record, request),
      ...(corrected === undefined
        ? {}
        : { fixes: [this.#replaceSpecifier(module, request, corrected, 'fix', `Write '${corrected}'`)] }),
    });
  }

  #absolute(module: Module, request: ModuleRequest, file?: string): void {
    const relative = file === undefined ? '' : path.posix.relative(path.posix.dirname(module.file), file);
    const specifier = relative.startsWith('.') ? relative : `./${relative}`;
    this.#findings.add(module.file, this.#severities['absolute-path'], {
      rule: 'absolute-path',
      message: `'${request.specifier}' exists on this machine only. Use a relative path or an alias.`,
      range: specifierRange(module.record, request),
      ...(file === undefined
        ? {}
        : { fixes: [this.#replaceSpecifier(module, request, specifier, 'fix', `Import '${specifier}'`)] }),
    });
  }

  #builtin(module: Module, request: ModuleRequest, written: string): void {
    const severity = this.#severities['deprecated-builtin'];
    const name = written.replace(/^node:/, '');
    if (severity === 'off' || request.typeOnly) return;
    const owner = this.#graph.manifests.packageOf(module.file);
    const deprecated = DEPRECATED_MODULES[name];
    if (deprecated) {
      // A bundler takes the package of the same name.
      if (
        owner &&
        declares(owner.data, name) &&
        !written.startsWith('node:') &&
        this.#environment.isBundled(module.file)
      )
        return;
      const fixes =
        name === 'sys' ? [this.#replaceSpecifier(module, request, 'node:util', 'fix', `Import 'node:util'`)] : [];
      this.#findings.add(module.file, severity, {
        rule: 'deprecated-builtin',
        message: `Node's module '${name}' is ${deprecated.code === 'removed' ? 'no longer there' : `deprecated (${deprecated.code})`}. Use ${deprecated.instead}.`,
        range: specifierRange(module.record, request),
        tags: ['deprecated'],
        ...(fixes.length === 0 ? {} : { fixes }),
      });
    }
    for (const imported of request.names) {
      const table = DEPRECATED_NAMES[name];
      const entry = table && Object.hasOwn(table, imported.imported) ? table[imported.imported] : undefined;
      if (imported.typeOnly) continue;
      if (entry) this.#deprecatedName(module, name, imported.imported, entry, imported);
      if (table && (imported.imported === '*' || imported.imported === 'default'))
        this.#deprecatedMembers(module, name, imported.local, table);
    }
  }

  /** `fs.exists` of `import fs from 'fs'` or `const fs = require('fs')`. A tree is built only if the text has the name. */
  #deprecatedMembers(module: Module, name: string, local: string, table: Readonly<Record<string, Deprecation>>): void {
    const text = this.#graph.textOf(module.file) ?? '';
    if (!Object.keys(table).some((member) => text.includes(`.${member}`))) return;
    for (const { member, start, end } of usesOf(this.#graph, module)?.values.get(local) ?? []) {
      const entry = member !== undefined && Object.hasOwn(table, member) ? table[member] : undefined;
      if (entry && member !== undefined)
        this.#deprecatedName(module, name, member, entry, { start, end: end + 1 + member.length });
    }
  }

  #deprecatedName(
    module: Module,
    name: string,
    member: string,
    { code, instead }: Deprecation,
    { start, end }: { readonly start: number; readonly end: number },
  ): void {
    this.#findings.add(module.file, this.#severities['deprecated-builtin'], {
      rule: 'deprecated-builtin',
      message: `'${member}' of '${name}' is ${code === 'removed' ? 'no longer there' : `deprecated (${code})`}. Use ${instead}.`,
      range: rangeIn(module.record, start, end),
      tags: ['deprecated'],
    });
  }

  #duplicates(module: Module): void {
    for (const [first, second] of duplicatesOf(this.#graph, module)) {
      const fix = mergeFix(this.#graph, module, first, second);
      this.#findings.add(module.file, this.#severities['duplicate-import'], {
        rule: 'duplicate-import',
        message: `${first.specifier === second.specifier ? `'${second.specifier}' is imported twice` : `'${second.specifier}' and '${first.specifier}' are the same module`}. Merge this with the import on line ${String(rangeIn(module.record, first.start, first.end).start.line + 1)}.`,
        range: specifierRange(module.record, second),
        related: [{ file: module.file, range: specifierRange(module.record, first), message: 'first imported here' }],
        ...(fix === undefined ? {} : { fixes: [fix] }),
      });
    }
  }

  #commonjs(module: Module): void {
    const { requests } = module.record;
    const calls = requests.filter(({ kind, names }) => kind === 'require' && !names.some((name) => name.typeOnly));
    if (calls.length === 0 || !this.#environment.isNativeEsm(module)) return;
    const text = this.#graph.textOf(module.file) ?? '';
    // Made with createRequire, asked for first, or declared in this file: then it exists.
    if (/\bcreateRequire\b|typeof\s+require\b|\b(?:const|let|var|function)\s+require\b/.test(text)) return;
    for (const request of calls) {
      if (/^\s*import\b/.test(text.slice(request.start, request.end))) continue;
      this.#findings.add(module.file, this.#severities['commonjs-in-esm'], {
        rule: 'commonjs-in-esm',
        message: `There is no 'require' in an ECMAScript module. Use import, or createRequire of node:module.`,
        range: rangeIn(module.record, request.start, request.end),
      });
    }
  }

  /** Nothing installed at all: once, and at the place that says what should be. */
  #installation(): { readonly file: string; readonly findings: readonly Finding[] } | undefined {
    const { manifests } = this.#graph;
    const root = manifests.all.get('');
    const declaresSomething =
      root !== undefined && ['dependencies', 'devDependencies'].some((field) => isRecord(root.data[field]));
    if (!root || !declaresSomething || this.#graph.hasInstalledPackages('')) return undefined;
    if (this.#severities['unresolved-package'] === 'off') return undefined;
    const finding: Finding = {
      rule: 'unresolved-package',
      severity: 'info',
      message:
        'Nothing is installed here, so imports of packages are not checked. Run the install of your package manager.',
      range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } },
    };
    return { file: root.file, findings: [finding] };
  }

  #replaceSpecifier(module: Module, request: ModuleRequest, specifier: string, kind: Fix['kind'], title: string): Fix {
    const range = rangeIn(module.record, request.specifierStart + 1, request.specifierEnd - 1);
    return { title, kind, edits: [{ range, newText: specifier }] };
  }
}

const NOTHING: ModuleResult = { findings: [], leftOut: false };

const COMPLETIONS = ['', '.ts', '.tsx', '.js', '.json', '.d.ts', '/index.ts', '/index.js'];

function ambientPattern(name: string): RegExp {
  return new RegExp(
    `^${name
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  );
}

function declares(data: Readonly<Record<string, unknown>>, name: string): boolean {
  return ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'].some((field) => {
    const section = data[field];
    return (
      isRecord(section) &&
      (Object.hasOwn(section, name) || Object.hasOwn(section, `@types/${name.replace(/^@/, '').replace('/', '__')}`))
    );
  });
}

/** Names no registry takes are some tool's aliases: `@/x`, `~/x`, `$lib`. */
function isPackageName(name: string): boolean {
  return /^(@[a-z0-9-~][a-z0-9-._~]*\/)?[a-z0-9-][a-z0-9-._~]*$/i.test(name);
}

function withoutExtension(name: string): string {
  return name.replace(/(\.d)?\.(?:[cm]?[jt]sx?|json|vue|svelte|astro)$/, '');
}
