/** The base of the graph detectors: severities of rules, fixes, and the reporting of findings. */
import { createRequire } from 'node:module';
import path from 'node:path';
import type { CheckContext, Detector, PlanContext } from '../protocol/detector.ts';
import { walkFiles } from '../protocol/files.ts';
import type { RuleSeverity } from '../protocol/manifest.ts';
import type {
  CheckRequest,
  CheckResult,
  DetectorOptions,
  Finding,
  Fix,
  PlanRequest,
  PlanResult,
  Unit,
} from '../protocol/detector-protocol.ts';
import { onePerFact, type PlaceFinding } from './facts.ts';
import { graphOf, type Module, type ModuleGraph } from './index.ts';
import type { RuleSeverities } from '../runtime/rule-options.ts';
import { suppress } from '../runtime/suppression.ts';
import { commentStarts, isModuleFile, rangeIn, recordHash, type ModuleRecord, type ModuleRequest } from './record.ts';

export type { RuleSeverity } from '../protocol/manifest.ts';
export { ignoredFiles, severitiesOf, stringsOf, type RuleSeverities } from '../runtime/rule-options.ts';

/** Replaces the specifier between the quotes. */
export function specifierFix(
  { record }: Module,
  { specifierStart, specifierEnd }: ModuleRequest,
  specifier: string,
  kind: Fix['kind'],
  title: string,
): Fix {
  const range = rangeIn(record, specifierStart + 1, specifierEnd - 1);
  return { title, kind, edits: [{ range, newText: specifier }] };
}

/** Collects findings by file. */
export class Findings {
  readonly #byFile = new Map<string, PlaceFinding[]>();

  /** Ignores findings whose severity is `off`. */
  add(file: string, severity: RuleSeverity, finding: Omit<PlaceFinding, 'severity'>): void {
    if (severity === 'off') return;
    const complete: PlaceFinding = { ...finding, severity };
    const list = this.#byFile.get(file);
    if (list) list.push(complete);
    else this.#byFile.set(file, [complete]);
  }

  get byFile(): ReadonlyMap<string, readonly PlaceFinding[]> {
    return this.#byFile;
  }
}

export interface GraphDetector {
  readonly name: string;
  readonly version: string;
  /** Its rules and their default severities; suppression comments may name them. */
  readonly rules: RuleSeverities<string>;
  /**
   * Synchronous, so that no other detector can update the graph meanwhile. Reads texts of the graph, has no other
   * effect.
   */
  readonly findings: (graph: ModuleGraph, options: DetectorOptions) => ReadonlyMap<string, readonly Finding[]>;
}

/** A detector whose only unit is the whole graph. */
export function graphDetector({ name, version, rules, findings }: GraphDetector): Detector {
  const reported = new Map<string, ReadonlySet<string>>();
  return {
    name,
    version,
    plan: planGraph,
    async check(request: CheckRequest, context: CheckContext): Promise<CheckResult> {
      const started = performance.now();
      const unit = request.units[0];
      if (!unit) return { durationMs: 0, files: 0, issues: 0 };
      const { root, overlays, changed } = request;
      context.begin(unit, unit.file);
      const graph = await graphOf(root, { overlays, changed, signal: context.signal });
      context.signal.throwIfAborted();
      const loaded = performance.now();
      // A fact whose place is suppressed is reported at the next one.
      const found = onePerFact(withoutSuppressed(graph, name, rules, findings(graph, request.options)));
      const searched = performance.now();
      let issues = 0;
      for (const file of inOrder(found.keys(), request.first)) {
        context.signal.throwIfAborted();
        const list = found.get(file) ?? [];
        issues += list.length;
        context.report(unit, file, list);
        await context.done(unit, file);
      }
      for (const file of reported.get(root) ?? []) if (!found.has(file)) await context.done(unit, file);
      reported.set(root, new Set(found.keys()));
      return {
        durationMs: performance.now() - started,
        files: graph.modules.size,
        issues,
        timings: { graph: loaded - started, rules: searched - loaded },
      };
    },
  };
}

/**
 * Applies suppression comments; also to files without findings, because a comment that suppresses nothing is a finding.
 */
function withoutSuppressed(
  graph: ModuleGraph,
  detector: string,
  rules: RuleSeverities<string>,
  found: ReadonlyMap<string, readonly Finding[]>,
): ReadonlyMap<string, readonly Finding[]> {
  const remaining = new Map(found);
  for (const [file, { record }] of graph.modules) {
    if (!record.suppresses) continue;
    const text = graph.textOf(file) ?? '';
    const starts = commentsOf(file, text, record);
    const isComment = starts && ((offset: number): boolean => starts.has(offset));
    const owns = (rule: string): boolean => Object.hasOwn(rules, rule);
    const { findings } = suppress(text, detector, found.get(file) ?? [], owns, isComment);
    if (findings.length > 0) remaining.set(file, findings);
    else remaining.delete(file);
  }
  return remaining;
}

/** Parsed once per text: four detectors need it after every edit. */
function commentsOf(file: string, text: string, record: ModuleRecord): ReadonlySet<number> | undefined {
  const known = comments.get(record);
  if (known) return known.starts;
  const starts = commentStarts(file, text);
  if (recordHash(text) === record.hash) comments.set(record, { starts });
  return starts;
}

const comments = new WeakMap<ModuleRecord, { readonly starts: ReadonlySet<number> | undefined }>();

const UNIT_ID = 'graph';

/** Files outside the graph that affect its results. */
const CONFIG_FILES = [
  'package.json', 'package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'pnpm-lock.yaml', 'bun.lock', 'bun.lockb',
  'pnpm-workspace.yaml', 'lerna.json', 'tsconfig.json', 'jsconfig.json', '.pnp.cjs', '.pnp.data.json',
]; // prettier-ignore

async function planGraph({ root }: PlanRequest, { signal }: PlanContext): Promise<PlanResult> {
  let something: string | undefined;
  const accept = (name: string): boolean => name === 'package.json' || isModuleFile(name);
  for await (const file of walkFiles(root, { accept, signal })) {
    something = file;
    if (path.posix.basename(file) === 'package.json') break;
    if (file.includes('/')) break;
  }
  const base = { problems: [], configFiles: CONFIG_FILES, engine: engineName() };
  if (something === undefined) {
    return { ...base, status: 'not-applicable', note: 'This folder has no JavaScript or TypeScript files.', units: [] };
  }
  const unit: Unit = {
    id: UNIT_ID,
    kind: 'graph',
    group: 'graph',
    file: something === 'package.json' ? something : '.',
  };
  return { ...base, status: 'ready', units: [unit] };
}

function inOrder(files: Iterable<string>, first: readonly string[]): readonly string[] {
  const left = new Set([...files].sort());
  const wanted = first.filter((file) => left.delete(file));
  return [...new Set(wanted), ...left];
}

/** The parser and the resolver with their versions, because results depend on both. */
function engineName(): string {
  return ['oxc-parser', 'oxc-resolver'].map((name) => `${name} ${versionOf(name)}`).join(', ');
}

function versionOf(name: string): string {
  const manifest: unknown = createRequire(import.meta.url)(`${name}/package.json`);
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : '';
}
