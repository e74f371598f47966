/** What publint says about a package that is published. It reads files and starts nothing. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { publint, type Message } from 'publint';
import { formatMessage } from 'publint/utils';
import type { ProjectPackages } from '../../commands/packages.ts';
import { INDEX_FILES, isPublished } from '../../graph/manifests.ts';
import { isPresent } from '../../graph/members.ts';
import type { RuleSeverities } from '../../runtime/rule-options.ts';
import type { BuildFinding, BuildRule } from './finding.ts';
import { filesOf, packedBy } from './published-files.ts';

/**
 * Whether a file exists is known only after a build, and what of it is published only after packing. For sources the
 * detector `package` says it.
 */
const AFTER_THE_BUILD: ReadonlySet<Message['code']> = new Set([
  'FILE_DOES_NOT_EXIST',
  'FILE_NOT_PUBLISHED',
  'EXPORTS_GLOB_NO_MATCHED_FILES',
  'IMPORTS_GLOB_NO_MATCHED_FILES',
  'NESTED_PACKAGE_JSON_FIELD_IGNORED',
  // The package manager replaces it.
  'LOCAL_DEPENDENCY',
]);

const ruleOf = {
  error: 'publint-error',
  warning: 'publint-warning',
  suggestion: 'publint-suggestion',
} as const satisfies Record<Message['type'], BuildRule>;

/** @param folder absolute */
export async function publishedFindings(
  packages: ProjectPackages,
  folder: string,
  severities: RuleSeverities<BuildRule>,
): Promise<readonly BuildFinding[]> {
  const manifest = packages.manifestIn(folder);
  if (manifest === undefined || !isPublished(manifest, hasIndex(folder))) return [];
  const level = severities['publint-suggestion'] === 'off' ? 'warning' : 'suggestion';
  let result;
  try {
    const where = isPresent(manifest.data.exports) ? { pkgDir: folder, pack: false as const } : filesOf(folder);
    result = await publint({ ...where, level });
  } catch (error) {
    const message = `publint could not look at this package: ${error instanceof Error ? error.message : String(error)}`;
    return [{ rule: 'publint-warning', message, range: manifest.config.rangeOf(['name']) }];
  }
  const isPacked = packedBy(folder, manifest.data['files']);
  return result.messages.flatMap((message): BuildFinding[] => {
    if (AFTER_THE_BUILD.has(message.code)) return [];
    const { actualFilePath: file, globbedFilePath = file } = message.args as Readonly<Record<string, unknown>>;
    // A file that no field of the manifest names.
    if (message.path[0] === 'name' && typeof globbedFilePath === 'string' && !isPacked(globbedFilePath.slice(1)))
      return [];
    const text = formatMessage(message, result.pkg, { color: false });
    if (text === undefined) return [];
    const code = message.code.toLowerCase();
    return [
      {
        rule: ruleOf[message.type],
        message: `${text} (${message.code})`,
        range: manifest.config.nameRangeOf(message.path),
        url: `https://publint.dev/rules#${code}`,
      },
    ];
  });
}

function hasIndex(folder: string): boolean {
  return INDEX_FILES.some((name) => existsSync(path.join(folder, name)));
}
