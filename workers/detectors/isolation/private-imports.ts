/** Imports by production code of files that are not for it: private folders and tests. */
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
  check.report(module.file, 'prod-imports-test', {
    message: `${module.file} is production code but imports the test file ${target}. Move the shared code out of the tests.`,
    range: specifierRange(module.record, request),
  });
}

function checkPrivateFolder(check: IsolationCheck, module: Module, request: ModuleRequest, target: string): void {
  const folder = privateFolderOf(target);
  if (folder === undefined) return;
  const parent = folder.slice(0, folder.lastIndexOf('/') + 1);
  if (module.file.startsWith(parent)) return;
  check.report(module.file, 'private-folder', {
    message: `${folder}/ is private to ${parent}. Import from ${parent} instead, or move the file out of ${folder}/.`,
    range: specifierRange(module.record, request),
  });
}
