/**
 * The version of this Bulkhead, and of the Node.js that it needs, read once from its own manifest. The entries load this
 * module before all others, so every Node.js that knows ES modules must be able to run it.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';

interface Manifest {
  readonly version: string;
  readonly engines: { readonly node: string };
}

const manifest = readManifest();

export const version: string = manifest?.version ?? 'unknown';

/** One sentence if Bulkhead cannot run on this version of Node.js; undefined if it can. */
export function nodeRefusal(running: string = process.versions.node): string | undefined {
  const needed = manifest?.engines.node.replace('>=', '') ?? '0.0';
  const [major = 0, minor = 0] = running.split('.').map(Number);
  const [neededMajor = 0, neededMinor = 0] = needed.split('.').map(Number);
  if (major > neededMajor || (major === neededMajor && minor >= neededMinor)) return undefined;
  return `Node.js ${needed} or newer is needed; this is ${running}.`;
}

function readManifest(): Manifest | undefined {
  // One level above the bundle, one or two above the sources.
  for (const above of ['..', '../..']) {
    try {
      return JSON.parse(readFileSync(path.join(import.meta.dirname, above, 'package.json'), 'utf8')) as Manifest;
    } catch {
      continue;
    }
  }
  return undefined;
}
