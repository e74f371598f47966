/**
 * Reads files that anybody may have put into a workspace. Opens regular files only, so that it never waits for a pipe or
 * a device, and never reads more than a limit. Everything that reads a file of a workspace goes through here. Stateless.
 */
import { accessSync, closeSync, constants, fstatSync, openSync, readFileSync, readSync, statSync, type Stats } from 'node:fs'; // prettier-ignore
import { open, stat } from 'node:fs/promises';

/** Bytes. More than any file that people maintain, and far below what would endanger a process. */
export const MAXIMUM_FILE = 64 * 1024 * 1024;

/** Why a file was not read. `message` is a sentence about the file, without its name and what to do. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile';
  /** Such as `ENOENT`; `ENOTFILE`: it is no regular file; `EFBIG`: it is too large. */
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** @returns its text without a byte order mark @throws {UnreadableFile} */
export function readTextSync(file: string, maximum = MAXIMUM_FILE): string {
  return decoded(readBytesSync(file, maximum));
}

/**
 * As {@link readTextSync}, for a file that the listing of its folder called a regular one: it is not asked twice what it is, which
 * takes a third of the time of reading a small file. @throws {UnreadableFile}
 */
export function readListedTextSync(file: string, maximum = MAXIMUM_FILE): string {
  try {
    const descriptor = openSync(file, READ);
    try {
      refuse(fstatSync(descriptor), maximum);
      const text = readFileSync(descriptor, 'utf8');
      // The bytes of a byte order mark of UTF-16 are no UTF-8.
      return text.charCodeAt(0) === REPLACEMENT ? readTextSync(file, maximum) : withoutMark(text);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw unreadable(error);
  }
}

/** @returns its text without a byte order mark; rejects with {@link UnreadableFile} */
export async function readText(file: string, maximum = MAXIMUM_FILE): Promise<string> {
  return decoded(await readBytes(file, maximum));
}

/** @throws {UnreadableFile} */
export function readBytesSync(file: string, maximum = MAXIMUM_FILE): Buffer {
  try {
    // A device may do something when it is opened, so what is there is asked first, and again of what was opened.
    refuse(statSync(file), maximum);
    const descriptor = openSync(file, READ);
    try {
      const status = fstatSync(descriptor);
      refuse(status, maximum);
      const buffer = Buffer.allocUnsafe(status.size);
      let length = 0;
      for (let read = -1; read !== 0 && length < buffer.length; length += read)
        read = readSync(descriptor, buffer, length, buffer.length - length, length);
      return buffer.subarray(0, length);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw unreadable(error);
  }
}

/** Rejects with {@link UnreadableFile}. */
export async function readBytes(file: string, maximum = MAXIMUM_FILE): Promise<Buffer> {
  try {
    refuse(await stat(file), maximum);
    const handle = await open(file, READ);
    try {
      refuse(await handle.stat(), maximum);
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw unreadable(error);
  }
}

/** What is at a path; never throws. Links count as what they lead to. `blocked`: nobody can tell. */
export function entryAt(file: string): 'file' | 'directory' | 'other' | 'nothing' | 'blocked' {
  try {
    const status = statSync(file, { throwIfNoEntry: false });
    if (status === undefined) return 'nothing';
    return status.isFile() ? 'file' : status.isDirectory() ? 'directory' : 'other';
  } catch (error) {
    return codeOf(error) === 'ENOTDIR' ? 'nothing' : 'blocked';
  }
}

/** Why what is at a path cannot be read as a file; undefined: it is one. */
export function whyNotFile(file: string): string | undefined {
  try {
    const status = statSync(file);
    return status.isFile() ? undefined : notFile(status);
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? 'it is a link to nothing' : unreadable(error).message;
  }
}

/** Why the entries of a folder cannot be opened although they can be listed; undefined: they can. */
export function searchRefusal(folder: string): NodeJS.ErrnoException | undefined {
  try {
    accessSync(folder, constants.X_OK);
    return undefined;
  } catch (error) {
    const code = codeOf(error);
    return code === 'EACCES' || code === 'EPERM' ? (error as NodeJS.ErrnoException) : undefined;
  }
}

/** Without blocking: a pipe could have taken the place of the file since it was asked for. */
const READ = constants.O_RDONLY | (process.platform === 'win32' ? 0 : constants.O_NONBLOCK);

function refuse(status: Stats, maximum: number): void {
  if (!status.isFile()) throw new UnreadableFile('ENOTFILE', notFile(status));
  if (status.size > maximum) {
    const megabytes = (bytes: number): string =>
      (bytes / 1024 / 1024).toLocaleString('en', { maximumFractionDigits: 1 });
    throw new UnreadableFile('EFBIG', `it has ${megabytes(status.size)} MB, and more than ${megabytes(maximum)} MB are not read`); // prettier-ignore
  }
}

function notFile(status: Stats): string {
  const kind = status.isDirectory() ? 'a folder' : status.isFIFO() ? 'a named pipe' : status.isSocket() ? 'a socket' : 'a device'; // prettier-ignore
  return `it is ${kind}, not a file`;
}

function unreadable(error: unknown): UnreadableFile {
  if (error instanceof UnreadableFile) return error;
  const code = codeOf(error);
  const reason = REASONS[code] ?? (error instanceof Error ? error.message : String(error));
  return new UnreadableFile(code, reason, error);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  ENOTDIR: 'it does not exist',
  EACCES: 'the permission is missing (EACCES)',
  EPERM: 'the permission is missing (EPERM)',
  ELOOP: 'it is a link that leads to itself (ELOOP)',
};

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
}

const REPLACEMENT = 0xfffd;

/** UTF-8, or UTF-16 if its byte order mark says so. The mark is not part of the text. */
export function decoded(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const encoding =
    first === 0xfe && second === 0xff ? 'utf-16be' : first === 0xff && second === 0xfe ? 'utf-16le' : 'utf-8';
  return encoding === 'utf-8' ? withoutMark(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()) : new TextDecoder(encoding).decode(bytes); // prettier-ignore
}

/** Editors do not count the byte order mark as text. */
export function withoutMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}
