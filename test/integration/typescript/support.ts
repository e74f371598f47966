/** Workspaces made for a test, and `tsc` to compare with. A workspace lives as long as its test file. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CheckRequest, CheckResult, DetectorOptions, Unit } from '../../../workers/protocol/detector-protocol.ts';
import { differenceOf, lineOf, runTsc, sortedSet } from '../../support/typescript-oracle.ts';
import { compilerFor } from '../../../workers/detectors/typescript/compiler.ts';
import { detector } from '../../../workers/detectors/typescript/index.ts';
import { runDetector, type DetectorRun } from '../../support/run-detector.ts';

/** Packages of this repository by the name a test gives them. */
export const VERSIONS = {
  'TypeScript 5.9': 'typescript5',
  'TypeScript 6.0': 'typescript',
  'TypeScript 7.0': 'typescript7',
} as const;

export type Version = keyof typeof VERSIONS;

export const versions = Object.keys(VERSIONS) as readonly Version[];

export type Files = Readonly<Record<string, string | Buffer>>;

export interface Workspace {
  readonly root: string;
  write(files: Files): Promise<void>;
  remove(file: string): Promise<void>;
}

const made: string[] = [];

/** @param version absent: no TypeScript of its own */
export async function makeWorkspace(files: Files, version?: Version, name = 'w'): Promise<Workspace> {
  const parent = await realpath(await mkdtemp(path.join(tmpdir(), 'bulkhead-typescript-')));
  made.push(parent);
  const root = path.join(parent, name);
  const write = async (more: Files): Promise<void> => {
    for (const [file, text] of Object.entries(more)) {
      await mkdir(path.dirname(path.join(root, file)), { recursive: true });
      await writeFile(path.join(root, file), text);
    }
  };
  await mkdir(root);
  await write(files);
  if (version) {
    await mkdir(path.join(root, 'node_modules'), { recursive: true });
    const target = path.resolve(import.meta.dirname, '../../../node_modules', VERSIONS[version]);
    await symlink(target, path.join(root, 'node_modules/typescript'), 'junction');
  }
  return { root, write, remove: (file) => rm(path.join(root, file), { recursive: true }) };
}

/** For `after` of every test file: ends TypeScript's processes and removes what was made. */
export async function cleanUp(): Promise<void> {
  await detector.dispose?.();
  for (const folder of made.splice(0)) await rm(folder, { recursive: true, force: true });
}

export type Extra = Partial<
  Pick<
    CheckRequest,
    'overlays' | 'first' | 'changed' | 'units' | 'revision' | 'since' | 'revalidate' | 'allowProvisional' | 'notes'
  >
> & { signal?: AbortSignal; onDone?: () => void };

export function run(workspace: Workspace, options: DetectorOptions = {}, extra: Extra = {}): Promise<DetectorRun> {
  return runDetector(detector, workspace.root, options, extra);
}

/** What a run says of each unit, as lines to compare. */
export function linesByUnit(found: DetectorRun): ReadonlyMap<string, readonly string[]> {
  return new Map([...linesByFile(found)].map(([unit, files]) => [unit, sortedSet([...files.values()].flat())]));
}

function linesByFile({ plan, events }: DetectorRun): ReadonlyMap<string, ReadonlyMap<string, readonly string[]>> {
  const open = new Map<string, string[]>();
  const settled = new Map(plan.units.map(({ id }) => [id, new Map<string, readonly string[]>()]));
  for (const event of events) {
    if (event.kind !== 'begin' && event.kind !== 'issues' && event.kind !== 'done') continue;
    const key = `${event.unit}\n${event.file}`;
    if (event.kind === 'begin') open.set(key, []);
    // Not every compiler says what it begins with.
    if (event.kind === 'issues') open.set(key, [...(open.get(key) ?? []), ...event.issues.map(lineOf)]);
    if (event.kind !== 'done') continue;
    settled.get(event.unit)?.set(event.file, open.get(key) ?? []);
    open.delete(key);
  }
  return settled;
}

/**
 * Asks as the engine does: says what it knows, keeps what was not named again, and may confirm. Lives as long as its
 * test.
 */
