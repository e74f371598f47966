/**
 * The tokens of a text as far as copies are compared: without white space, comments, semicolons, trailing commas and what
 * the strings say. It is no parser: what it reads wrongly, it reads equally wrongly in a copy. Pure.
 */

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The lists have one entry for each token. */
export interface Tokens {
  /** Hashes; equal tokens have equal ones. */
  readonly values: Int32Array;
  /** Offsets in UTF-16 code units. */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** 1: does something; 0: is data (literals, keys, brackets, commas). */
  readonly acts: Uint8Array;
}

/** @param skipped parts of the text that do not count, in order */
export function tokensOf(text: string, skipped: readonly Span[] = []): Tokens {
  return new Lexer(text, skipped).run();
}

const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const BACKTICK = 0x60;
const SLASH = 0x2f;
const STAR = 0x2a;
const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;
const SEMICOLON = 0x3b;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const DOLLAR = 0x24;
const LESS = 0x3c;
const GREATER = 0x3e;

/** Values of tokens whose text does not count. Those of other tokens are hashes, or codes of characters. */
const STRING = 1;

class Lexer {
  readonly #text: string;
  readonly #skipped: readonly Span[];
  #next = 0;
  #at = 0;
  #count = 0;
  #values = new Int32Array(1024);
  #starts = new Uint32Array(1024);
  #ends = new Uint32Array(1024);
  #acts = new Uint8Array(1024);
  /** Of each template that is open: how many braces are open in its expression. */
  readonly #templates: number[] = [];
  /** By what begins something that is not closed before this offset: looking again would take the square of the time. */
  readonly #unclosed = new Map<number, number>();

  constructor(text: string, skipped: readonly Span[]) {
    this.#text = text;
    this.#skipped = skipped;
  }

  run(): Tokens {
    const text = this.#text;
    while (this.#at < text.length) {
      const skipped = this.#skipped[this.#next];
      if (skipped && this.#at >= skipped.start) {
        this.#at = Math.max(this.#at, skipped.end);
        this.#next++;
        continue;
      }
      this.#read(text.charCodeAt(this.#at));
    }
    const count = this.#count;
    return {
      values: this.#values.slice(0, count),
      starts: this.#starts.slice(0, count),
      ends: this.#ends.slice(0, count),
      acts: this.#acts.slice(0, count),
    };
  }

