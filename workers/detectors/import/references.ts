/** Paths in calls that throw, or fail the build, when they lead nowhere: mocks, workers, `require.resolve`. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { specifierRange } from '../../graph/record.ts';
import { isRelative, type Resolution } from '../../graph/resolution.ts';
import { guardedRequests } from './guarded.ts';
import type { ImportCheck, ImportSite } from './import-check.ts';
import { reportFile } from './unresolved.ts';

export function checkReference(check: ImportCheck, site: ImportSite, resolution: Resolution): void {
  const { mustExist } = site.request;
  if (mustExist === 'folder') checkFolder(check, site);
  else if (mustExist === 'file' && resolution.kind === 'missing') checkFile(check, site, resolution);
}

function checkFile(check: ImportCheck, site: ImportSite, missing: Extract<Resolution, { kind: 'missing' }>): void {
  const { module, request } = site;
  const isPath = missing.why === 'file' && !missing.isUnclear;
  if (!isPath || check.isKnown(site, missing) || isImported(site) || hasAnyExtension(check, site)) return;
  if (guardedRequests(check.graph, module).has(site.index)) return;
  reportFile(check, { ...site, request }, missing);
}

/** The import of the same path is reported. */
function isImported({ module, request }: ImportSite): boolean {
  return module.record.requests.some(
    ({ specifier, kind }) => specifier === request.specifier && kind !== 'reference' && kind !== 'glob',
  );
}

/** A build may turn `worker.ts` into `worker.mjs`. */
function hasAnyExtension({ graph }: ImportCheck, { module, request: { specifier } }: ImportSite): boolean {
  if (!isRelative(specifier)) return false;
  const base = path.posix.join(path.posix.dirname(module.file), specifier);
  const stem = base.replace(/\.[cm]?[jt]sx?$/, '');
  return stem !== base && ['.ts', '.tsx', '.js', '.jsx', '.mts', '.cts', '.mjs', '.cjs'].some((one) => graph.files.has(stem + one)); // prettier-ignore
}

function checkFolder(check: ImportCheck, { module, request }: ImportSite): void {
  const { specifier } = request;
  if (!isRelative(specifier)) return;
  const folder = path.posix.join(path.posix.dirname(module.file), specifier);
  if (check.gitIgnored.has(folder) || existsSync(path.join(check.graph.root, folder))) return;
  check.report(module, 'unresolved', {
    message: `Cannot resolve '${specifier}': there is no such folder. Create it, or correct the path.`,
    range: specifierRange(module.record, request),
  });
}
