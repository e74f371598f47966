/**
 * Finds how the project itself runs a tool: in the scripts of its packages, in continuous integration, in lint-staged.
 * Everything is read, nothing is executed, so what only a running shell knows stays unknown. Keeps nothing.
 */
import path from 'node:path';
import { isRecord } from '../graph/manifests.ts';
import { stagedCommandsIn } from './lint-staged.ts';
import { nxCommands } from './nx.ts';
import { ProjectPackages } from './packages.ts';
import { pipelineTexts, type PipelineText } from './pipelines.ts';
import { programOf, type Program } from './programs.ts';
import { invocationsOf, type Invocation, type Target } from './runners.ts';
import { commandsIn, isKnown, type Place, type SimpleCommand } from './shell.ts';

/** A command that runs the tool. */
export interface ProjectCommand extends Place {
  readonly args: readonly string[];
  readonly origin: Origin;
}

/** Where a command is written. */
export interface Origin {
  /** Absolute. */
  readonly file: string;
  /** Of a package.json. */
  readonly script?: string;
  /** It belongs to a package that nothing in the root mentions, such as an example. */
  readonly isStray?: boolean;
}

/** A program that runs the tool in its own way. */
export interface RelatedCommand {
  /** Such as `ng lint`. */
  readonly text: string;
  readonly origin: Origin;
}

export interface ProjectCommands {
  /** The most authoritative first. */
  readonly commands: readonly ProjectCommand[];
  readonly related: readonly RelatedCommand[];
  /** The text of the script that is meant for this, in the root. */
  readonly mainScript?: string;
  /** Files that were read, absolute. */
  readonly files: ReadonlySet<string>;
}

export interface Tool {
  /** Such as `eslint`. */
  readonly program: string;
  /** The script that is meant for this: `lint`. */
  readonly main: string;
  /** Programs that run it in their own way, each with the subcommand that does; empty: always. */
  readonly related?: Readonly<Record<string, string>>;
}

/** @param root absolute */
export async function projectCommands(root: string, tool: Tool): Promise<ProjectCommands> {
  const packages = await ProjectPackages.in(root);
  const search = new Search(packages, tool);
  const commands = search.commands();
  const mainScript = packages.scriptsIn(root).get(tool.main);
  const { related } = search;
  return { commands, related, ...(mainScript === undefined ? {} : { mainScript }), files: packages.files };
}

const SHELLS = new Set(['sh', 'bash', 'zsh', 'dash']);
const DEEPEST = 12;

class Search {
  readonly #packages: ProjectPackages;
  readonly related: RelatedCommand[] = [];
  readonly #program: string;
  readonly #main: string;
  readonly #relatives: Readonly<Record<string, string>>;
  readonly #found: ProjectCommand[] = [];
  readonly #visited = new Set<string>();
  #depth = 0;
  #isStray = false;

  constructor(packages: ProjectPackages, { program, main, related = {} }: Tool) {
    this.#packages = packages;
    this.#program = program;
    this.#main = main;
    this.#relatives = related;
  }

