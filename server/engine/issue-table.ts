/**
 * The current issues of one root, by file, detector and unit. Lives as long as its engine.
 *
 * Invariant: issues are replaced, never cleared first. The issues of a file stay until the unit that reported them reports
 * that file again, finishes without reporting it, or the file is deleted.
 */
import type { Issue } from '../../workers/protocol/detector-protocol.ts';

type UnitKey = string;

export class IssueTable {
  readonly #issues = new Map<string, Map<UnitKey, readonly Issue[]>>();
  /** The files in which each unit has issues, for `finishUnit`. */
  readonly #units = new Map<UnitKey, Set<string>>();
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

  /** The unit is finished: its issues in files that it did not report are out of date. */
  finishUnit(detector: string, unit: string, named: ReadonlySet<string>): void {
    for (const file of [...(this.#units.get(keyOf(detector, unit)) ?? [])]) {
      if (!named.has(file)) this.replace(detector, unit, file, []);
    }
  }

  dropUnit(detector: string, unit: string): void {
    this.finishUnit(detector, unit, new Set());
  }

  dropDetector(detector: string): void {
    const prefix = keyOf(detector, '');
    for (const key of [...this.#units.keys()]) {
      if (key.startsWith(prefix)) this.dropUnit(detector, key.slice(prefix.length));
    }
  }

  /** Removes the issues of deleted files. */
  dropFiles(isGone: (file: string) => boolean): void {
    for (const file of [...this.#issues.keys()].filter(isGone)) {
      for (const key of [...(this.#issues.get(file)?.keys() ?? [])]) this.#remove(key, file);
      this.#onChange(file);
    }
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
