/**
 * An upper bound for the number of tokens that language models make of a text. Vocabularies differ and are megabytes large,
 * so each kind of text counts as its worst usual case. Never too low matters more than close. Pure.
 */

/** What tokenizers never join: a word with its space, up to three digits, signs, white space, anything else. */
const PIECES = / ?[A-Za-z]+|\d{1,3}|\s+|[!-/:-@[-`{-~]+|[^\x00-\x7F]/gu; // eslint-disable-line no-control-regex -- ASCII
/** Parts of a name in camel case. */
const HUMPS = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g;
/** Letters that seldom stand together in words, as in hashes and random names. */
const RARE = /[bcdfghjklmnpqrstvwxz]{4}|[jqvwxz][^aeiouy]|[^aeiouysn][jqxz]|uu|[aeiouy]{4}|^[^aeiouy]{3,}$/i;
/** In Latin, or in names: English needs fewer. */
const CHARACTERS_PER_TOKEN = { word: 2.7, rare: 1.4, signs: 1.3, digits: 2.2, space: 2 } as const;
const MARGIN = 1.05;
/** No text has fewer tokens, by this count. */
const MOST_CHARACTERS_PER_TOKEN = 4;

export function tokensOf(text: string): number {
  let sum = 0;
  for (const [piece] of text.matchAll(PIECES)) sum += costOf(piece);
  return Math.ceil(sum * MARGIN);
}

/** Whether a text has more tokens than this, as far as its length tells. */
export function isPlainlyLonger(text: string, tokens: number): boolean {
  return text.length > tokens * MOST_CHARACTERS_PER_TOKEN;
}

function costOf(piece: string): number {
  const [first, second] = [piece.charCodeAt(0), piece.charCodeAt(1)];
  if (first > 127) return bytesOf(piece.codePointAt(0) ?? 0);
  if (isLetter(first) || (first === 32 && isLetter(second))) return costOfWord(piece);
  const kind = first >= 48 && first <= 57 ? 'digits' : first <= 32 ? 'space' : 'signs';
  return Math.max(1, piece.length / CHARACTERS_PER_TOKEN[kind]);
}

function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90);
}

function costOfWord(piece: string): number {
  let sum = 0;
  for (const [part] of piece.matchAll(HUMPS)) {
    const isRare = part.length > 1 && (part === part.toUpperCase() || RARE.test(part));
    sum += Math.max(1, part.length / CHARACTERS_PER_TOKEN[isRare ? 'rare' : 'word']);
  }
  return sum;
}

/** In UTF-8: no tokenizer needs more tokens. */
function bytesOf(code: number): number {
  return code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}
