/** File URIs as the editor writes them, and paths. */
import { fileURLToPath } from 'node:url';

/** Undefined for documents that are not files (untitled, git, output …). */
export function pathOf(uri: string): string | undefined {
  if (!uri.startsWith('file:')) return undefined;
  try {
    return fileURLToPath(uri);
  } catch {
    return undefined;
  }
}
