/**
 * What the files were before Bulkhead was installed for agents, so that they can be again, byte for byte. It lies in the
 * user's cache folder; without it, only the entries are removed. One for each folder.
 */
import { hash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readText } from '../../../workers/protocol/read-file.ts';
import { isRecord } from '../../configuration/is-record.ts';
import { whyForeign } from '../../ownership.ts';
import { storeDirFor } from '../../store/location.ts';

export interface FileRecord {
  /** Absent: there was none. */
  readonly before?: string;
  /** Hash of the text that Bulkhead wrote. */
  readonly written: string;
  /** Folders that were made for it, relative to the root. */
  readonly folders: readonly string[];
}

export type InstallRecord = Readonly<Record<string, FileRecord>>;

const LARGEST = 16 << 20;

async function fileFor(root: string): Promise<string> {
  return path.join(await storeDirFor(root), 'agents.json');
}

export function textHash(text: string): string {
  return hash('sha256', text);
}

/** Empty: there is none, or it cannot be believed. */
export async function readRecord(root: string): Promise<InstallRecord> {
  const file = await fileFor(root);
  try {
    if ((await whyForeign(path.dirname(file))) !== undefined) return {};
    const value: unknown = JSON.parse(await readText(file, LARGEST));
    return isRecord(value) ? Object.fromEntries(Object.entries(value).filter(isFileRecord)) : {};
  } catch {
    return {};
  }
}

/** A record that cannot be kept costs only what it is for. */
export async function writeRecord(root: string, record: InstallRecord): Promise<void> {
  const file = await fileFor(root);
  try {
    if (Object.keys(record).length === 0) return await rm(file, { force: true });
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, JSON.stringify(record), { mode: 0o600 });
  } catch {
    return;
  }
}

function isFileRecord(entry: [string, unknown]): entry is [string, FileRecord] {
  const [, value] = entry;
  if (!isRecord(value) || typeof value['written'] !== 'string' || !Array.isArray(value['folders'])) return false;
  const { before, folders } = value;
  return (before === undefined || typeof before === 'string') && folders.every((folder) => typeof folder === 'string');
}
