/**
 * Hashes of everything that a plan or a unit's result was made from. With an equal fingerprint the result is still valid.
 * Stateless; `docs/architecture.md` lists what a fingerprint contains.
 */
import type { DetectorOptions, PlanResult, Unit } from '../../workers/protocol/detector-protocol.ts';
import type { Store } from '../store/store.ts';
import { version } from '../version.ts';
import { Closures, type KnownSignature } from './closures.ts';
import { hashLines, type Inputs } from './inputs.ts';
import { changeTriggersOf } from './change-triggers.ts';
import { ReadFiles, type StoredReads } from './reads.ts';

/** What the fingerprints of one detector have in common. */
export interface FingerprintInput {
  readonly root: string;
  readonly store: Pick<Store, 'hashInputs'>;
  readonly detector: string;
  readonly options: DetectorOptions;
  readonly plan: PlanResult;
  readonly inputs: Inputs;
}

/** What is known of the units of one detector. */
export interface KnownDependencies {
  /** By file. */
  readonly signatures: ReadonlyMap<string, KnownSignature>;
  /** By unit, as long as the same files exist. */
  readonly reads: ReadonlyMap<string, StoredReads>;
}

/** @returns the fingerprints, by id of the unit */
export async function unitFingerprints(
  source: FingerprintInput,
  units: readonly Unit[],
  { signatures, reads }: KnownDependencies,
): Promise<ReadonlyMap<string, string>> {
  const { root, store, detector, options, inputs } = source;
  const base = await environmentOf(source);
  const closures = new Closures(inputs, signatures);
  const readFiles = new ReadFiles(inputs);
  const others = units.flatMap(({ id, file }) => [file, ...(reads.get(id)?.others ?? [])]);
  const unknown = [...new Set(others)].filter((file) => !inputs.files.get(file));
  const more = await store.hashInputs(root, unknown);
  return new Map(
    units.map((unit) => {
      const own = inputs.files.get(unit.file) || more.get(unit.file) || '';
      const lines = [base, `unit ${unit.id} ${unit.group} ${own}`];
      const read = reads.get(unit.id);
      // A file that comes or goes may change what imports mean.
      if (read) lines.push(`names ${inputs.inputNames()}`, `reads ${readFiles.hashOf(read, more)}`);
      else if (dependsOnOthers(detector, options, unit))
        lines.push((isBounded(unit) ? closures.hashOf(unit.file) : undefined) ?? inputs.tree());
      return [unit.id, hashLines(lines)];
    }),
  );
}

export async function planFingerprint(source: FingerprintInput): Promise<string> {
  return hashLines([await environmentOf(source), source.inputs.names()]);
}

/** Whether the result may depend on any file: projects, graphs, and files that are linted with type information. */
export function dependsOnOthers(detector: string, options: DetectorOptions, unit: Unit): boolean {
  const { kind, lane, dependsOn } = unit;
  return (
    changeTriggersOf(detector, options).invalidates === 'all' ||
    kind !== 'file' ||
    lane === 'heavy' ||
    dependsOn !== undefined
  );
}

/** Whether the result depends on other files only through imports and global types. */
function isBounded({ kind, dependsOn }: Unit): boolean {
  return kind === 'file' && dependsOn !== undefined && !dependsOn.includes('workspace');
}

/** Everything except sources: versions, options, configurations and installed packages. */
async function environmentOf({ root, store, detector, options, plan, inputs }: FingerprintInput): Promise<string> {
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
