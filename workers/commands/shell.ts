/**
 * Reads command lines as a POSIX shell does: words, variables, `&&`, subshells, `cd`. Nothing is executed. What only a
 * running shell knows (an unset variable, the output of a command) is {@link UNKNOWN}.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import picomatch from 'picomatch';
// The entry of the package widens the types of all arrays.
import parse from 'shell-quote/parse.js';

/** Stands in a word for what is known only when the command runs. */
export const UNKNOWN = '\uE000';

export interface Place {
  /** Absolute: the working directory. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface SimpleCommand extends Place {
  /** At least one. */
  readonly words: readonly string[];
}

/** Words that may stand before a command and change neither its arguments nor its folder. */
const KEYWORDS = new Set(['then', 'do', 'else', 'elif', 'if', 'while', 'until', '!', '{', 'time', 'exec', 'command']);
const ASSIGNMENT = /^([A-Za-z_]\w*)=(.*)$/s;
const MOST_MATCHES = 5000;
/** Longer lines are data. */
const LONGEST_LINE = 20_000;

/** The simple commands of a text, in order, each with the folder that `cd` has led to and the variables that are set. */
export function commandsIn(text: string, place: Place): readonly SimpleCommand[] {
  const shell = new Shell(place);
  for (const line of text.replaceAll(/\\\r?\n/g, ' ').split(/\r?\n/)) shell.run(line);
  return shell.commands;
}

export function isKnown(word: string): boolean {
  return !word.includes(UNKNOWN);
}

/** Splits leading assignments from a command. */
export function takeAssignments(words: readonly string[]): {
  readonly env: Readonly<Record<string, string>>;
  readonly words: readonly string[];
} {
  const env: Record<string, string> = {};
  let count = 0;
  for (const word of words) {
    const [, name, value = ''] = ASSIGNMENT.exec(word) ?? [];
    if (name === undefined) break;
    if (isKnown(value)) env[name] = value;
    count += 1;
  }
  return { env, words: words.slice(count) };
}

class Shell {
  readonly commands: SimpleCommand[] = [];
  #folder: string;
  #env: Record<string, string>;
  /** `cd` went where only a running shell knows. */
  #isLost = false;
  /** What was before the subshells that are open. */
  readonly #outside: { readonly folder: string; readonly isLost: boolean }[] = [];

  constructor({ folder, env }: Place) {
    this.#folder = folder;
    this.#env = { ...env };
  }

  run(line: string): void {
    if (line.length > LONGEST_LINE) return;
    const entries = this.#entriesOf(line);
    let words: string[] = [];
    for (let index = 0; index < entries.length; index += 1) {
      const entry = entries[index];
      if (typeof entry === 'string') {
        if (entry.startsWith('`')) {
          while (index < entries.length && !isEndOfSubstitution(entries[index])) index += 1;
          words.push(UNKNOWN);
        } else words.push(entry);
      } else if (entry === undefined || 'comment' in entry) {
        break;
      } else if (entry.op === 'glob') {
        words.push(...expandPattern(entry.pattern, this.#folder));
      } else if (entry.op === '(' && words.at(-1)?.endsWith(UNKNOWN) === true) {
        index = endOfSubstitution(entries, index);
      } else if (/[<>]/.test(entry.op)) {
        // `2>` redirects a stream: neither the number nor the file is an argument.
        if (/^\d$/.test(words.at(-1) ?? '')) words.pop();
        index += 1;
      } else {
        this.#end(words);
        words = [];
        if (entry.op === '(') this.#outside.push({ folder: this.#folder, isLost: this.#isLost });
        else if (entry.op === ')') this.#leave();
      }
    }
    this.#end(words);
  }

  #entriesOf(line: string): Entries {
    try {
      return parse(line, (name) => this.#env[name] ?? UNKNOWN);
    } catch {
      // A shell would not run it either.
      return [];
    }
  }

  #end(all: readonly string[]): void {
    const first = all.findIndex((word) => !KEYWORDS.has(word));
    if (first === -1) return;
    const { env, words } = takeAssignments(all.slice(first));
    const [program, ...operands] = words;
    if (program === undefined) Object.assign(this.#env, env);
    else if (program === 'cd' || program === 'pushd') this.#changeFolder(operands);
    else if (program === 'export' || program === 'set') Object.assign(this.#env, takeAssignments(operands).env);
    else if (!this.#isLost) this.commands.push({ words, folder: this.#folder, env: { ...this.#env, ...env } });
  }

  #leave(): void {
    const before = this.#outside.pop();
    if (!before) return;
    this.#folder = before.folder;
    this.#isLost = before.isLost;
  }

  #changeFolder(operands: readonly string[]): void {
    const target = operands.find((operand) => !/^[-/]\w$/.test(operand));
    if (target === undefined) return;
    if (isKnown(target)) this.#folder = path.resolve(this.#folder, target);
    this.#isLost = !isKnown(target) || (this.#isLost && !path.isAbsolute(target));
  }
}

type Entries = readonly parse.ParseEntry[];

/** The index of the parenthesis that closes `$(`. */
function endOfSubstitution(entries: Entries, open: number): number {
  let depth = 0;
  for (let index = open; index < entries.length; index += 1) {
    const entry = entries[index];
    if (typeof entry !== 'object' || !('op' in entry)) continue;
    if (entry.op === '(') depth += 1;
    else if (entry.op === ')') depth -= 1;
    if (depth === 0) return index;
  }
  return entries.length;
}

function isEndOfSubstitution(entry: Entries[number] | undefined): boolean {
  return typeof entry === 'string' && entry.length > 1 && entry.endsWith('`');
}

/** What `sh` passes for an unquoted pattern: `**` means `*` there, and a pattern without a match stays. */
function expandPattern(pattern: string, folder: string): readonly string[] {
  // A Windows shell leaves patterns to the program.
  if (process.platform === 'win32' || /\{[^}]*\//.test(pattern) || path.isAbsolute(pattern)) return [pattern];
  let found = [''];
  for (const segment of pattern.split('/')) {
    if (!/[*?[\]{}]/.test(segment)) {
      found = found.map((before) => path.posix.join(before, segment));
      continue;
    }
    const matches = picomatch(segment.replaceAll('**', '*'));
    found = found.flatMap((before) => namesIn(path.join(folder, before)).filter((name) => matches(name)).map((name) => path.posix.join(before, name))); // prettier-ignore
    if (found.length > MOST_MATCHES) return [pattern];
  }
  const known = found.filter((file) => namesIn(path.join(folder, path.dirname(file))).includes(path.basename(file)));
  return known.length === 0 ? [pattern] : known;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
