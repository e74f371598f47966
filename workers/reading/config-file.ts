/**
 * A configuration file as people write it: parsed with positions, read by accessors that never throw. Whatever is wrong
 * with it becomes a flaw at its place, and costs only the value at that place. Lives as long as its text.
 */
import {
  findNodeAtLocation,
  parse,
  parseTree,
  printParseErrorCode,
  type Node,
  type ParseError,
  type ParseOptions,
} from 'jsonc-parser';
import type { Document } from 'yaml';
import type { Position, Range } from '../protocol/detector-protocol.ts';
import { withoutMark } from '../protocol/read-file.ts';

export interface Flaw {
  /** As it was given to the file that has the flaw. */
  readonly file: string;
  readonly range: Range;
  /** What is wrong and what to do. */
  readonly message: string;
}

export type Step = string | number;

/** `json`: without comments; `jsonc`: with comments and trailing commas. */
export type JsonSyntax = 'json' | 'jsonc';

/** More levels than anybody writes. The parsers call themselves for each level. */
const MAXIMUM_DEPTH = 500;

export const START: Range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

export class ConfigFile {
  readonly file: string;
  readonly text: string;
  /** Undefined: nothing in it can be used. After a syntax error, whatever could be read. */
  readonly value: unknown;
  readonly #flaws: Flaw[] = [];
  readonly #nodeAt: (path: readonly Step[], part: 'value' | 'name') => Span | undefined;
  #isComplete = true;
  #lines: readonly number[] | undefined;

