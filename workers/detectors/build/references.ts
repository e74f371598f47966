/** `references` of tsconfigs that lead to nothing. */
import path from 'node:path';
import { entryAt, readText } from '../../protocol/read-file.ts';
import type { DetectorOptions } from '../../protocol/detector-protocol.ts';
import { compilerConfig } from '../../protocol/file-patterns.ts';
import { walkFiles } from '../../protocol/files.ts';
import { ConfigFile, isRecord } from '../../reading/config-file.ts';
import { ignoredFiles, stringsOf } from '../../runtime/rule-options.ts';
import type { BuildFinding } from './finding.ts';
import { manifest } from './manifest.ts';

export async function* tsconfigsOf(
  root: string,
  options: DetectorOptions,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const isIgnored = ignoredFiles(options, manifest.options.ignore.default);
  const accept = (base: string, file: string): boolean => compilerConfig.test(base) && !isIgnored(file);
  yield* walkFiles(root, { accept, exclude: stringsOf(options['exclude']) ?? [], signal });
}

/** @param file relative to the root */
export async function referenceFindings(root: string, file: string): Promise<readonly BuildFinding[]> {
  const text = await readText(path.join(root, file)).catch(() => '');
  // Most have none.
  if (!text.includes('"references"')) return [];
  const config = ConfigFile.json(file, text, 'jsonc');
  const references = isRecord(config.value) ? config.value['references'] : undefined;
  if (!Array.isArray(references)) return [];
  return references.flatMap((reference: unknown, index): BuildFinding[] => {
    const target = isRecord(reference) ? reference['path'] : undefined;
    if (typeof target !== 'string' || target.includes('${')) return [];
    const absolute = path.resolve(path.join(root, path.dirname(file)), target);
    const found = entryAt(absolute);
    if (found === 'file' || found === 'blocked') return [];
    if (found === 'directory' && entryAt(path.join(absolute, 'tsconfig.json')) !== 'nothing') return [];
    const what = found === 'directory' ? 'a folder without a tsconfig.json' : 'nothing';
    const message = `This reference leads to ${what}: ${target}. Correct the path, or remove the reference.`;
    return [{ rule: 'missing-reference', message, range: config.rangeOf(['references', index, 'path']) }];
  });
}
