/** Writes a value of any size to a file as JSON, while the server goes on answering. Stateless. */
import { open, rename, rm } from 'node:fs/promises';
import { serializeChunks } from '../serialize/index.ts';

/**
 * The file is there whole or not at all.
 *
 * @param file absolute
 * @throws the system's error, such as `EACCES`; its message names the file
 */
export async function writeJson(file: string, value: unknown): Promise<void> {
  const draft = `${file}.${String(process.pid)}.tmp`;
  try {
    await using handle = await open(draft, 'w');
    for await (const chunk of serializeChunks(value, { pretty: true })) await handle.appendFile(chunk);
    await handle.appendFile('\n');
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await rename(draft, file);
}