  static json(file: string, text: string, syntax: JsonSyntax): ConfigFile {
    return new ConfigFile(file, text, (own) => own.#parseJson(syntax));
  }

  /** Loads its parser on demand, because that is large and few folders need it. */
  static async yaml(file: string, text: string): Promise<ConfigFile> {
    const { parseDocument } = await import('./yaml.ts');
    return new ConfigFile(file, text, (own) => own.#parseYaml(parseDocument));
  }

  private constructor(file: string, text: string, parseText: (own: ConfigFile) => Parsed) {
    this.file = file;
    this.text = withoutMark(text);
    let parsed: Parsed = NOTHING;
    if (isTooDeep(this.text)) {
      this.#isComplete = false;
      this.note(START, `It is nested more than ${String(MAXIMUM_DEPTH)} levels deep, so it is not read. Make it flatter.`); // prettier-ignore
    } else {
      try {
        parsed = parseText(this);
      } catch (error) {
        this.#isComplete = false;
        this.note(START, `It cannot be read: ${error instanceof Error ? error.message : String(error)}. Correct it.`);
      }
    }
    this.value = parsed.value;
    this.#nodeAt = parsed.nodeAt;
  }

  /** In the order in which they were found. */
  get flaws(): readonly Flaw[] {
    return this.#flaws;
  }

  /** Whether all of the text could be read. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  get root(): Setting {
    return new Setting(this, [], this.value);
  }

  /** Each place has one flaw, because a reader may look at it twice. */
  note(range: Range, message: string): void {
    const key = JSON.stringify(range);
    const isKnown = this.#flaws.some((flaw) => JSON.stringify(flaw.range) === key && (range !== START || flaw.message === message)); // prettier-ignore
    if (!isKnown) this.#flaws.push({ file: this.file, range, message });
  }

  /** The place of a value; of its closest parent if there is no such value. */
  rangeOf(path: readonly Step[]): Range {
    for (let length = path.length; length >= 0; length--) {
      const span = this.#spanOf(path.slice(0, length), 'value');
      if (span) return this.range(span.offset, span.length);
    }
    return START;
  }

  /** The place of the name of a value; of the value if it has none. */
  nameRangeOf(path: readonly Step[]): Range {
    const span = this.#spanOf(path, 'name');
    return span ? this.range(span.offset, span.length) : this.rangeOf(path);
  }

  #spanOf(path: readonly Step[], part: 'value' | 'name'): Span | undefined {
    try {
      return this.#nodeAt(path, part);
    } catch {
      return undefined;
    }
  }

  range(offset: number, length: number): Range {
    return { start: this.#positionAt(offset), end: this.#positionAt(offset + length) };
  }

  #positionAt(offset: number): Position {
    this.#lines ??= [0, ...[...this.text.matchAll(/\r\n|\r|\n/g)].map(({ index, 0: end }) => index + end.length)];
    let line = this.#lines.length - 1;
    while ((this.#lines[line] ?? 0) > offset) line--;
    return { line, character: offset - (this.#lines[line] ?? 0) };
  }

  #parseJson(syntax: JsonSyntax): Parsed {
    const options: ParseOptions = { disallowComments: syntax === 'json', allowTrailingComma: syntax === 'jsonc' };
    const errors: ParseError[] = [];
    // Much faster, and most files are plain JSON.
    const value = jsonOf(this.text) ?? (parse(this.text, errors, options) as unknown);
    const [error] = errors;
    if (error) this.#broken(error.offset, Math.max(1, error.length), `${sentenceOf(error)} Fix the syntax here.`);
    let tree: Node | undefined;
    return {
      value,
      nodeAt: (path, part) => {
        tree ??= parseTree(this.text, [], options);
        const node = tree && findNodeAtLocation(tree, [...path]);
        return part === 'value' ? node : node?.parent?.children?.[0];
      },
    };
  }

  #parseYaml(parseDocument: (text: string, options: { readonly logLevel: 'silent' }) => Document): Parsed {
    const document = parseDocument(this.text, { logLevel: 'silent' });
    const [error] = document.errors;
    if (error) {
      const [start, end] = error.pos;
      const [sentence = ''] = error.message.split(/ at line \d+/);
      this.#broken(start, Math.max(1, end - start), `${sentence}. Fix the syntax here.`);
    }
    const value: unknown = document.toJS();
    // An alias may lead back to what contains it. Nothing could walk such a value.
    JSON.stringify(value);
    return {
      value,
      nodeAt: (path, part) => {
        if (part === 'name') return undefined;
        const node: unknown = document.getIn(path, true);
        const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
        if (!Array.isArray(range)) return undefined;
        const [start, end] = range as readonly number[];
        return start === undefined || end === undefined ? undefined : { offset: start, length: end - start };
      },
    };
  }

  #broken(offset: number, length: number, message: string): void {
    this.#isComplete = false;
    this.note(this.range(offset, length), message);
  }
}

/** A value of a configuration file and its place. A value of another type than asked for counts as absent, and is noted. */
export class Setting {
  readonly value: unknown;
  readonly #file: ConfigFile;
  readonly #path: readonly Step[];

  constructor(file: ConfigFile, path: readonly Step[], value: unknown) {
    this.#file = file;
    this.#path = path;
    this.value = value;
  }

  /** `null` counts as absent: it is how one unsets a value. */
  get isSet(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  get range(): Range {
    return this.#file.rangeOf(this.#path);
  }

  get(name: Step): Setting {
    const { value } = this;
    const inner: unknown =
      typeof value === 'object' && value !== null && Object.hasOwn(value, name)
        ? (value as Readonly<Record<Step, unknown>>)[name]
        : undefined;
    return new Setting(this.#file, [...this.#path, name], inner);
  }

  string(): string | undefined {
    return typeof this.value === 'string' ? this.value : this.#refuse('a text');
  }

  /** A text that is not empty. */
  name(): string | undefined {
    return typeof this.value === 'string' && this.value !== '' ? this.value : this.#refuse('a text that is not empty');
  }

  boolean(): boolean | undefined {
    return typeof this.value === 'boolean' ? this.value : this.#refuse('true or false');
  }

  /** Undefined: it is no list. */
  list(): readonly Setting[] | undefined {
    if (!Array.isArray(this.value)) return this.#refuse('a list');
    return this.value.map((_, index) => this.get(index));
  }

  /** The texts of a list; undefined: it is no list. Entries that are no texts, or empty, are left out. */
  strings(): readonly string[] | undefined {
    return this.list()?.flatMap((entry) => {
      const text = entry.isSet ? entry.name() : entry.#refuse('a text', true);
      return text === undefined ? [] : [text];
    });
  }

  /** Undefined: it is no object. */
  entries(): readonly (readonly [name: string, value: Setting])[] | undefined {
    if (!isRecord(this.value)) return this.#refuse('an object');
    return Object.keys(this.value).map((name) => [name, this.get(name)] as const);
  }

  flaw(message: string): undefined {
    this.#file.note(this.range, message);
  }

  #refuse(expected: string, always = false): undefined {
    if (!this.isSet && !always) return undefined;
    const name = this.#path.length === 0 ? 'The file' : `"${this.#path.join('.')}"`;
    return this.flaw(`${name} must be ${expected}, but it is ${named(this.value)}, so it does not count. Correct it, or remove it.`); // prettier-ignore
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value of a JSON text of a tool or a package; undefined: it is not JSON. For files that people do not write. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** `PropertyNameExpected` → `Property name expected.` */
export function sentenceOf({ error }: ParseError): string {
  const words = printParseErrorCode(error).replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return `${words}.`;
}

interface Span {
  readonly offset: number;
  readonly length: number;
}

interface Parsed {
  readonly value: unknown;
  readonly nodeAt: (path: readonly Step[], part: 'value' | 'name') => Span | undefined;
}

const NOTHING: Parsed = { value: undefined, nodeAt: () => undefined };

function named(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isRecord(value)) return 'an object';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

/** Counts brackets outside of strings, which is right for JSON and close enough for YAML. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = text.length > MAXIMUM_DEPTH ? 0 : text.length; at < text.length; at++) {
    const character = text[at];
    if (character === '"') at = stringEnd(text, at);
    else if (character === '[' || character === '{') depth++;
    else if (character === ']' || character === '}') depth--;
    if (depth > MAXIMUM_DEPTH) return true;
  }
  return false;
}

/** The closing quote; the opening one if the line has none. */
function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at];
    if (character === '"') return at;
    if (character === '\n') return start;
    if (character === '\\') at++;
  }
  return start;
}
