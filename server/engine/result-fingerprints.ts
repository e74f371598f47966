/**
 * What a plan or a unit's answer was made from, as one hash. Equal fingerprints mean: the answer still holds.
 * Stateless; `docs/architecture.md` lists what is in them.
 */
import type { DetectorOptions, PlanResult, Unit } from '../../workers/protocol/detector-protocol.ts';
import type { Store } from '../store/store.ts';
import { version } from '../version.ts';
import { Closures, type KnownSignature } from './closures.ts';
import { hashLines, type Inputs } from './inputs.ts';
import { changeTriggersOf } from './change-triggers.ts';

/** Who answered, and in what state of the folder. */
export interface Fingerprinted {
  readonly root: string;
  readonly store: Pick<Store, 'hashInputs'>;
  readonly detector: string;
  readonly options: DetectorOptions;
  readonly plan: PlanResult;
  readonly inputs: Inputs;
}

/** By unit. @param signatures by file, of the same detector */
export async function unitFingerprints(
  made: Fingerprinted,
  units: readonly Unit[],
  signatures: ReadonlyMap<string, KnownSignature>,
): Promise<ReadonlyMap<string, string>> {
  const { root, store, detector, inputs } = made;
  const base = await environmentOf(made);
  const closures = new Closures(inputs, signatures);
  const unknown = units.flatMap(({ file }) => (inputs.files.get(file) ? [] : [file]));
  const more = await store.hashInputs(root, unknown);
  return new Map(
    units.map((unit) => {
      const own = inputs.files.get(unit.file) || more.get(unit.file) || '';
      const lines = [base, `unit ${unit.id} ${unit.group} ${own}`];
      if (dependsOnOthers(detector, unit))
        lines.push((isBounded(unit) ? closures.hashOf(unit.file) : undefined) ?? inputs.tree());
      return [unit.id, hashLines(lines)];
    }),
  );
}

export async function planFingerprint(made: Fingerprinted): Promise<string> {
  return hashLines([await environmentOf(made), made.inputs.names()]);
}

/** The answer may depend on any file: projects, graphs, and files that are checked with type information. */
export function dependsOnOthers(detector: string, unit: Unit): boolean {
  const { kind, lane, dependsOn } = unit;
  return (
    changeTriggersOf(detector).invalidates === 'all' || kind !== 'file' || lane === 'heavy' || dependsOn !== undefined
  );
}

/** The answer depends on other files only through imports, and on types that are everywhere. */
function isBounded({ kind, dependsOn }: Unit): boolean {
  return kind === 'file' && dependsOn !== undefined && !dependsOn.includes('workspace');
}

/** All but the sources: who asks, which version of what, under which configuration. */
async function environmentOf({ root, store, detector, options, plan, inputs }: Fingerprinted): Promise<string> {
  const unknown = [...new Set(plan.configFiles)].filter((file) => !inputs.files.get(file));
  const more = await store.hashInputs(root, unknown);
  const named = [...new Set(plan.configFiles)].flatMap((file) => {
    const hash = inputs.files.get(file) || more.get(file);
    return hash ? [`named ${file} ${hash}`] : [];
  });
  return hashLines([
    `bulkhead ${version} ${process.platform} ${process.arch} node ${process.version}`,
    `detector ${detector} ${plan.engine ?? ''}`,
    `options ${JSON.stringify(options)}`,
    `flat ${process.env['ESLINT_USE_FLAT_CONFIG'] ?? ''}`,
    `installed ${inputs.installed}`,
    ...inputs.configurations.map(([file, hash]) => `config ${file} ${hash}`),
    ...named,
  ]);
}
