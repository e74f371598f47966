/** Joins small pieces of text, so that each write is worth its call. Pure. */

/** Characters. */
const CHUNK = 1 << 16;

export function* chunksOf(pieces: Iterable<string>): Generator<string> {
  let chunk = '';
  for (const piece of pieces) {
    chunk += piece;
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}