export class Asker {
  readonly #workspace: Workspace;
  readonly #options: DetectorOptions;
  #revision = 0;
  #since: Readonly<Record<string, number>> | undefined;
  /** By unit and file. */
  readonly #lines = new Map<string, Map<string, readonly string[]>>();

  constructor(workspace: Workspace, options: DetectorOptions = {}) {
    this.#workspace = workspace;
    this.#options = options;
  }

  /** @returns files that were answered for, sorted; and what was kept */
  async ask(extra: Extra = {}): Promise<{ files: readonly string[]; kept: NonNullable<CheckResult['coverage']> }> {
    this.#revision += 1;
    const known = extra.changed !== undefined && this.#since ? { since: this.#since } : {};
    const asked = { revision: this.#revision, ...known, ...extra };
    const found = await run(this.#workspace, this.#options, asked);
    assert.deepEqual(found.problems, []);
    const kept = found.result?.coverage ?? {};
    for (const [unit, lines] of linesByFile(found)) {
      if (kept[unit] === undefined) this.#lines.set(unit, new Map());
      for (const [file, own] of lines) this.#lines.get(unit)?.set(file, own);
    }
    this.#since = Object.fromEntries(found.plan.units.map(({ id }) => [id, this.#revision]));
    const done = found.events.flatMap((event) => (event.kind === 'done' ? [event.file] : []));
    return { files: sortedSet(done), kept };
  }

  /** What is left to do at leisure. */
  confirm(extra: Extra = {}): ReturnType<Asker['ask']> {
    return this.ask({ changed: [], revalidate: true, ...extra });
  }

  linesOf(unit: string): readonly string[] {
    return sortedSet([...(this.#lines.get(unit)?.values() ?? [])].flat());
  }
}

export interface Compared {
  /** Codes of the issues, sorted, each once: that the comparison was of something. */
  readonly codes: readonly string[];
  readonly lines: readonly string[];
}

/**
 * Holds a run against `tsc -p <unit> --noEmit` of the same version, unit by unit.
 * @param oracle the workspace `tsc` runs in, where it is another one than that of the run
 */
export async function assertSameAsTsc(
  workspace: Workspace,
  given?: DetectorRun,
  oracle: Workspace = workspace,
): Promise<Compared> {
  const found = given ?? (await run(workspace));
  const all: string[] = [];
  for (const [unit, ours] of linesByUnit(found)) {
    const tsc = await tscOf(oracle, unit);
    assert.deepEqual(ours, tsc, `${unit} in ${workspace.root}`);
    all.push(...ours);
  }
  assert.deepEqual(found.problems, []);
  return { codes: codesOf(all), lines: all };
}

/** As {@link assertSameAsTsc}, where `tsc` stops before it checks types: it must say nothing that we do not. */
export async function assertMoreThanTsc(workspace: Workspace, given?: DetectorRun): Promise<Compared> {
  const found = given ?? (await run(workspace));
  const all: string[] = [];
  for (const [unit, ours] of linesByUnit(found)) {
    const tsc = await tscOf(workspace, unit);
    assert.deepEqual(differenceOf(ours, tsc).missing, [], `${unit} in ${workspace.root}`);
    all.push(...ours);
  }
  return { codes: codesOf(all), lines: all };
}

export async function tscOf({ root }: Workspace, unit: string, args?: readonly string[]): Promise<readonly string[]> {
  const engine = await compilerFor(path.dirname(path.join(root, unit)), 'auto');
  return (await runTsc(engine, root, unit, args ?? ['-p', unit, '--noEmit'])).lines;
}

export function codesOf(lines: readonly string[]): readonly string[] {
  return sortedSet(lines.map((line) => / (TS\d+): /.exec(line)?.[1] ?? line));
}

export function unitsNamed({ plan }: DetectorRun): readonly string[] {
  return plan.units.map(({ id }: Unit) => id);
}

/** A tsconfig with settings that mean the same in all versions. */
export function config(
  options: Readonly<Record<string, unknown>> = {},
  rest: Readonly<Record<string, unknown>> = {},
): string {
  const compilerOptions = {
    target: 'es2022',
    module: 'preserve',
    lib: ['es2022'],
    strict: true,
    types: [],
    skipLibCheck: true,
    ...options,
  };
  return JSON.stringify({ compilerOptions, ...rest }, undefined, 2);
}