  #read(code: number): void {
    const text = this.#text;
    const start = this.#at;
    if (isSpace(code)) {
      this.#at++;
    } else if (isWord(code)) {
      let end = start + 1;
      while (end < text.length && isWord(text.charCodeAt(end))) end++;
      const isNumber = code >= 0x30 && code <= 0x39;
      this.#add(hashOf(text, start, end), end, !isNumber && !isConstant(text, start, end));
    } else if (code === QUOTE || code === APOSTROPHE) {
      const end = this.#endOfString(code);
      if (end === undefined) this.#add(code, start + 1, false);
      else this.#add(STRING, end, false);
    } else if (code === BACKTICK) {
      this.#at++;
      this.#template(start);
    } else if (code === SLASH && this.#skipsComment()) {
      // Nothing to compare.
    } else if (code === SLASH && this.#mayBeginPattern()) {
      const end = this.#endOfPattern();
      if (end === undefined) this.#add(code, start + 1, true);
      else this.#add(hashOf(text, start, end), end, false);
    } else if (code === SEMICOLON) {
      this.#at++;
    } else {
      this.#punctuation(code);
    }
  }

  #punctuation(code: number): void {
    const start = this.#at;
    const open = this.#templates.length - 1;
    if (isCloser(code) && this.#values[this.#count - 1] === COMMA) this.#count--;
    if (open >= 0 && code === OPEN_BRACE) this.#templates[open] = (this.#templates[open] ?? 0) + 1;
    if (open >= 0 && code === CLOSE_BRACE) {
      const braces = this.#templates[open] ?? 0;
      if (braces === 0) {
        this.#templates.pop();
        this.#at++;
        this.#template(start);
        return;
      }
      this.#templates[open] = braces - 1;
    }
    // The name before it is a key: `{ name: …, name: … }`.
    const before = this.#values[this.#count - 2];
    if (code === COLON && this.#count > 0 && (before === COMMA || before === OPEN_BRACE)) {
      this.#acts[this.#count - 1] = 0;
    }
    this.#add(code, start + 1, isOperator(code));
  }

  /** A piece of a template, up to its end or to an expression in it. */
  #template(start: number): void {
    const text = this.#text;
    let at = this.#at;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === BACKSLASH) at++;
      else if (code === BACKTICK) break;
      else if (code === DOLLAR && text.charCodeAt(at + 1) === OPEN_BRACE) {
        this.#templates.push(0);
        at++;
        break;
      }
    }
    this.#at = start;
    this.#add(STRING, Math.min(at + 1, text.length), false);
  }

  #endOfString(quote: number): number | undefined {
    const text = this.#text;
    if (this.#at < (this.#unclosed.get(quote) ?? 0)) return undefined;
    let at = this.#at + 1;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === quote) return at + 1;
      if (code === BACKSLASH) at++;
      else if (code === NEWLINE) break;
    }
    this.#unclosed.set(quote, at);
    return undefined;
  }

  #skipsComment(): boolean {
    const text = this.#text;
    const code = text.charCodeAt(this.#at + 1);
    if (code === SLASH) {
      const end = text.indexOf('\n', this.#at);
      this.#at = end === -1 ? text.length : end + 1;
      return true;
    }
    if (code !== STAR || this.#at < (this.#unclosed.get(STAR) ?? 0)) return false;
    const end = text.indexOf('*/', this.#at + 2);
    if (end === -1) this.#unclosed.set(STAR, text.length);
    else this.#at = end + 2;
    return end !== -1;
  }

  /** Whether a slash does not divide, by the token before it; after `<` and before `>` it belongs to an element. */
  #mayBeginPattern(): boolean {
    if (this.#text.charCodeAt(this.#at + 1) === GREATER) return false;
    const end = this.#count === 0 ? 0 : (this.#ends[this.#count - 1] ?? 0);
    const code = end === 0 ? 0 : this.#text.charCodeAt(end - 1);
    if (code === LESS || isCloser(code) || code === QUOTE || code === APOSTROPHE || code === BACKTICK) return false;
    if (!isWord(code)) return true;
    const word = this.#text.slice(this.#starts[this.#count - 1], end);
    return /^(?:return|case|typeof|in|of|do|else|void|delete|throw|new|await|yield)$/.test(word);
  }

  #endOfPattern(): number | undefined {
    const text = this.#text;
    if (this.#at < (this.#unclosed.get(SLASH) ?? 0)) return undefined;
    let inClass = false;
    let at = this.#at + 1;
    for (; at < text.length; at++) {
      const character = text[at];
      if (character === '\n') break;
      if (character === '\\') at++;
      else if (character === '[') inClass = true;
      else if (character === ']') inClass = false;
      else if (character === '/' && !inClass) return at + 1;
    }
    this.#unclosed.set(SLASH, at);
    return undefined;
  }

  #add(value: number, end: number, acts: boolean): void {
    if (this.#count === this.#values.length) this.#grow();
    this.#values[this.#count] = value;
    this.#starts[this.#count] = this.#at;
    this.#ends[this.#count] = end;
    this.#acts[this.#count] = acts ? 1 : 0;
    this.#count++;
    this.#at = end;
  }

  #grow(): void {
    const size = this.#values.length * 2;
    const [values, starts, ends, acts] = [this.#values, this.#starts, this.#ends, this.#acts];
    (this.#values = new Int32Array(size)).set(values);
    (this.#starts = new Uint32Array(size)).set(starts);
    (this.#ends = new Uint32Array(size)).set(ends);
    (this.#acts = new Uint8Array(size)).set(acts);
  }
}

function isSpace(code: number): boolean {
  return code <= 0x20 || code === 0xa0 || code === 0xfeff || code === 0x2028 || code === 0x2029;
}

/** Letters, digits, `$`, `_`, and everything above ASCII. */
function isWord(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x5f ||
    code === DOLLAR ||
    code > 0x7f
  );
}

function isCloser(code: number): boolean {
  return code === 0x29 || code === 0x5d || code === CLOSE_BRACE;
}

/** `( = < > + ! & | ? * / % ^ ~` */
function isOperator(code: number): boolean {
  return (
    code === 0x28 ||
    (code >= 0x3c && code <= 0x3f) ||
    code === 0x2b ||
    code === 0x21 ||
    code === 0x26 ||
    code === 0x7c ||
    code === STAR ||
    code === SLASH ||
    code === 0x25 ||
    code === 0x5e ||
    code === 0x7e
  );
}

function isConstant(text: string, start: number, end: number): boolean {
  const length = end - start;
  return (
    (length === 4 || length === 5 || length === 9) && /^(?:true|null|false|undefined)$/.test(text.slice(start, end))
  );
}

/** FNV-1a; never a code of a character. */
function hashOf(text: string, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash | 0x10000;
}
