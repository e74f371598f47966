/** Checks that the configurations of package managers can be read: each value that does not count is named. */
import { unreadableConfigurations } from '../../graph/configuration-flaws.ts';
import { ConfigFile, jsonOf, type Flaw } from '../../reading/config-file.ts';
import { LOCKFILES } from './lockfiles.ts';
import type { PackageCheck, PackageRule } from './package-check.ts';

export function checkConfigurations(check: PackageCheck): void {
  const { graph } = check;
  const report = (rule: PackageRule, flaws: readonly Flaw[]): void => {
    for (const { file, message, range } of flaws)
      if (!check.isIgnored(file)) check.report(file, rule, { message, range });
  };
  for (const { manifest } of check.files) report('invalid-field', manifest.config.flaws);
  for (const config of graph.manifests.workspaceFiles) report('invalid-configuration', config.flaws);
  report('invalid-configuration', unreadableConfigurations(graph, 'package'));
  for (const { name } of LOCKFILES) if (graph.files.has(name)) report('invalid-configuration', lockfileFlaws(name, graph.textOf(name) ?? '')); // prettier-ignore
}

/** A lockfile may be large, so only what costs nothing is looked at: an unfinished merge, and JSON that is none. */
function lockfileFlaws(file: string, text: string): readonly Flaw[] {
  if (file.endsWith('.lockb')) return [];
  const conflict = /^(?:<{7}|>{7}) .*/m.exec(text);
  if (!conflict) return isJson(file) && jsonOf(text) === undefined ? ConfigFile.json(file, text, 'json').flaws : [];
  const line = text.slice(0, conflict.index).split('\n').length - 1;
  const range = { start: { line, character: 0 }, end: { line, character: conflict[0].length } };
  return [{ file, range, message: 'This lockfile has a merge conflict. Resolve it, or take one side and run the install of your package manager.' }]; // prettier-ignore
}

function isJson(file: string): boolean {
  return file === 'package-lock.json' || file === 'npm-shrinkwrap.json';
}
