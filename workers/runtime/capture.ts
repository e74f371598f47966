/** Writes heap snapshots and CPU profiles of this process on request. */
import { stat, writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { writeHeapSnapshot } from 'node:v8';

/**
 * Writes a file that the developer tools of Chrome and VS Code can open.
 * @param durationMs duration of a profile; the detector keeps working meanwhile
 * @returns the number of bytes written
 */
export async function capture(
  kind: 'heap-snapshot' | 'cpu-profile',
  file: string,
  durationMs: number,
): Promise<number> {
  if (kind === 'heap-snapshot') {
    writeHeapSnapshot(file);
  } else {
    const session = new Session();
    session.connect();
    try {
      await session.post('Profiler.enable');
      await session.post('Profiler.start');
      await wait(durationMs);
      const { profile } = await session.post('Profiler.stop');
      await writeFile(file, JSON.stringify(profile));
    } finally {
      session.disconnect();
    }
  }
  return (await stat(file)).size;
}
