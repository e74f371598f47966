/** The documentation pages of Bulkhead's own rules, which are part of its installation. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const pages = findPages();

/** Address of a rule's page, a file that editors open; undefined: the rule has none, or belongs to another tool. */
export function pageOf(detector: string, rule: string): string | undefined {
  return pages.get(`${detector}/${rule}`);
}

function findPages(): ReadonlyMap<string, string> {
  // Beside the bundle, and beside the sources.
  const folder = path.join(import.meta.dirname, '..', 'docs', 'rules');
  try {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.md'));
    return new Map(
      files.map((file) => [
        file.slice(0, -'.md'.length).split(path.sep).join('/'),
        pathToFileURL(path.join(folder, file)).href,
      ]),
    );
  } catch {
    return new Map();
  }
}
