/**
 * Writes one value as JSON, step by step, so that its caller can pause after each. Lives as long as one value is written.
 *
 * A limit is kept as it goes: every container that is open has reserved the room for its end and for the note that tells
 * how much is left out. What no longer fits is still measured, because the caller wants to know the full size.
 */
import { isSmallAndPlain, messageOf, prepare, type Container, type Prepared } from './values.ts';

export interface WriterOptions {
  /** UTF-8 bytes. */
  readonly maxSize: number;
  /** Of one level; empty: everything in one line. */
  readonly indent: string;
}

/** UTF-16 code units of a string that are written in one step. */
const PART = 32_768;
/** More digits than a count has. */
const NOTE_ROOM = Buffer.byteLength(',"…": "9007199254740991 more"');
/** What a string needs at its end if it is shortened: the note and the quote. UTF-8 bytes. */
const TAIL_ROOM = Buffer.byteLength(`${moreCharacters(Number.MAX_SAFE_INTEGER)}"`);
/** UTF-8 bytes of a string that are worth showing. */
const FEW = 8;

interface Frame {
  readonly value: object;
  readonly isArray: boolean;
  readonly items: Iterator<unknown, unknown, undefined>;
  /** Of the child that is looked at. */
  key: string;
  taken: number;
  /** Children that have JSON, and those of them that are written at least in part. */
  measured: number;
  written: number;
  /** It is measured only. */
  readonly isHidden: boolean;
  readonly reserved: number;
}

/** A string whose rest is still to be written. */
interface Text {
  readonly text: string;
  at: number;
  isHidden: boolean;
}

export class Writer {
  readonly #maxSize: number;
  readonly #indent: string;
  readonly #frames: Frame[] = [];
  readonly #ancestors = new Map<object, string>();
  #text: Text | undefined;
  #reserved = 0;
  #written = 0;
  #size = 0;
  #isCut = false;
  #begun = false;
  readonly #root: unknown;

  constructor(value: unknown, { maxSize, indent }: WriterOptions) {
    this.#root = value;
    this.#maxSize = maxSize;
    this.#indent = indent;
  }

  get truncated(): boolean {
    return this.#isCut;
  }

  /** UTF-8 bytes of the whole value, as far as it was looked at. */
  get size(): number {
    return this.#size;
  }

  /** The next part of the JSON, possibly empty; undefined: it is complete. */
  next(): string | undefined {
    if (!this.#begun) {
      this.#begun = true;
      const prepared = prepare(this.#root, '');
      return this.#value(this.#root, prepared === undefined ? null : prepared, '', false);
    }
    if (this.#text) return this.#moreText(this.#text);
    const frame = this.#frames.at(-1);
    return frame && this.#child(frame);
  }

  #child(frame: Frame): string {
    const { value: item, done } = frame.items.next();
    if (done === true) return this.#end(frame);
    frame.taken += 1;
    if (frame.isArray) {
      frame.key = String(frame.taken - 1);
      const prepared = prepare(item, frame.key);
      return this.#within(frame, item, prepared === undefined ? null : prepared, '');
    }
    const [key, read] = item as readonly [string, () => unknown];
    frame.key = key;
    const value = valueOf(read);
    const prepared = prepare(value, key);
    if (prepared === undefined) return '';
    return this.#within(frame, value, prepared, `${JSON.stringify(key)}:${this.#indent === '' ? '' : ' '}`);
  }

  /** @param name `"key": ` of an object, with its quotes */
  #within(frame: Frame, value: unknown, prepared: Exclude<Prepared, undefined>, name: string): string {
    const before = `${frame.measured === 0 ? '' : ','}${this.#line(this.#frames.length)}${name}`;
    frame.measured += 1;
    const isHidden = frame.isHidden || frame.written < frame.measured - 1 || this.#isCut;
    const text = this.#value(value, prepared, before, isHidden);
    if (text !== '') frame.written += 1;
    return text;
  }

