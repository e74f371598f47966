/**
 * The address of the process that leads the analysis of a folder: a socket in a private directory (a pipe on Windows),
 * named in a file beside the locks. Stateless.
 */
import { rmSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readText } from '../../workers/protocol/read-file.ts';
import { whyForeign } from '../ownership.ts';
import { claimSocketPath, isOurs, removeSocket, type SocketPlace } from '../../workers/ipc/drivers/socket-path.ts';

const ADDRESS_NAME = 'leader.json';

/**
 * Undefined: no process leads, or what is there may be another user's. The process at the address may have ended.
 * @param dir of the user, see `whyForeign`
 */
export async function readAddress(dir: string): Promise<string | undefined> {
  try {
    const { address } = JSON.parse(await readText(path.join(dir, ADDRESS_NAME), LONGEST)) as { address?: unknown };
    if (typeof address !== 'string' || (await whyForeign(dir)) !== undefined) return undefined;
    return process.platform === 'win32' || (await isPrivate(address)) ? address : undefined;
  } catch {
    return undefined;
  }
}

/** Bytes of the file with the address. */
const LONGEST = 4096;

/** Whoever listens there answers for us. */
async function isPrivate(address: string): Promise<boolean> {
  return path.isAbsolute(address) && (await whyForeign(path.dirname(address), { withParent: false })) === undefined;
}

/** Creates a socket path to listen at, and removes that of a killed leader. Only for the holder of the lock. */
export async function claimAddress(dir: string): Promise<SocketPlace> {
  const before = await readAddress(dir);
  // A damaged file must not make us delete anything else.
  if (before !== undefined && isOurs(before)) removeSocket(before, true);
  return claimSocketPath(undefined);
}

/** @throws the error of the file system */
export async function writeAddress(dir: string, address: string): Promise<void> {
  const draft = path.join(dir, `${ADDRESS_NAME}.${process.pid}.tmp`);
  await writeFile(draft, JSON.stringify({ address }), { mode: 0o600 });
  const file = path.join(dir, ADDRESS_NAME);
  await rename(draft, file);
  // A process that ends in a hurry calls nobody else.
  removeAtExit?.();
  const remove = (): void => rmSync(file, { force: true });
  process.once('exit', remove);
  removeAtExit = () => void process.off('exit', remove);
}

let removeAtExit: (() => void) | undefined;

export async function removeAddress(dir: string, address: string): Promise<void> {
  removeAtExit?.();
  removeAtExit = undefined;
  if ((await readAddress(dir)) === address) await rm(path.join(dir, ADDRESS_NAME), { force: true });
}