  commands(): readonly ProjectCommand[] {
    const { root } = this.#packages;
    const named = (folder: string): readonly string[] => this.#scriptsFor(folder);
    const pipelines = pipelineTexts(this.#packages);
    const env = this.#variablesIn(pipelines);
    for (const script of named(root)) this.#runScript(script, { folder: root, env });
    for (const { text, file, ...place } of pipelines) this.#runText(text, place, { file });
    if (this.#found.length === 0) this.#runAll(root);
    const { declaresMembers } = this.#packages;
    this.#isStray = !declaresMembers;
    if (declaresMembers || this.#found.length === 0) {
      for (const folder of this.#packages.members) {
        const before = this.#found.length;
        for (const script of [...named(folder), this.#main]) this.#runScript(script, { folder, env });
        if (this.#found.length === before) this.#runAll(folder);
      }
    }
    if (this.#found.length === 0) this.#runStaged();
    return this.#found;
  }

  /** Variables of the tool that pipelines set where they run its script: people have them in their environment. */
  #variablesIn(pipelines: readonly PipelineText[]): Readonly<Record<string, string>> {
    const own = `${this.#program.toUpperCase()}_`;
    const programs = pipelines.flatMap(({ text, ...place }) => commandsIn(text, place)).flatMap((each) => programOf(each) ?? []); // prettier-ignore
    const meant = programs.filter(({ words }) => words.some((word) => word.includes(this.#main)));
    return Object.fromEntries(meant.flatMap(({ env }) => Object.entries(env).filter(([name]) => name.startsWith(own))));
  }

  /** The scripts whose name says that they are meant for the tool, the main one first. */
  #scriptsFor(folder: string): readonly string[] {
    const names = [...this.#packages.scriptsIn(folder).keys()];
    const related = names.filter((name) => name !== this.#main && name.toLowerCase().includes(this.#main));
    return [...names.filter((name) => name === this.#main), ...related];
  }

  #runAll(folder: string): void {
    for (const script of this.#packages.scriptsIn(folder).keys()) this.#runScript(script, { folder, env: {} });
  }

  #runStaged(): void {
    for (const folder of [this.#packages.root, ...this.#packages.members]) {
      const staged = stagedCommandsIn(folder, this.#packages);
      for (const { text, pattern } of staged?.commands ?? []) {
        const commands = commandsIn(text, { folder, env: {} }).map((command) => {
          return { ...command, words: [...command.words.filter(isKnown), pattern] };
        });
        for (const command of commands) this.#run(command, { file: staged?.file ?? folder });
      }
    }
  }

  /** @param extra arguments of the last command */
  #runScript(name: string, place: Place, extra: readonly string[] = []): boolean {
    const scripts = this.#packages.scriptsIn(place.folder);
    const text = scripts.get(name);
    const key = [place.folder, name, ...extra].join('\n');
    // `"lint": "nx lint"` means the target of that name.
    if (text === undefined || this.#visited.has(key)) return this.#runTarget(name, place) || text !== undefined;
    this.#visited.add(key);
    const file = path.join(place.folder, 'package.json');
    for (const [script, line] of [
      [`pre${name}`, scripts.get(`pre${name}`)],
      [name, text],
      [`post${name}`, scripts.get(`post${name}`)],
    ] as const) {
      // prettier-ignore
      if (line === undefined) continue;
      const origin: Origin = { file, script, ...(this.#isStray ? { isStray: true } : {}) };
      this.#runText(line.trim() === 'wireit' ? this.#wireit(place.folder, script) : line, place, origin, script === name ? extra : []); // prettier-ignore
    }
    return true;
  }

  /** A script that wireit runs has its command elsewhere in package.json. */
  #wireit(folder: string, script: string): string {
    const all = this.#packages.manifestIn(folder)?.data['wireit'];
    const own = isRecord(all) && isRecord(all[script]) ? all[script] : {};
    const dependencies = Array.isArray(own['dependencies']) ? own['dependencies'] : [];
    const lines = dependencies.map((each: unknown) => `npm run ${String(isRecord(each) ? each['script'] : each)}`);
    return [...lines, typeof own['command'] === 'string' ? own['command'] : ''].join('\n');
  }

  #runTarget(name: string, { folder, env }: Place): boolean {
    const key = [folder, 'target', name].join('\n');
    if (this.#visited.has(key)) return true;
    this.#visited.add(key);
    const targets = nxCommands(folder, name, this.#packages);
    for (const target of targets) {
      const place = { folder: target.folder, env };
      if ('text' in target) this.#runText(target.text, place, { file: target.file });
      else if (this.#program === 'eslint')
        this.#found.push({ ...place, args: target.eslint, origin: { file: target.file } });
    }
    return targets.length > 0;
  }

  #runText(text: string, place: Place, origin: Origin, extra: readonly string[] = []): void {
    if (this.#depth >= DEEPEST) return;
    this.#depth += 1;
    const commands = commandsIn(text, place);
    for (const [index, command] of commands.entries()) {
      const words = index === commands.length - 1 ? [...command.words, ...extra] : command.words;
      this.#run({ ...command, words }, origin);
    }
    this.#depth -= 1;
  }

  #run(command: SimpleCommand, origin: Origin): void {
    const program = programOf(command);
    if (!program) return;
    const { name, args, folder, env } = program;
    if (name === this.#program) {
      this.#found.push({ args, folder, env, origin });
      return;
    }
    if (this.#program === 'eslint' && name === 'next' && args[0] === 'lint') {
      this.#found.push({ args: [...args.slice(1), '--next'], folder, env, origin });
      return;
    }
    const subcommand = Object.hasOwn(this.#relatives, name) ? this.#relatives[name] : undefined;
    if (subcommand !== undefined && (subcommand === '' || args[0] === subcommand)) {
      this.related.push({ text: `${name} ${subcommand}`.trim(), origin });
    }
    for (const invocation of invocationsOf(program) ?? []) this.#follow(invocation, program, origin);
    this.#runFile(program, origin);
  }

  #follow(invocation: Invocation, { folder, env }: Program, origin: Origin): void {
    if (invocation.kind === 'text') {
      this.#runText(invocation.text, { folder, env }, origin);
      return;
    }
    for (const each of this.#foldersOf(invocation.target, folder)) {
      if (invocation.kind === 'command') {
        if (each === this.#packages.root && invocation.target === 'members') continue;
        this.#run({ words: invocation.words, folder: each, env }, origin);
        continue;
      }
      for (const name of invocation.names) {
        const matching = this.#matching(name, each);
        const ran = matching.map((script) => this.#runScript(script, { folder: each, env }, invocation.extra));
        const { otherwise } = invocation;
        if (!ran.includes(true) && otherwise && this.#depth < DEEPEST) {
          this.#depth += 1;
          this.#run({ words: otherwise, folder: invocation.target === 'here' ? folder : each, env }, origin);
          this.#depth -= 1;
        }
      }
    }
  }

  #foldersOf(target: Target, folder: string): readonly string[] {
    if (target === 'here') return [this.#packageOf(folder)];
    if (target === 'members') return [...this.#packages.members, this.#packages.root];
    if ('folder' in target) return [path.resolve(folder, target.folder)];
    return target.filters.flatMap((filter) => this.#packages.select(filter));
  }

  /** The folder whose package.json a package manager takes. */
  #packageOf(folder: string): string {
    for (let current = folder; ; current = path.dirname(current)) {
      if (this.#packages.manifestIn(current)) return current;
      if (current === this.#packages.root || path.dirname(current) === current) return folder;
    }
  }

  #matching(name: string, folder: string): readonly string[] {
    const [, source] = /^\/(.+)\/$/.exec(name) ?? [];
    if (source === undefined && !name.includes('*')) return [name];
    const escaped = name.replaceAll(/[.+^$()|{}[\]\\?]/g, '\\$&').replaceAll('**', '\uE001').replaceAll('*', '[^:]*').replaceAll('\uE001', '.*'); // prettier-ignore
    const pattern = patternOf(source ?? `^${escaped}$`);
    return [...this.#packages.scriptsIn(folder).keys()].filter((script) => pattern?.test(script));
  }

  /** A shell script, a command line of `sh -c`, or a target of a Makefile. */
  #runFile({ name, words, args, folder, env }: Program, origin: Origin): void {
    const place = { folder, env };
    if (SHELLS.has(name) && args[0] === '-c') {
      this.#runText(args[1] ?? '', place, origin);
      return;
    }
    const file = SHELLS.has(name)
      ? args.find((word) => !word.startsWith('-'))
      : /[\\/]|\.sh$/.test(words[0] ?? '')
        ? words[0]
        : undefined;
    if (name === 'make') this.#runMake(args, place);
    if (file === undefined || !isKnown(file) || !/\.sh$|^[^.]*$/.test(path.basename(file))) return;
    const absolute = path.resolve(folder, file);
    const text =
      this.#visited.has(absolute) || absolute.includes('node_modules') ? undefined : this.#packages.textOf(absolute);
    if (text === undefined) return;
    this.#visited.add(absolute);
    this.#runText(text, place, { file: absolute });
  }

  #runMake(args: readonly string[], place: Place): void {
    const file = path.join(place.folder, 'Makefile');
    const text = this.#packages.textOf(file);
    for (const target of text === undefined
      ? []
      : args.filter((word) => /^[\w.-]+$/.test(word) && !word.startsWith('-'))) {
      const key = `${file}\n${target}`;
      if (this.#visited.has(key)) continue;
      this.#visited.add(key);
      const recipe =
        new RegExp(`^${target.replaceAll('.', '\\.')}\\s*:[^=\\n]*\\n((?:\\t.*(?:\\n|$))*)`, 'm').exec(
          text ?? '',
        )?.[1] ?? '';
      this.#runText(recipe.replaceAll(/^\t[@-]*/gm, ''), place, { file });
    }
  }
}

function patternOf(source: string): RegExp | undefined {
  try {
    return new RegExp(source);
  } catch {
    return undefined;
  }
}
