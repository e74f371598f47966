/** Folders that a bundler loads as a whole: `require.context('./pages')` fails the build without the folder. */
import path from 'node:path';
import { specifierRange } from '../../graph/record.ts';
import { isRelative } from '../../graph/resolution.ts';
import { entryAt } from '../../protocol/read-file.ts';
import type { ImportCheck, ImportSite } from './import-check.ts';

export function checkFolder(check: ImportCheck, { module, request }: ImportSite): void {
  const { specifier, isFolder } = request;
  if (!isFolder || !isRelative(specifier)) return;
  const folder = path.posix.join(path.posix.dirname(module.file), specifier);
  if (check.gitIgnored.has(folder) || entryAt(path.join(check.graph.root, folder)) === 'directory') return;
  check.report(module, 'unresolved', {
    message: `Cannot resolve '${specifier}': there is no such folder. Create it, or correct the path.`,
    range: specifierRange(module.record, request),
  });
}
