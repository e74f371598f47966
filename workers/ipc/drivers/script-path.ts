/** Which file a worker's script is. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { DriverError } from '../errors.ts';

/** @throws DriverError unless it is an absolute path or a `file:` URL */
export function scriptPath(script: string | URL | undefined): string {
  if (script === undefined)
    throw new DriverError("The option 'script' is missing: the path or file: URL of the worker.");
  const text = String(script);
  if (text.startsWith('file:')) return fileURLToPath(text);
  if (path.isAbsolute(text)) return text;
  throw new DriverError(`The script '${text}' is not an absolute path; use new URL('./worker.js', import.meta.url).`);
}
