/** Turns rows into records, if the checksum covers exactly what is read. Stateless. */
import { checksumOf, sameChecksum } from './checksum.ts';
import type { EncodedPart, EncodedUnit, Fact, HistoryEntry, LoadedUnit, Note } from './operations.ts';
import { unpackBody } from './part-body.ts';
import type { Row } from './sqlite.ts';

/** Approximate characters of a row without its body. */
export const ROW_OVERHEAD = 100;

/**
 * @param parts rows of `issues`, in any order, with their checksum as `part_checksum`
 * @returns undefined when the unit or one of its parts is damaged
 */
export function readUnit(row: Row, parts: readonly Row[]): LoadedUnit | undefined {
  const { detector, unit, fingerprint, engine, revision, checksum } = row;
  if (typeof detector !== 'string' || typeof unit !== 'string') return undefined;
  if (typeof fingerprint !== 'string' || typeof engine !== 'string') return undefined;
  const verified: (EncodedPart & { readonly checksum: Uint8Array })[] = [];
  for (const { file, part, body: packed, part_checksum: stored } of parts) {
    if (typeof file !== 'string' || typeof part !== 'number' || !(packed instanceof Uint8Array)) return undefined;
    const body = unpackBody(packed);
    if (body === undefined) return undefined;
    const expected = partChecksum({ file, part, body });
    if (!sameChecksum(stored, expected)) return undefined;
    verified.push({ file, part, body, checksum: expected });
  }
  const content = { detector, unit, fingerprint, engine };
  if (!sameChecksum(checksum, unitChecksum(content, verified.sort(byPlace)))) return undefined;
  return {
    ...content,
    revision: Number(revision),
    parts: verified.map(({ file, part, body }) => ({ file, part, body })),
  };
}

export function readFact(row: Row): Fact | undefined {
  const { kind, file, hash, body, checksum } = row;
  if (typeof kind !== 'string' || typeof file !== 'string' || typeof hash !== 'string') return undefined;
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) return undefined;
  return sameChecksum(checksum, factChecksum(kind, { file, hash, body })) ? { file, hash, body } : undefined;
}

export function readNote({ kind, key, body, checksum }: Row): Note | undefined {
  if (typeof key !== 'string' || typeof body !== 'string') return undefined;
  return sameChecksum(checksum, checksumOf(['note', kind, key, body])) ? { key, body } : undefined;
}

export function readHistory({ at, body, checksum }: Row): HistoryEntry | undefined {
  if (typeof at !== 'number' || typeof body !== 'string') return undefined;
  return sameChecksum(checksum, checksumOf(['history', at, body])) ? { at, body } : undefined;
}

export function partChecksum({ file, part, body }: EncodedPart): Uint8Array {
  return checksumOf(['part', file, part, body]);
}

/** @param parts sorted by place */
export function unitChecksum(
  { detector, unit, fingerprint, engine }: Omit<EncodedUnit, 'parts'>,
  parts: readonly { readonly checksum: Uint8Array }[],
): Uint8Array {
  const sums = parts.length === 0 ? '' : Buffer.concat(parts.map(({ checksum }) => checksum)).toString('latin1');
  return checksumOf(['unit', detector, unit, fingerprint, engine, parts.length, sums]);
}

export function factChecksum(kind: string, { file, hash, body }: Fact): Uint8Array {
  return checksumOf(['fact', kind, file, hash, body]);
}

export function sizeOf(parts: readonly EncodedPart[]): number {
  return parts.reduce((sum, { file, body }) => sum + file.length + body.length + ROW_OVERHEAD, ROW_OVERHEAD);
}

export function byPlace(a: EncodedPart, b: EncodedPart): number {
  return a.file < b.file ? -1 : a.file > b.file ? 1 : a.part - b.part;
}
