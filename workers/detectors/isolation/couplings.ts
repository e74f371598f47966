/** Modules that too many depend on, that depend on too many, or that depend on less stable ones. */
import type { Edge } from '../../graph/edges.ts';
import type { Module } from '../../graph/index.ts';
import { lineCount } from '../../graph/lines.ts';
import { specifierRange } from '../../graph/record.ts';
import { FIRST_LINE, type IsolationCheck } from './isolation-check.ts';
import { couplingCounts, moduleCouplings, type Coupling } from './metrics.ts';

export function checkCouplings(check: IsolationCheck): void {
  const { edges, incoming, outgoing } = couplingCounts(check.graph);
  const manyIncoming = percentile(incoming, 0.95);
  const manyOutgoing = percentile(outgoing, 0.95);
  edges.modules.forEach((module, number) => {
    const [ca = 0, ce = 0] = [incoming[number], outgoing[number]];
    if (ca < 20) return;
    if (ce >= 20 && ca >= manyIncoming && ce >= manyOutgoing && !/(^|\/)index\.[^/]+$/.test(module.file)) {
      check.report(module.file, 'hub-module', {
        message: `${String(ca)} modules import this module and it imports ${String(ce)}, so most changes affect it. Split it by the modules that use it.`,
        range: FIRST_LINE,
      });
    }
    const [lines, names] = [lineCount(module.record.lines), module.record.exports.length];
    if (lines > 1000 && names >= 30) {
      check.report(module.file, 'god-module', {
        message: `${String(lines)} lines, ${String(names)} exports and ${String(ca)} importers: this module has too many responsibilities. Split it.`,
        range: FIRST_LINE,
      });
    }
  });
  if (check.isOn('unstable-dependency')) checkStability(check);
}

function checkStability(check: IsolationCheck): void {
  const { edges, incoming } = couplingCounts(check.graph);
  const couplings = moduleCouplings(check.graph);
  edges.modules.forEach((_, from) => {
    if ((incoming[from] ?? 0) < 5) return;
    const seen = new Set<number>();
    for (const edge of edges.leaving(from)) {
      if (edge.from === edge.to || seen.has(edge.to)) continue;
      seen.add(edge.to);
      checkDependency(check, edge, edges.modules, couplings);
    }
  });
}

function checkDependency(
  check: IsolationCheck,
  { from, to, request }: Edge,
  modules: readonly Module[],
  couplings: readonly Coupling[],
): void {
  const [one, other, module] = [couplings[from], couplings[to], modules[from]];
  if (!one || !other || !module || one.ca < 5 || other.instability < one.instability + 0.3) return;
  check.report(module.file, 'unstable-dependency', {
    message: `${String(one.ca)} modules depend on this module (instability ${one.instability.toFixed(2)}), but it depends on ${modules[to]?.file ?? ''} (${other.instability.toFixed(2)}), which is less stable. Invert the dependency, or move the shared code into a stable module.`,
    range: specifierRange(module.record, request),
  });
}

/** The value below which a share of non-negative integers lies. */
function percentile(values: Int32Array, share: number): number {
  const counts: number[] = [];
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  let left = Math.floor((values.length - 1) * share) + 1;
  for (let value = 0; value < counts.length; value++) {
    left -= counts[value] ?? 0;
    if (left <= 0) return value;
  }
  return 0;
}
