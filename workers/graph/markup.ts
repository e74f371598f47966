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
export function tagAt(text: string, at: number): Tag | undefined {
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
      offset = expressionEnd(text, offset) ?? text.length;
      continue;
    }
    const key = match(/[^\s=<>"'{}/]+/y, text, offset)?.[0];
    if (key === undefined) return undefined;
    const afterKey = offset + key.length;
    const start = afterKey + (match(/\s*=\s*/y, text, afterKey)?.[0].length ?? 0);
    const end = start === afterKey ? start : valueEnd(text, start);
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

/** The offsets of the closing tag of an element whose content is plain text; undefined: it has none. */
export function closingTag(
  text: string,
  name: string,
  from: number,
): readonly [start: number, end: number] | undefined {
  const closing = new RegExp(`</${name.replace(/[.]/g, '\\.')}(?=[\\s/>])[^>]*>`, 'gi');
  closing.lastIndex = from;
  const found = closing.exec(text);
  return found ? [found.index, found.index + found[0].length] : undefined;
}

/** The offset after the `}` that matches the `{` here, past strings and comments; undefined: there is none. */
export function expressionEnd(text: string, at: number): number | undefined {
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
        offset += (match(/(["'`])(?:\\[^]|(?!\1)[^\\])*\1/y, text, offset)?.[0].length ?? 1) - 1;
        break;
      case '/':
        offset += (match(/\/\*[^]*?\*\/|\/\/.*/y, text, offset)?.[0].length ?? 1) - 1;
        break;
      default:
    }
  }
  return undefined;
}

function valueEnd(text: string, at: number): number | undefined {
  const first = text[at];
  if (first === '{') return expressionEnd(text, at);
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
