/**
 * The current issues of one root, by file, detector and unit. Lives as long as its engine.
 *
 * Invariant: issues are replaced, never cleared first. The issues of a file stay until the unit that reported them reports
 * that file again, finishes without reporting it, or the file is deleted.
 * Invariant: a check that ends with an answer for a part of its unit leaves the last result in the rest of it, whatever
 * cancelled checks have reported in between.
 */
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import type { Revision } from '../journal.ts';
import { isConfiguration } from './change-triggers.ts';

type UnitKey = string;

export class IssueTable {
  readonly #issues = new Map<string, Map<UnitKey, readonly Issue[]>>();
  /** The files in which each unit has issues, for `finishUnit`. */
  readonly #units = new Map<UnitKey, Set<string>>();
  /** By unit and file: the issues of the unit's last result, where checks that have not ended since replaced them. */
  readonly #replaced = new Map<UnitKey, Map<string, readonly Issue[]>>();
  /** When a unit last lost issues because their file was deleted. */
  readonly #lostAt = new Map<UnitKey, Revision>();
  readonly #onChange: (file: string) => void;

  /** @param onChange called for a file whenever its merged issues change */
  constructor(onChange: (file: string) => void) {
    this.#onChange = onChange;
  }

  /** Sets all issues that a unit has in one file. */
  replace(detector: string, unit: string, file: string, issues: readonly Issue[]): void {
    const key = keyOf(detector, unit);
    const before = this.#issues.get(file)?.get(key) ?? [];
    if (equalIssues(before, issues)) return;
    if (issues.length === 0) this.#remove(key, file);
    else {
      ensure(this.#issues, file, () => new Map<UnitKey, readonly Issue[]>()).set(key, issues);
      ensure(this.#units, key, () => new Set<string>()).add(file);
    }
    this.#onChange(file);
  }

  /**
   * Sets all issues that a unit has in one file, as a running check reports them. They become a part of the unit's result
   * when the check ends: with {@link finishUnit} or {@link finishPart}.
   */
  report(detector: string, unit: string, file: string, issues: readonly Issue[]): void {
    const key = keyOf(detector, unit);
    const replaced = ensure(this.#replaced, key, () => new Map<string, readonly Issue[]>());
    if (!replaced.has(file)) replaced.set(file, this.#issues.get(file)?.get(key) ?? []);
    this.replace(detector, unit, file, issues);
  }

  /** The unit is finished: its issues in files that it did not report are out of date. */
  finishUnit(detector: string, unit: string, named: ReadonlySet<string>): void {
    const key = keyOf(detector, unit);
    this.#replaced.delete(key);
    for (const file of [...(this.#units.get(key) ?? [])]) {
      if (!named.has(file)) this.replace(detector, unit, file, []);
    }
  }

  /** A part of the unit is finished: its last result stands in files that it did not report. */
  finishPart(detector: string, unit: string, named: ReadonlySet<string>): void {
    const key = keyOf(detector, unit);
    const replaced = this.#replaced.get(key);
    this.#replaced.delete(key);
    for (const [file, issues] of replaced ?? []) if (!named.has(file)) this.replace(detector, unit, file, issues);
  }

  /** Whether the issues of a result are all there: no file in which the unit had some was deleted since. */
  holds(detector: string, unit: string, result: Revision): boolean {
    return result > (this.#lostAt.get(keyOf(detector, unit)) ?? -1);
  }

  dropUnit(detector: string, unit: string): void {
    this.finishUnit(detector, unit, new Set());
    this.#lostAt.delete(keyOf(detector, unit));
  }

  dropDetector(detector: string): void {
    const prefix = keyOf(detector, '');
    for (const key of [...this.#units.keys(), ...this.#replaced.keys(), ...this.#lostAt.keys()]) {
      if (key.startsWith(prefix)) this.dropUnit(detector, key.slice(prefix.length));
    }
  }

  /** Removes the issues of deleted files. @param revision of their deletion */
  dropFiles(isGone: (file: string) => boolean, revision: Revision): void {
    for (const [key, files] of this.#replaced) {
      for (const file of [...files.keys()].filter(isGone)) {
        files.delete(file);
        this.#lostAt.set(key, revision);
      }
    }
    for (const file of [...this.#issues.keys()].filter(isGone)) {
      for (const key of [...(this.#issues.get(file)?.keys() ?? [])]) {
        this.#remove(key, file);
        this.#lostAt.set(key, revision);
      }
      this.#onChange(file);
    }
  }

  issuesOfConfigurations(): readonly Issue[] {
    return this.files()
      .filter((file) => isConfiguration(file))
      .flatMap((file) => this.issuesOf(file));
  }

  /** Sorted issues of a file, without duplicates: a file may belong to two projects. */
  issuesOf(file: string): readonly Issue[] {
    const entries = this.#issues.get(file);
    if (!entries) return [];
    // What one project knows to be a fault of the code is no consequence of what another one lacks.
    const issues = [...entries.values()].flat().sort((a, b) => {
      return compareIssues(a, b) || compareText(a.cause?.key ?? '', b.cause?.key ?? '');
    });
    return issues.filter((issue, index) => index === 0 || compareIssues(issue, issues[index - 1] ?? issue) !== 0);
  }

  /** The issues of a unit, by file. */
  ofUnit(detector: string, unit: string): ReadonlyMap<string, readonly Issue[]> {
    const key = keyOf(detector, unit);
    const files = this.#units.get(key) ?? [];
    return new Map([...files].map((file) => [file, this.#issues.get(file)?.get(key) ?? []]));
  }

  files(): readonly string[] {
    return [...this.#issues.keys()].sort(compareText);
  }

  all(): readonly Issue[] {
    return this.files().flatMap((file) => this.issuesOf(file));
  }

  #remove(key: UnitKey, file: string): void {
    const entries = this.#issues.get(file);
    entries?.delete(key);
    if (entries?.size === 0) this.#issues.delete(file);
    const files = this.#units.get(key);
    files?.delete(file);
    if (files?.size === 0) this.#units.delete(key);
  }
}

/** By file, position, detector, rule, message: the order of every listing. */
export function compareIssues(a: Issue, b: Issue): number {
  return (
    compareText(a.file, b.file) ||
    a.range.start.line - b.range.start.line ||
    a.range.start.character - b.range.start.character ||
    compareText(a.detector, b.detector) ||
    compareText(a.rule, b.rule) ||
    compareText(a.message, b.message) ||
    a.range.end.line - b.range.end.line ||
    a.range.end.character - b.range.end.character
  );
}

function keyOf(detector: string, unit: string): UnitKey {
  return `${detector}\n${unit}`;
}

function equalIssues(a: readonly Issue[], b: readonly Issue[]): boolean {
  return a.length === b.length && (a.length === 0 || JSON.stringify(a) === JSON.stringify(b));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function ensure<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
