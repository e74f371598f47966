/** The editor's `files.exclude` as patterns of `bulkhead.exclude`. Pure. */
import { expandBraces } from '../workers/protocol/file-patterns.ts';

type Excludes = Readonly<Record<string, unknown>>;

/**
 * @param chosen the setting; conditions on siblings are not supported
 * @param defaults of the editor, which name nothing that could be analysed
 */
export function excludedFiles(chosen: Excludes, defaults: Excludes): readonly string[] {
  return Object.entries(chosen).flatMap(([glob, isOn]) => {
    if (isOn !== true || Object.hasOwn(defaults, glob)) {
      return [];
    }
    // The editor's globs are relative to the folder, those of .gitignore without a slash apply everywhere.
    return expandBraces(glob).map((pattern) => (pattern.includes('/') ? pattern : `/${pattern}`));
  });
}
