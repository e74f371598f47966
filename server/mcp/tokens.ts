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
const CHARACTERS_PER_TOKEN = { word: 3.2, rare: 1.4, signs: 1.3, digits: 2.2, space: 2 } as const;
const MARGIN = 1.05;

export function tokensOf(text: string): number {
  let sum = 0;
  for (const [piece] of text.matchAll(PIECES)) sum += costOf(piece);
  return Math.ceil(sum * MARGIN);
}

function costOf(piece: string): number {
  const code = piece.codePointAt(0) ?? 0;
  if (code > 127) return bytesOf(code);
  if (/[A-Za-z]/.test(piece)) return costOfWord(piece);
  const kind = /^\d/.test(piece) ? 'digits' : /^\s/.test(piece) ? 'space' : 'signs';
  return Math.max(1, piece.length / CHARACTERS_PER_TOKEN[kind]);
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
