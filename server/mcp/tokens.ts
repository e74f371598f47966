/**
 * An upper bound for the number of tokens that language models make of a text. Vocabularies differ and are megabytes large, so
 * words and signs that are one token in each are known (common-words.ts), and any other text counts as its worst usual case.
 * Never too low matters more than close. Pure.
 */
import { commonSigns, commonWords } from './common-words.ts';

/** What tokenizers never join: a word with its space, up to three digits, signs, white space, anything else. */
const PIECES = / ?[A-Za-z]+|\d{1,3}| ?[!-/:-@[-`{-~]+|\s+|./gsu;
/** Parts of a name in camel case. */
const HUMPS = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g;
/** Letters that seldom stand together in words, as in hashes and random names. */
const RARE = /[bcdfghjklmnpqrstvwxz]{4}|[jqvwxz][^aeiouy]|[^aeiouysn][jqxz]|uu|[aeiouy]{4}|^[^aeiouy]{3,}$/i;
/** In Latin, or in names: English needs fewer. */
const CHARACTERS_PER_TOKEN = { word: 2.05, rare: 1.2, space: 2 } as const;
const MARGIN = 1.05;
/** Plain words have about 5, and what else there is has fewer. */
const MOST_CHARACTERS_PER_TOKEN = 6;
/** What a word begins with and is itself a token has at least so many letters. */
const SHORTEST_STEM = 4;

const words = new Set(commonWords.split(' ').map((word) => word.replace('_', '')));
/** They cost more with a capital. */
const uncapitalized = new Set(commonWords.split(' ').flatMap((word) => (word.endsWith('_') ? word.slice(0, -1) : [])));
const signs = new Set(commonSigns.split('\t'));
const LONGEST_SIGNS = 7;

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
  if ((first >= 48 && first <= 57) || first < 9) return 1;
  return /\S/.test(piece) ? costOfSigns(piece) : Math.max(1, piece.length / CHARACTERS_PER_TOKEN.space);
}

function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90);
}

/** The longest that are one come first, as in a tokenizer. */
function costOfSigns(piece: string): number {
  let sum = 0;
  for (let start = 0; start < piece.length; sum += 1) {
    let end = Math.min(piece.length, start + LONGEST_SIGNS);
    while (end > start + 1 && !signs.has(piece.slice(start, end))) end -= 1;
    start = end;
  }
  return sum;
}

function costOfWord(piece: string): number {
  let sum = 0;
  for (const [part] of piece.matchAll(HUMPS)) {
    sum += costOfPart(part);
  }
  return sum;
}

function costOfPart(part: string): number {
  if (part.length > 1 && part === part.toUpperCase()) return Math.max(1, part.length / CHARACTERS_PER_TOKEN.rare);
  const word = part.toLowerCase();
  if (words.has(word)) return part !== word && uncapitalized.has(word) ? 1.5 : 1;
  for (let end = word.length - 1; end >= SHORTEST_STEM; end -= 1)
    if (words.has(word.slice(0, end))) return 1 + costOfLetters(word.slice(end));
  return costOfLetters(word);
}

function costOfLetters(part: string): number {
  // Each letter may be one.
  if (part.length < 4) return RARE.test(part) ? part.length : 1;
  return Math.max(1, part.length / CHARACTERS_PER_TOKEN[RARE.test(part) ? 'rare' : 'word']);
}

/** In UTF-8: no tokenizer needs more tokens. */
function bytesOf(code: number): number {
  return code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}
