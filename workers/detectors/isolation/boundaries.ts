/** The boundaries of a team: from Bulkhead's options, or from the configuration of another tool. Executes nothing. */
import { unreadableConfigurations } from '../../graph/configuration-flaws.ts';
import type { ModuleGraph } from '../../graph/index.ts';
import { isRecord } from '../../graph/manifests.ts';
import { stringsOf } from '../../graph/rules.ts';
import type { DetectorOptions } from '../../protocol/detector-protocol.ts';
import type { Boundary, BoundarySet, Violation } from './boundary.ts';
import { cruiserBoundaries } from './dependency-cruiser/index.ts';
import { elementBoundaries } from './elements/index.ts';
import { lintConfig } from './lint-config.ts';
import { nxBoundaries } from './nx.ts';
import { globMatcher } from '../../reading/globs.ts';

/** Option `boundaries`; then dependency-cruiser's, eslint-plugin-boundaries' and Nx' rules. */
export function boundariesOf(graph: ModuleGraph, options: DetectorOptions): readonly BoundarySet[] {
  const own = Array.isArray(options['boundaries']) ? options['boundaries'].flatMap(ownBoundary) : [];
  const config = lintConfig(graph);
  return [
    { boundaries: own, flaws: unreadableConfigurations(graph, 'isolation') },
    cruiserBoundaries(graph),
    ...(config ? [elementBoundaries(graph, config), nxBoundaries(graph, config)] : []),
  ];
}

/**
 * `from` and what it may (`allow`) or may not (`disallow`) import; globs of files. Its own files are always allowed.
 */
function ownBoundary(value: unknown, index: number): readonly Boundary[] {
  if (!isRecord(value)) return [];
  const [from, allow, disallow] = [value['from'], value['allow'], value['disallow']].map(globs);
  if (!from || (!allow && !disallow)) return [];
  const { name, message } = value;
  const violation: Violation = {
    name: typeof name === 'string' ? name : `boundary ${String(index + 1)}`,
    ...(typeof message === 'string' ? { message } : {}),
  };
  const countsTypes = value['types'] !== 'allow';
  return [
    ({ from: source, to: target, request }) => {
      if (target === undefined || (request.typeOnly && !countsTypes) || !from(source)) return undefined;
      const isForbidden = (disallow?.(target) ?? false) || (allow !== undefined && !allow(target) && !from(target));
      return isForbidden ? violation : undefined;
    },
  ];
}

function globs(value: unknown): ((file: string) => boolean) | undefined {
  const patterns = typeof value === 'string' ? [value] : stringsOf(value);
  if (!patterns || patterns.length === 0) return undefined;
  const wanted = patterns.filter((pattern) => !pattern.startsWith('!'));
  const unwanted = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
  return globMatcher(wanted, { ignore: unwanted, dot: true });
}
