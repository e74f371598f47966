/**
 * Compression of issues on disk. Their JSON is repetitive, and a row that fits into one page needs no others. Runs in the
 * store's thread. Stateless.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** Fast: a higher level takes three times as long and saves a tenth of the size. */
const LEVEL = 1;
/** A part is about 100 KB. A body that claims to be much larger is damaged. */
const MAX_LENGTH = 64 * 1024 * 1024;

/** Text that issues have in common, so that a single issue is small too. Part of the format: see SCHEMA_VERSION. */
const dictionary = Buffer.from(
  '"tags":["unnecessary"],"deprecated","related":[{"file":"","fixes":[{"title":"","edits":[{"range":{"start":{"line":,' +
    '"newText":"","kind":"fix"},"kind":"suggestion"}],"url":"https://eslint.org/docs/latest/rules/' +
    '"https://typescript-eslint.io/rules/","severity":"info","severity":"error","severity":"warning","message":"",' +
    '"rule":"TS2","rule":"@typescript-eslint/no-","detector":"typescript","detector":"eslint","file":"src/' +
    '"fixable":true,"fingerprint":"},{"rule":"","severity":"error","message":"","range":{"start":{"line":1,' +
    '"character":1},"end":{"line":1,"character":1}},"detector":"eslint","file":".ts","fixable":false,"fingerprint":"',
);

export function packBody(text: string): Uint8Array {
  return deflateRawSync(text, { level: LEVEL, dictionary });
}

/** @returns undefined for anything that {@link packBody} did not make */
export function unpackBody(body: Uint8Array): string | undefined {
  try {
    return inflateRawSync(body, { dictionary, maxOutputLength: MAX_LENGTH }).toString('utf8');
  } catch {
    return undefined;
  }
}
