/** The version of this Bulkhead, read once from its own manifest. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

export const version: string = readVersion();

function readVersion(): string {
  // One level above the bundle, one or two above the sources.
  for (const above of ['..', '../..']) {
    try {
      const manifest: unknown = JSON.parse(readFileSync(path.join(import.meta.dirname, above, 'package.json'), 'utf8'));
      if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version);
    } catch {
      continue;
    }
  }
  return 'unknown';
}
