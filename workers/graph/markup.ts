/** Reads tags of component files: HTML with the expressions in braces of Svelte and Astro. Pure. */

export interface Tag {
  readonly name: string;
  readonly isClosing: boolean;
  readonly isSelfClosing: boolean;
  readonly attributes: ReadonlyMap<string, Attribute>;
  /** Offset after its `>`. */
  readonly end: number;
}

export interface Attribute {
  /** Empty if it has none. */
  readonly value: string;
  /** Of the value, with its quotes. */
  readonly start: number;
  readonly end: number;
}

/** The tag whose `<` is at an offset; undefined: this is no tag. */
export function tagAt(text: string, at: number, expressions: Expressions): Tag | undefined {
  const head = match(/<(\/?)([a-zA-Z][\w:.-]*)/y, text, at);
  if (!head) return undefined;
  const [whole, slash = '', name = ''] = head;
  const attributes = new Map<string, Attribute>();
  for (let offset = at + whole.length; offset < text.length;) {
    offset += match(/(?:\s|\/(?!>))*/y, text, offset)?.[0].length ?? 0;
    const close = match(/\/?>/y, text, offset)?.[0];
    if (close !== undefined) {
      const end = offset + close.length;
      return { name, isClosing: slash !== '', isSelfClosing: close === '/>', attributes, end };
    }
    if (text[offset] === '{') {
      offset = expressions.end(offset) ?? text.length;
      continue;
    }
    const key = match(/[^\s=<>"'{}/]+/y, text, offset)?.[0];
    if (key === undefined) return undefined;
    const afterKey = offset + key.length;
    const start = afterKey + (match(/\s*=\s*/y, text, afterKey)?.[0].length ?? 0);
    const end = start === afterKey ? start : valueEnd(text, start, expressions);
    if (end === undefined) return undefined;
    const value = text.slice(start, end);
    attributes.set(key, { value: /^["'`]/.test(value) ? value.slice(1, -1) : value, start, end });
    offset = end;
  }
  return undefined;
}

/** The offset after a comment that starts here; undefined: none does. A comment without an end hides the rest. */
export function commentEnd(text: string, at: number): number | undefined {
  if (!text.startsWith('<!--', at)) return undefined;
  const end = text.indexOf('-->', at + 4);
  return end === -1 ? text.length : end + 3;
}

/** Finds the closing tags of elements whose content is plain text. Remembers which elements have none further on. */
export class ClosingTags {
  readonly #text: string;
  readonly #absent = new Set<string>();

  constructor(text: string) {
    this.#text = text;
  }

  /** The offsets of the next closing tag. */
  after(name: string, from: number): readonly [start: number, end: number] | undefined {
    if (this.#absent.has(name)) return undefined;
    const closing = new RegExp(`</${name.replace(/[.]/g, '\\.')}(?=[\\s/>])[^>]*>`, 'gi');
    closing.lastIndex = from;
    const found = closing.exec(this.#text);
    if (found) return [found.index, found.index + found[0].length];
    this.#absent.add(name);
    return undefined;
  }
}

/** Finds the ends of expressions in braces, past strings and comments. Gives up on a text in which they have none. */
export class Expressions {
  readonly #text: string;
  #failures = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The offset after the `}` that matches the `{` here; undefined: there is none. */
  end(at: number): number | undefined {
    if (this.#failures >= MAXIMUM_FAILURES) return undefined;
    const text = this.#text;
    let depth = 0;
    for (let offset = at; offset < text.length; offset++) {
      switch (text[offset]) {
        case '{':
          depth++;
          break;
        case '}':
          if (--depth === 0) return offset + 1;
          break;
        case '"':
        case "'":
        case '`':
          offset = stringEnd(text, offset);
          break;
        case '/':
          offset = codeCommentEnd(text, offset);
          break;
        default:
      }
    }
    this.#failures++;
    return undefined;
  }
}

/** Each costs a look at the rest of the text. */
const MAXIMUM_FAILURES = 50;

/** The offset of the closing quote; without one, of this quote. */
function stringEnd(text: string, at: number): number {
  for (let offset = at + 1; offset < text.length; offset++) {
    if (text[offset] === text[at]) return offset;
    if (text[offset] === '\\') offset++;
  }
  return at;
}

/** The offset of the last character of a comment; if none begins or ends, of this one. */
function codeCommentEnd(text: string, at: number): number {
  const isBlock = text[at + 1] === '*';
  if (!isBlock && text[at + 1] !== '/') return at;
  const end = text.indexOf(isBlock ? '*/' : '\n', at + 2);
  return end === -1 ? text.length : end + (isBlock ? 1 : 0);
}

function valueEnd(text: string, at: number, expressions: Expressions): number | undefined {
  const first = text[at];
  if (first === '{') return expressions.end(at);
  if (first === '"' || first === "'" || first === '`') {
    const end = text.indexOf(first, at + 1);
    return end === -1 ? undefined : end + 1;
  }
  const plain = match(/[^\s"'<>`]+/y, text, at)?.[0];
  return plain === undefined ? undefined : at + plain.replace(/\/$/, '').length;
}

function match(sticky: RegExp, text: string, at: number): RegExpExecArray | null {
  sticky.lastIndex = at;
  return sticky.exec(text);
}