  /** @param before is written if at least the beginning of the value is */
  #value(value: unknown, prepared: Exclude<Prepared, undefined>, before: string, isHidden: boolean): string {
    if (typeof prepared === 'string' && prepared.length > PART) return this.#longText(prepared, before, isHidden);
    if (typeof prepared !== 'object' || prepared === null)
      return this.#whole(JSON.stringify(prepared), before, isHidden, prepared);
    const place = this.#ancestors.get(value as object);
    if (place !== undefined) return this.#whole(JSON.stringify(`[Circular: ${place}]`), before, isHidden);
    if (isSmallAndPlain(value)) {
      const text = this.#native(value);
      const bytes = Buffer.byteLength(text);
      const head = Buffer.byteLength(before);
      if (isHidden || head + bytes <= this.#room) {
        this.#size += head + bytes;
        if (isHidden) return '';
        this.#written += head + bytes;
        return before + text;
      }
    }
    return this.#open(value as object, prepared, before, isHidden);
  }

  #native(value: unknown): string {
    if (this.#indent === '') return JSON.stringify(value);
    return JSON.stringify(value, undefined, this.#indent).replaceAll('\n', this.#line(this.#frames.length));
  }

  /** A value that is written at once, or not at all. */
  #whole(text: string, before: string, isHidden: boolean, value?: unknown): string {
    const bytes = Buffer.byteLength(before) + Buffer.byteLength(text);
    this.#size += bytes;
    if (isHidden) return '';
    if (bytes <= this.#room) {
      this.#written += bytes;
      return before + text;
    }
    this.#isCut = true;
    return this.#shortened(typeof value === 'string' ? value : '', before);
  }

  /** The beginning of a string, with a note; empty if there is no room even for that. */
  #shortened(text: string, before: string): string {
    const room = this.#room - Buffer.byteLength(before);
    // The root has no container that could tell of it.
    if (text === '' || room < TAIL_ROOM + 1 + FEW)
      return this.#frames.length > 0 ? '' : this.#write(room >= 5 ? '"…"' : '""');
    const kept = fitting(text, room - TAIL_ROOM - 1);
    return this.#write(`${before}"${jsonOf(kept)}${moreCharacters(text.length - kept.length)}"`);
  }

  #longText(text: string, before: string, isHidden: boolean): string {
    const head = `${before}"`;
    this.#size += Buffer.byteLength(head) + 1;
    if (!isHidden && Buffer.byteLength(head) + TAIL_ROOM > this.#room) {
      this.#isCut = true;
      this.#text = { text, at: 0, isHidden: true };
      return this.#shortened('', before);
    }
    this.#text = { text, at: 0, isHidden };
    return isHidden ? '' : this.#write(head);
  }

  #moreText(rest: Text): string {
    const end = partEnd(rest.text, rest.at);
    const isLast = end >= rest.text.length;
    const part = jsonOf(rest.text.slice(rest.at, end));
    const bytes = Buffer.byteLength(part);
    this.#size += bytes;
    const from = rest.at;
    rest.at = end;
    if (isLast) this.#text = undefined;
    if (rest.isHidden) return '';
    if (bytes + (isLast ? 1 : TAIL_ROOM) <= this.#room) return this.#write(isLast ? `${part}"` : part);
    this.#isCut = true;
    rest.isHidden = true;
    const kept = fitting(rest.text.slice(from, end), this.#room - TAIL_ROOM);
    return this.#write(`${jsonOf(kept)}${moreCharacters(rest.text.length - from - kept.length)}"`);
  }

  #open(value: object, container: Container, before: string, wasHidden: boolean): string {
    const depth = this.#frames.length + 1;
    const isArray = container.kind === 'array';
    const head = before + (isArray ? '[' : '{');
    const reserved = 1 + this.#lineBytes(depth - 1) + NOTE_ROOM + this.#lineBytes(depth);
    this.#size += Buffer.byteLength(head);
    let isHidden = wasHidden;
    let text = '';
    if (!isHidden) {
      if (Buffer.byteLength(head) + reserved <= this.#room) {
        text = this.#write(head);
        this.#reserved += reserved;
      } else {
        isHidden = true;
        this.#isCut = true;
        text = this.#shortened('', before);
      }
    }
    const items = isArray ? container.items : container.entries;
    this.#ancestors.set(value, this.#pathTo());
    this.#frames.push({ value, isArray, items: items[Symbol.iterator](), key: '', taken: 0, measured: 0, written: 0, isHidden, reserved }); // prettier-ignore
    return text;
  }

  #end(frame: Frame): string {
    this.#frames.pop();
    this.#ancestors.delete(frame.value);
    const close = `${frame.measured === 0 ? '' : this.#line(this.#frames.length)}${frame.isArray ? ']' : '}'}`;
    this.#size += Buffer.byteLength(close);
    if (frame.isHidden) return '';
    this.#reserved -= frame.reserved;
    const left = frame.measured - frame.written;
    if (left === 0) return this.#write(close);
    const separator = `${frame.written === 0 ? '' : ','}${this.#line(this.#frames.length + 1)}`;
    const note = frame.isArray
      ? `"… ${String(left)} more"`
      : `"…":${this.#indent === '' ? '' : ' '}"${String(left)} more"`;
    return this.#write(separator + note + close);
  }

  #write(text: string): string {
    this.#written += Buffer.byteLength(text);
    return text;
  }

  /** UTF-8 bytes that the next value may take. */
  get #room(): number {
    return this.#maxSize - this.#written - this.#reserved;
  }

  #line(depth: number): string {
    return this.#indent === '' ? '' : `\n${this.#indent.repeat(depth)}`;
  }

  #lineBytes(depth: number): number {
    return this.#indent === '' ? 0 : 1 + this.#indent.length * depth;
  }

  #pathTo(): string {
    const last = this.#frames.at(-1);
    if (last === undefined) return '$';
    return `${this.#ancestors.get(last.value) ?? ''}${last.isArray ? `[${last.key}]` : `.${last.key}`}`;
  }
}

function valueOf(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return `[Throws: ${messageOf(error)}]`;
  }
}

/** Where a part that starts at `from` ends; never within a surrogate pair. */
function partEnd(text: string, from: number): number {
  const end = Math.min(text.length, from + PART);
  return isWithinPair(text, end) ? end + 1 : end;
}

/** The longest beginning of a text whose JSON, without quotes, has at most that many bytes. */
function fitting(text: string, bytes: number): string {
  let [low, high] = [0, Math.max(0, Math.min(text.length, bytes))];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (Buffer.byteLength(jsonOf(text.slice(0, middle))) <= bytes) low = middle;
    else high = middle - 1;
  }
  return text.slice(0, isWithinPair(text, low) ? low - 1 : low);
}

/** Whether a cut at `at` would split a surrogate pair. */
function isWithinPair(text: string, at: number): boolean {
  return /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(text.slice(Math.max(0, at - 1), at + 1));
}

/** A string in JSON, without its quotes. */
function jsonOf(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function moreCharacters(count: number): string {
  return `… ${String(count)} more characters`;
}
