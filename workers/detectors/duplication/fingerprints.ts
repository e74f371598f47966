/**
 * Few fingerprints of many tokens, chosen so that every two copies of a certain length have one in common: the least hash
 * of each window of hashes (S. Schleimer, D. Wilkerson, A. Aiken: Winnowing, 2003). Pure.
 */
import type { Tokens } from './tokens.ts';

/** Pairs of a hash and the index of the token where it begins, in order of the tokens. */
export type Fingerprints = Int32Array;

/** Tokens of a fingerprint: half of a copy. */
export function lengthOf(minimumTokens: number): number {
  return Math.max(2, Math.floor(minimumTokens / 2));
}

/** In tables of data nearly nothing acts. */
const LEAST_ACTING = 0.25;
/** Lists of similar statements repeat few tokens: a sign that there is nothing to move elsewhere. */
const LEAST_DISTINCT = 0.3;
/** A power of two. Other tokens with the same slot make a part look less varied than it is. */
const SLOTS = 4096;
const BASE = 0x01000193;

export function fingerprintsOf({ values, acts }: Tokens, minimumTokens: number): Fingerprints {
  const length = lengthOf(minimumTokens);
  const window = minimumTokens - length + 1;
  const places = values.length - length + 1;
  if (places <= 0) return new Int32Array(0);
  const chosen: number[] = [];
  // The hashes of the window that may still become the least one: their indices, the least first.
  const queue = new Int32Array(places);
  const hashes = new Uint32Array(places);
  let head = 0;
  let tail = 0;
  let last = -1;
  const frequency = new Int32Array(SLOTS);
  const count = (value: number, by: number): number => {
    const slot = slotOf(value);
    return (frequency[slot] = (frequency[slot] ?? 0) + by);
  };
  let distinct = 0;
  let acting = 0;
  let rolling = 0;
  let power = 1;
  for (let at = 1; at < length; at++) power = Math.imul(power, BASE);
  for (let at = 0; at < values.length; at++) {
    const value = values[at] ?? 0;
    const begin = at - length + 1;
    if (begin > 0) {
      const gone = values[begin - 1] ?? 0;
      rolling = (rolling - Math.imul(gone, power)) | 0;
      acting -= acts[begin - 1] ?? 0;
      if (count(gone, -1) === 0) distinct--;
    }
    rolling = (Math.imul(rolling, BASE) + value) | 0;
    acting += acts[at] ?? 0;
    if (count(value, 1) === 1) distinct++;
    if (begin < 0) continue;
    if (acting >= length * LEAST_ACTING && distinct >= length * LEAST_DISTINCT) {
      const hash = mixed(rolling);
      hashes[begin] = hash;
      while (tail > head && (hashes[queue[tail - 1] ?? 0] ?? 0) >= hash) tail--;
      queue[tail++] = begin;
    }
    while (tail > head && (queue[head] ?? 0) <= begin - window) head++;
    // The first window is complete.
    if (begin < Math.min(window, places) - 1 || tail === head) continue;
    const least = queue[head] ?? 0;
    if (least === last) continue;
    last = least;
    chosen.push(hashes[least] ?? 0, least);
  }
  return Int32Array.from(chosen);
}

function slotOf(value: number): number {
  return (value ^ (value >>> 15)) & (SLOTS - 1);
}

/** So that the least hash is any of them, whatever the tokens are. */
function mixed(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return (twice ^ (twice >>> 16)) >>> 0;
}
