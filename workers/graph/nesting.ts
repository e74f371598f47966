/**
 * Whether a text is nested deeper than the parser can follow. The parser calls itself for every level, and a stack that
 * overflows in native code ends the process, so this is asked before. Counts tokens and looks at no grammar. Pure.
 */

/**
 * In units of which a level of brackets costs {@link LEVEL} and a link of a chain one. Links are what is nested without
 * brackets: `a ? b : c ? d : …`, `else if`, `a => b => …`, `a = b = …`, `<a><b>…`. With the 8 MB of a process the parser
 * follows more than 4,000 levels of objects, and 10,000 links; a thread has half of that, and Windows 1 MB.
 */
const LIMIT = process.platform === 'win32' ? 900 : 7_500;
const LEVEL = 5;

export function isTooDeep(text: string): boolean {
  return roughDepth(text) > LIMIT && new Nesting(text).exceeds(LIMIT);
}

/** Never less than the depth, and much faster: every sign might be a link, or precede a word that is one. */
function roughDepth(text: string): number {
  let signs = 0;
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at++) {
    const kind = KINDS[text.charCodeAt(at)] ?? WORD;
    if (kind <= WORD) continue;
    if (kind === LESS) signs += LEVEL;
    else if (kind !== OPENS) signs++;
    if (kind === OPENS) deepest = Math.max(deepest, ++depth);
    else if (kind === CLOSES && depth > 0) depth--;
  }
  return deepest * LEVEL + signs;
}

/** Of characters. `NEITHER`: no word, nor a sign that counts or that a word which counts could follow. */
const [NEITHER, WORD, SPACE, SIGN, OPENS, CLOSES, LESS] = [0, 1, 2, 3, 4, 5, 6] as const;

const KINDS = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[\w$]/.test(character)) return WORD;
  if (code <= 0x20) return SPACE;
  if ('([{'.includes(character)) return OPENS;
  if (')]}'.includes(character)) return CLOSES;
  if (character === '<') return LESS;
  return '.,;'.includes(character) ? NEITHER : SIGN;
});

class Nesting {
  readonly #text: string;
  /** Of the open brackets around the present place: the links of the chains that are open there. */
  readonly #outer: number[] = [];
  /** Of the chain that is open at the present place. */
  #links = 0;
  /** Of all levels. */
  #all = 0;
  /** The last token ended a statement; unless the next one continues it, the chain has ended. */
  #mayEnd = false;

  constructor(text: string) {
    this.#text = text;
  }

  exceeds(limit: number): boolean {
    const text = this.#text;
    for (let at = 0; at < text.length; at++) {
      const kind = KINDS[text.charCodeAt(at)] ?? WORD;
      if (kind === SPACE) continue;
      if (kind === WORD) {
        const start = at;
        while (at + 1 < text.length && (KINDS[text.charCodeAt(at + 1)] ?? WORD) === WORD) at++;
        if (at - start < LONGEST_WORD || this.#mayEnd) this.#word(text.slice(start, at + 1));
      } else {
        at = this.#sign(text[at] ?? '', text[at + 1] ?? '', at);
        if (this.#outer.length * LEVEL + this.#all > limit) return true;
      }
    }
    return false;
  }

  /** @returns the index of the last character that belongs to the sign */
  #sign(sign: string, next: string, at: number): number {
    switch (sign) {
      case '(':
      case '[':
      case '{':
        this.#outer.push(this.#links);
        this.#links = 0;
        this.#mayEnd = false;
        return at;
      case ')':
      case ']':
      case '}':
        this.#close(sign === '}');
        return at;
      case ';':
        this.#mayEnd = true;
        return at;
      case ',':
        this.#endChain();
        return at;
      case '"':
      case "'":
        return stringEnd(this.#text, at);
      case '/':
        if (next === '/') return endAt(this.#text, '\n', at);
        if (next === '*') return endAt(this.#text, '*/', at + 2);
        if (next === '>') this.#endElement();
        return next === '>' ? at + 1 : at;
      case '<':
        if (next === '/') this.#endElement();
        else if (next === '>' || /[\w$]/.test(next)) this.#link(LEVEL);
        return next === '/' ? at + 1 : at;
      case '?':
        if (next !== '.' && next !== '?') this.#link(1);
        return next === '?' ? at + 1 : at;
      case '=':
        // `=` and `=>`, but not `==`.
        if (next !== '=') this.#link(1);
        return next === '=' || next === '>' ? at + 1 : at;
      case '!':
      case '>':
        return next === '=' ? at + 1 : at;
      case '*':
        if (next === '*') this.#link(1);
        return next === '*' ? at + 1 : at;
      case ':':
        this.#link(1);
        return at;
      case '.':
        this.#mayEnd = false;
        return at;
      default:
        // The text of a template counts as code, which is close enough: `${` opens a level, and `}` closes it.
        return at;
    }
  }

  #word(word: string): void {
    if ((this.#mayEnd && !CONTINUES.has(word)) || STARTS.has(word)) this.#endChain();
    this.#mayEnd = false;
    if (LINKS.has(word)) this.#link(1);
  }

  #close(isBlock: boolean): void {
    if (this.#outer.length === 0) return;
    this.#all -= this.#links;
    this.#links = this.#outer.pop() ?? 0;
    this.#mayEnd = isBlock;
  }

  #link(count: number): void {
    this.#links += count;
    this.#all += count;
  }

  #endElement(): void {
    this.#link(-Math.min(this.#links, LEVEL));
  }

  #endChain(): void {
    this.#link(-this.#links);
    this.#mayEnd = false;
  }
}

/** Words that start a statement or a clause of their own. */
const STARTS: ReadonlySet<string> = new Set(['case', 'const', 'let', 'var', 'export', 'import', 'return']);
/** Words that continue the statement of a block before them. */
const CONTINUES: ReadonlySet<string> = new Set(['else', 'while', 'catch', 'finally']);
/** Words after which the parser calls itself. */
const LINKS: ReadonlySet<string> = new Set([
  'else', 'if', 'for', 'while', 'do', 'with', 'new', 'await', 'yield', 'keyof', 'infer', 'extends', 'typeof',
]); // prettier-ignore
const LONGEST_WORD = 8;

/** The closing quote; the opening one if the line has none, as in the text of an element. */
function stringEnd(text: string, start: number): number {
  const quote = text.charCodeAt(start);
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) return at;
    if (code === 0x5c) at++;
    else if (code === 0x0a) return start;
  }
  return start;
}

function endAt(text: string, end: string, from: number): number {
  const found = text.indexOf(end, from);
  return found === -1 ? text.length : found + end.length - 1;
}
