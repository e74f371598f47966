/** Bare names that mean folders of the project: `baseUrl` of a tsconfig, or `*` in its `paths`. */
import type { IgnoredPaths } from './ignored.ts';
import type { ModuleGraph } from './index.ts';

/**
 * The folder that a name without a file begins with. TypeScript and bundlers look for a file or an index in that one place,
 * so a folder of the name elsewhere explains nothing. A folder that git ignores may be made by a build.
 */
export function baseFolderOf(
  { graph, gitIgnored }: { readonly graph: ModuleGraph; readonly gitIgnored: IgnoredPaths },
  file: string,
  name: string,
): string | undefined {
  const folders = graph.projects.projectOf(file)?.pathsOf(name) ?? [];
  return folders.find((folder) => {
    if (graph.hasDirectory(folder)) return true;
    return !/(^|\/)node_modules\//.test(folder) && gitIgnored.has(`${folder}/x`);
  });
}
