/** Scripts in package.json that call what does not exist. Everything is read, nothing is executed. */
import path from 'node:path';
import type { ProjectPackages } from '../../commands/packages.ts';
import { programOf, type Program } from '../../commands/programs.ts';
import { invocationsOf } from '../../commands/runners.ts';
import { commandsIn, isKnown } from '../../commands/shell.ts';
import { IgnoredPaths } from '../../graph/ignored.ts';
import type { Manifest } from '../../graph/manifests.ts';
import { entryAt } from '../../protocol/read-file.ts';
import type { BuildFinding } from './finding.ts';

/** @param folder absolute, of the package */
export function scriptFindings(packages: ProjectPackages, folder: string): readonly BuildFinding[] {
  const manifest = packages.manifestIn(folder);
  if (manifest === undefined) return [];
  const check = new ScriptsCheck(packages, folder, manifest);
  for (const [name, text] of packages.scriptsIn(folder)) check.script(name, text);
  return check.findings;
}

/** Programs that run the file that is their first operand. */
const INTERPRETERS = new Set([
  'node',
  'tsx',
  'ts-node',
  'ts-node-esm',
  'vite-node',
  'jiti',
  'sh',
  'bash',
  'python',
  'python3',
]);
/** Options that name a configuration, by program. */
const CONFIGURATION: Readonly<Record<string, readonly string[]>> = {
  tsc: ['-p', '--project', '-b', '--build'],
  'vue-tsc': ['-p', '--project', '-b', '--build'],
  webpack: ['-c', '--config'],
  rollup: ['-c', '--config'],
  vite: ['-c', '--config'],
  vitest: ['-c', '--config'],
  jest: ['-c', '--config'],
  eslint: ['-c', '--config'],
  tsup: ['--config'],
};
const SCRIPT_FILE = /\.(?:[cm]?[jt]sx?|sh|py)$/;
const CONFIGURATION_FILE = /\.(?:[cm]?[jt]s|jsonc?|ya?ml)$/;
/** They run scripts that nobody needs to declare. */
const IMPLIED = new Set(['install', 'test', 'start', 'restart', 'stop', 'env', 'prepare', 'publish', 'pack']);

class ScriptsCheck {
  readonly #packages: ProjectPackages;
  readonly #folder: string;
  readonly #manifest: Manifest;
  readonly #ignored: IgnoredPaths;
  readonly #findings = new Map<string, BuildFinding>();

  constructor(packages: ProjectPackages, folder: string, manifest: Manifest) {
    this.#packages = packages;
    this.#folder = folder;
    this.#manifest = manifest;
    this.#ignored = new IgnoredPaths(packages.root);
  }

  get findings(): readonly BuildFinding[] {
    return [...this.#findings.values()];
  }

  script(name: string, text: string): void {
    for (const command of commandsIn(text, { folder: this.#folder, env: {} })) {
      const program = programOf(command);
      if (program === undefined || command.words.includes('--if-present')) continue;
      this.#calls(name, program);
      this.#files(name, command.words, program);
    }
  }

  /** Other scripts of the same package. */
  #calls(script: string, program: Program): void {
    if (program.folder !== this.#folder) return;
    const own = this.#packages.scriptsIn(this.#folder);
    for (const invocation of invocationsOf(program) ?? []) {
      if (invocation.kind !== 'scripts' || invocation.target !== 'here' || !runsScriptsOnly(program)) continue;
      for (const name of invocation.names) {
        if (!isKnown(name) || !/^[\w@][\w:@./-]*$/.test(name) || own.has(name) || IMPLIED.has(name)) continue;
        const near = [...own.keys()].find((other) => other.toLowerCase() === name.toLowerCase());
        const way = near === undefined ? 'Add it, or correct the name.' : `Did you mean '${near}'?`;
        this.#report(
          script,
          'missing-script',
          `Script '${script}' runs the script '${name}', which this package does not have. ${way}`,
        );
      }
    }
  }

  #files(script: string, words: readonly string[], program: Program): void {
    const { name, args, folder } = program;
    const at = words.findIndex((word) => INTERPRETERS.has(path.basename(word)));
    // `programOf` takes `node` off: what it runs is the program.
    const operand = INTERPRETERS.has(name)
      ? args.find((word) => !word.startsWith('-'))
      : at >= 0
        ? program.words[0]
        : undefined;
    const inlineCode = words.some((word) => /^(?:-e|-p|-pe|-c|-m|--eval|--print)$/.test(word));
    if (operand !== undefined && !inlineCode && SCRIPT_FILE.test(operand))
      this.#expect(script, folder, operand, 'runs the file');
    const options = Object.hasOwn(CONFIGURATION, name) ? (CONFIGURATION[name] ?? []) : [];
    for (const [index, word] of args.entries()) {
      const [option = '', inline] = word.split('=');
      if (!options.includes(option)) continue;
      const value = inline ?? args[index + 1];
      if (value !== undefined && CONFIGURATION_FILE.test(value))
        this.#expect(script, folder, value, 'names the configuration');
    }
  }

  /** Says nothing about what a build may make: what git ignores, and folders that do not exist yet. */
  #expect(script: string, folder: string, name: string, how: string): void {
    if (!isKnown(name) || /[*?{}$%]|node_modules/.test(name) || path.isAbsolute(name)) return;
    const absolute = path.resolve(folder, name);
    const file = path.relative(this.#packages.root, absolute).split(path.sep).join('/');
    if (file.startsWith('../')) return;
    if (entryAt(absolute) !== 'nothing' || this.#ignored.has(file)) return;
    if (entryAt(path.dirname(absolute)) !== 'directory') return;
    const stem = absolute.replace(/\.[cm]?jsx?$/, '');
    if (stem !== absolute && ['.ts', '.mts', '.cts', '.tsx'].some((ending) => entryAt(stem + ending) === 'file'))
      return;
    const where = folder === this.#folder ? name : file;
    this.#report(
      script,
      'missing-script-file',
      `Script '${script}' ${how} ${where}, which does not exist. Correct the path, or remove the script.`,
    );
  }

  #report(script: string, rule: BuildFinding['rule'], message: string): void {
    this.#findings.set(message, { rule, message, range: this.#manifest.config.rangeOf(['scripts', script]) });
  }
}

/** `yarn x`, `pnpm x` and `bun x` run programs too, with and without `run`. */
function runsScriptsOnly({ name, args }: Program): boolean {
  if (name === 'yarn' || name === 'bun') return false;
  return name !== 'pnpm' || args.some((word) => word === 'run' || word === 'run-script');
}
