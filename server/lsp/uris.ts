/** File URIs and paths. Stateless; {@link FileNames} in file-names.ts knows which of them are the same file. */
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Undefined for documents that are not files (untitled, git, output …). */
export function pathOf(uri: string): string | undefined {
  if (!/^file:/i.test(uri)) return undefined;
  try {
    const file = fileURLToPath(uri);
    // No system has such a file, and no call takes it.
    return file.includes('\0') ? undefined : file;
  } catch {
    return undefined;
  }
}

/** @param file relative to the root */
export function uriOf(root: string, file: string): string {
  return pathToFileURL(path.resolve(root, file)).href;
}
