/**
 * Takes everything of the workspace out of texts: a word stays only if Bulkhead's own code has it, so that nothing needs to be
 * recognised as private. Pure. Lives as long as one report.
 */

export interface RedactionOptions {
  /** See {@link vocabularyOf}. */
  readonly vocabulary: ReadonlySet<string>;
  /** Absolute paths of the workspace's folders. A file has the same placeholder as an absolute and as a relative path. */
  readonly roots: readonly string[];
  /** Absolute path of the extension: places in it stay, because its code is public. */
  readonly extension: string;
}

const word = /[\p{L}_$][\p{L}\p{N}_$-]*/gu;
/** What quotation marks enclose is usually not ours; an apostrophe within a word is none. Then what is between spaces. */
const parts = /(?<![\p{L}\p{N}])'[^'\n]*'(?![\p{L}\p{N}])|"[^"\n]*"|`[^`\n]*`|“[^”\n]*”|‘[^’\n]*’|[^\s'"`“‘]+/gu;
const quote = /^['"`“‘]/u;
const timestamp = /^\d{4}-\d\d-\d\d(?:T[\d:.]+Z?)?$/;
/** Of a file, an address, or a package in a scope; also without a folder, such as `main.ts`. */
const pathlike = /[\\/@%]|\.[\p{L}_$]/u;
const punctuation = /^[([{<|*,;:=.!?]*|[)\]}>|*,;:=.!?…]*$/gu;
const sourceExtension = /\.(?:[cm]?[jt]sx?|jsonc?|vue|svelte|astro|md)$/;
/** Longer numbers may identify something. */
const longestNumber = 12;

/** The words of Bulkhead's own code, with which it speaks. */
export function vocabularyOf(sources: Iterable<string>): ReadonlySet<string> {
  const words = new Set<string>();
  for (const source of sources) for (const [one] of source.matchAll(word)) words.add(one);
  return words;
}

export class Redaction {
  readonly #vocabulary: ReadonlySet<string>;
  readonly #roots: readonly string[];
  readonly #extension: string;
  readonly #placeholders = new Map<string, string>();

  constructor({ vocabulary, roots, extension }: RedactionOptions) {
    this.#vocabulary = vocabulary;
    // The innermost first.
    this.#roots = roots.map(plain).toSorted((one, other) => other.length - one.length);
    this.#extension = plain(extension);
  }

  text(text: string): string {
    return text.replace(parts, (part) => (quote.test(part) ? this.#quoted(part) : this.#token(part)));
  }

  /** JSON with redacted texts and names; numbers and the structure stay. */
  value(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value);
    if (Array.isArray(value)) return value.map((each) => this.value(each));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [this.#token(name), this.value(each)]));
  }

  #quoted(text: string): string {
    const inner = text.slice(1, -1);
    // One word that is ours may be the name of a detector or a setting.
    const shown = /\s|\d{5}/u.test(inner) ? this.#placeholder('text', inner) : this.#token(inner);
    return `${text.charAt(0)}${shown}${text.charAt(text.length - 1)}`;
  }

  #token(token: string): string {
    const [before = '', after = ''] = [...token.matchAll(punctuation)].map(([found]) => found);
    if (before.length === token.length) return token;
    return `${before}${this.#core(token.slice(before.length, token.length - after.length))}${after}`;
  }

  #core(core: string): string {
    if (timestamp.test(core)) return core;
    if (/\d/.test(core) && core.replace(/\D/g, '').length > longestNumber) return this.#placeholder('number', core);
    if (!/[\p{L}_$]/u.test(core)) return core;
    if (pathlike.test(core)) return this.#path(core);
    return core.replace(word, (one) => (this.#isKnown(one) ? one : this.#placeholder('word', one)));
  }

  #path(text: string): string {
    const [, place = ''] = /((?::\d+)+|\(\d+,\d+)$/.exec(text) ?? [];
    const file = plain(text.slice(0, text.length - place.length));
    const isOurs = file.startsWith(`${this.#extension}/dist/`) && !this.#roots.some((root) => isWithin(root, file));
    if (isOurs) return `‹extension›${file.slice(this.#extension.length)}${place}`;
    const root = this.#roots.find((one) => isWithin(one, file));
    const relative = root === undefined || file === root ? file : file.slice(root.length + 1);
    return `${this.#placeholder('path', relative)}${sourceExtension.exec(file)?.[0] ?? ''}${place}`;
  }

  #isKnown(one: string): boolean {
    // At the start of a sentence.
    const isCapitalized = /^\p{Lu}\p{Ll}+$/u.test(one);
    return this.#vocabulary.has(one) || (isCapitalized && this.#vocabulary.has(one.toLowerCase()));
  }

  /** The same text has the same one. */
  #placeholder(kind: 'path' | 'text' | 'word' | 'number', text: string): string {
    const known = this.#placeholders.get(text);
    const placeholder = known ?? `‹${kind}-${this.#placeholders.size + 1}›`;
    this.#placeholders.set(text, placeholder);
    return placeholder;
  }
}

/** Forward slashes, no scheme, and a small letter for the drive. */
function plain(file: string): string {
  const path = file.replaceAll('\\', '/').replace(/^file:\/\/(?:\/(?=\w(?::|%3A)))?/i, '');
  return decoded(path).replace(/^[A-Z]:/, (drive) => drive.toLowerCase());
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function isWithin(root: string, file: string): boolean {
  return file === root || file.startsWith(`${root}/`);
}
