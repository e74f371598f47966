/** Imports by production code of files that are not for it: private folders and tests. */
import { isRecord, type PackageJson } from '../../graph/manifests.ts';
import { packageNameOf } from '../../graph/resolution.ts';
import { isSurelyTestFile, isTestFile, isTestHelper, isToolFile, privateFolderOf } from '../../graph/file-roles.ts';
import type { Module } from '../../graph/index.ts';
import { isLoading, specifierRange, type ModuleRequest } from '../../graph/record.ts';
import type { IsolationCheck } from './isolation-check.ts';

/** @param target the imported file, relative to the root */
export function checkTestImport(check: IsolationCheck, module: Module, request: ModuleRequest, target: string): void {
  const { manifests } = check.graph;
  if (isTestFile(module.file, manifests) || isToolFile(module.file, manifests)) return;
  if (isTestHelper(module.file) || !isSurelyTestFile(target, manifests)) return;
  // A folder `test` whose index is exported on is what users get for their tests.
  if (request.kind === 'export' && /\/tests?\/index\.\w+$/.test(target)) return;
  check.report(module.file, 'prod-imports-test', {
    message: `${module.file} is production code but imports the test file ${target}. Move the shared code out of the tests.`,
    range: specifierRange(module.record, request),
  });
}

/** Who imports a private folder of which package. */
interface PrivateFolder {
  readonly parent: string;
  /** Files of the parent folder. */
  readonly insiders: Set<string>;
  /** Other files of the same package. */
  readonly neighbours: Set<string>;
  readonly imports: { readonly module: Module; readonly request: ModuleRequest; readonly isNeighbour: boolean }[];
}

/** With fewer exceptions, it is a rule that somebody broke. */
const FEWEST_NEIGHBOURS = 3;
const LARGEST_SHARE = 1 / 4;

/** Looks at all modules, because it depends on who else imports a folder. */
export function checkPrivateFolders(check: IsolationCheck): void {
  if (!check.isOn('private-folder')) return;
  for (const [folder, { parent, insiders, neighbours, imports }] of privateFolders(check)) {
    // Much of the package uses it: there the name means that the folder is private to the package.
    const share = neighbours.size / (neighbours.size + insiders.size);
    const isOfPackage = neighbours.size >= FEWEST_NEIGHBOURS && share > LARGEST_SHARE;
    for (const { module, request, isNeighbour } of imports) {
      if (isNeighbour && isOfPackage) continue;
      check.report(module.file, 'private-folder', {
        message: `${folder}/ is private to ${parent}. Import from ${parent} instead, or move the file out of ${folder}/.`,
        range: specifierRange(module.record, request),
      });
    }
  }
}

function privateFolders(check: IsolationCheck): ReadonlyMap<string, PrivateFolder> {
  const { manifests, modules } = check.graph;
  const folders = new Map<string, PrivateFolder>();
  for (const module of modules.values()) {
    if (isTestFile(module.file, manifests) || isToolFile(module.file, manifests)) continue;
    for (const [index, request] of module.record.requests.entries()) {
      const resolution = module.resolutions[index];
      if (resolution?.kind !== 'file' || !isLoading(request)) continue;
      const target = resolution.file;
      const folder = privateFolderOf(target);
      if (folder === undefined || module.file.startsWith(`${folder}/`)) continue;
      const parent = folder.slice(0, folder.lastIndexOf('/') + 1);
      const found = folders.get(folder) ?? { parent, insiders: new Set(), neighbours: new Set(), imports: [] };
      folders.set(folder, found);
      if (module.file.startsWith(parent)) {
        found.insiders.add(module.file);
        continue;
      }
      const isNeighbour = manifests.packageOf(module.file) === manifests.packageOf(target);
      if (isNeighbour) found.neighbours.add(module.file);
      if (!isPublished(check, module, request, target, folder)) found.imports.push({ module, request, isNeighbour });
    }
  }
  return folders;
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
