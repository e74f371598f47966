/**
 * Units that are too large for one chunk. Each is read and verified once and handed out in several chunks. Lives as long as
 * its database.
 */
import type { Chunk, Cursor, LoadedUnit } from './operations.ts';

/** More than there are detectors, which read at the same time. A reader that stops halfway must not hold memory for ever. */
const MAX_READINGS = 16;

export class LargeUnits {
  readonly #chunkLength: number;
  /** Units that are being handed out, by number of the reading; the oldest first. */
  readonly #units = new Map<string, LoadedUnit>();
  #lastReading = 0;

  /** @param chunkLength characters */
  constructor(chunkLength: number) {
    this.#chunkLength = chunkLength;
  }

  /** The chunk at this cursor continues a large unit. */
  static isInside(cursor: Cursor): boolean {
    return cursor.length > 2;
  }

  /** @returns the first chunk of the unit */
  begin(unit: LoadedUnit): Chunk<LoadedUnit> {
    const reading = String((this.#lastReading += 1));
    this.#units.set(reading, unit);
    const [oldest] = this.#units.keys();
    if (this.#units.size > MAX_READINGS && oldest !== undefined) this.#units.delete(oldest);
    return this.next([unit.detector, unit.unit, reading, '0']);
  }

  /** @param cursor detector, unit, number of the reading, and how many parts were handed out */
  next([detector = '', name = '', reading = '', sent]: Cursor): Chunk<LoadedUnit> {
    const unit = this.#units.get(reading);
    // Too many other readings began meanwhile: the reader drops what it has of the unit.
    if (unit === undefined) return { items: [], next: [detector, name] };
    const start = Number(sent);
    let end = start;
    for (let length = 0; end < unit.parts.length && length < this.#chunkLength; end += 1) {
      length += unit.parts[end]?.body.length ?? 0;
    }
    const more = end < unit.parts.length;
    if (!more) this.#units.delete(reading);
    const next = more ? [detector, name, reading, String(end)] : [detector, name];
    return { items: [{ ...unit, parts: unit.parts.slice(start, end), more }], next };
  }
}
