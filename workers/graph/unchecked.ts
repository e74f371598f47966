/** Files that the detectors on the graph do not check, although they are part of it. */
import { ignoreOption } from '../protocol/graph-manifest.ts';
import type { DetectorOptions } from '../protocol/detector-protocol.ts';
import { ignoredFiles } from '../runtime/rule-options.ts';
import type { ModuleGraph } from './graph.ts';

/** Those that the option `ignore` names; by default also those that say that a tool made them. */
export function uncheckedFiles(graph: ModuleGraph, options: DetectorOptions): (file: string) => boolean {
  const isNamed = ignoredFiles(options, ignoreOption.default);
  const isDefault = !Array.isArray(options['ignore']);
  const known = new Map<string, boolean>();
  return (file) => {
    let answer = known.get(file);
    if (answer === undefined) known.set(file, (answer = isNamed(file)));
    return answer || (isDefault && graph.modules.get(file)?.record.isGenerated === true);
  };
}
