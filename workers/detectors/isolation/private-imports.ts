/** Imports by production code of files that are not for it: private folders and tests. */
import { isRecord, type PackageJson } from '../../graph/manifests.ts';
import { packageNameOf } from '../../graph/resolution.ts';
import { isSurelyTestFile, isTestFile, isTestHelper, isToolFile, privateFolderOf } from '../../graph/file-roles.ts';
import type { Module } from '../../graph/index.ts';
import { specifierRange, type ModuleRequest } from '../../graph/record.ts';
import type { IsolationCheck } from './isolation-check.ts';

/** @param target the imported file, relative to the root */
export function checkPrivateImport(
  check: IsolationCheck,
  module: Module,
  request: ModuleRequest,
  target: string,
): void {
  const { manifests } = check.graph;
  if (isTestFile(module.file, manifests) || isToolFile(module.file, manifests)) return;
  checkPrivateFolder(check, module, request, target);
  if (isTestHelper(module.file) || !isSurelyTestFile(target, manifests)) return;
  // A folder `test` whose index is exported on is what users get for their tests.
  if (request.kind === 'export' && /\/tests?\/index\.\w+$/.test(target)) return;
  check.report(module.file, 'prod-imports-test', {
    message: `${module.file} is production code but imports the test file ${target}. Move the shared code out of the tests.`,
    range: specifierRange(module.record, request),
  });
}

function checkPrivateFolder(check: IsolationCheck, module: Module, request: ModuleRequest, target: string): void {
  const folder = privateFolderOf(target);
  if (folder === undefined) return;
  const parent = folder.slice(0, folder.lastIndexOf('/') + 1);
  if (module.file.startsWith(parent) || isPublished(check, module, request, target, folder)) return;
  check.report(module.file, 'private-folder', {
    message: `${folder}/ is private to ${parent}. Import from ${parent} instead, or move the file out of ${folder}/.`,
    range: specifierRange(module.record, request),
  });
}

/**
 * Whether the package of a private folder publishes it, as its `exports` say: a key names the folder, or the very file
 * that is imported by the name of the package. A package in a private folder is imported by its name.
 */
function isPublished(
  { graph: { manifests } }: IsolationCheck,
  { resolutions, record }: Module,
  request: ModuleRequest,
  target: string,
  folder: string,
): boolean {
  const owner = manifests.packageOf(target);
  const resolution = resolutions[record.requests.indexOf(request)];
  if (!owner || resolution?.kind !== 'file') return false;
  const isByName = resolution.via === 'package';
  if (isByName && owner.directory !== '' && `${owner.directory}/`.startsWith(`${folder}/`)) return true;
  const keys = [owner.data.exports, publishedExports(owner.data)].flatMap(exportKeys);
  const subpath = `.${request.specifier.slice(packageNameOf(request.specifier).length)}`;
  if (isByName && (subpath === '.' || keys.includes(subpath))) return true;
  // `./tools/internal`, `./tools/internal/*`, `./*/internal` and `./internal.js` for `src/tools/internal`.
  const inside = owner.directory === '' ? folder : folder.slice(owner.directory.length + 1);
  return keys.some((key) => {
    const [, ending] = /\*\/([^*]+)$/.exec(key) ?? [];
    const named = (ending ?? key).replace(/^\.\//, '').replace(/\/\*.*$|\/index(?:\.[cm]?[jt]s)?$|\.[cm]?[jt]s$/, '');
    return named !== '' && !named.includes('*') && `/${inside}`.endsWith(`/${named}`);
  });
}

function publishedExports({ publishConfig }: PackageJson): unknown {
  return isRecord(publishConfig) ? publishConfig['exports'] : undefined;
}

function exportKeys(exports: unknown): readonly string[] {
  return isRecord(exports) ? Object.keys(exports).filter((key) => key.startsWith('./')) : [];
}
