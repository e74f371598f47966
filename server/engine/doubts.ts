/**
 * Which answers are not the last word: what the change of another file has put in doubt, and what is to be confirmed.
 * Files tell with their answers what others can see of them (outlines), so that an edit that nobody can see concerns
 * nobody. Lives as long as its runner.
 *
 * Invariant: an answer is out of doubt only if it was asked for after the change, or if the outline of every changed
 * file that it may depend on is what it was when the answer was given.
 */
import type { InterfaceSignature, DependencyKind, Unit } from '../../workers/protocol/detector-protocol.ts';
import { isInput, isScript, type FileChange } from './change-triggers.ts';

/** Of what may import anything: after all whose way to the change is known. */
const far = 1_000_000;

const everyReach: readonly DependencyKind[] = ['types', 'modules', 'workspace'];

/** Files whose change concerns others in the same way. */
interface Source {
  readonly files: Set<string>;
  readonly reach: readonly DependencyKind[];
  readonly others: Others;
}

/** Whom a change concerns beside importers: nobody, whatever depends on types that are everywhere, or everything. */
type Others = 'none' | 'types' | 'all';

export class Doubts {
  #units: ReadonlyMap<string, Unit> = new Map();
  /** Units that depend on other files. */
  #wide = new Map<string, Unit>();
  readonly #outlines = new Map<string, InterfaceSignature>();
  /** Files that changed, and have not told since what others can see of them now. */
  readonly #changed = new Set<string>();
  /** Changed as well, but only in the editor: what is read from the disk has not changed yet. */
  readonly #unsaved = new Set<string>();
  /** Units in doubt, with the number of imports between them and the nearest change. */
  readonly #suspects = new Map<string, number>();
  /** Changes whose suspects are not named yet: a walk for all of them costs what a walk for one does. */
  readonly #sources = new Map<string, Source>();
  /** Among what is about to be suspected, whatever reads files itself needs a new process. */
  #modulesChanged = false;
  /** Units of which only what seemed to be concerned was answered for, or whose detector wants to be asked again. */
  readonly #unconfirmed = new Set<string>();
  /** Changed since the last session: what they were to others then is not known now. */
  readonly #strangers = new Set<string>();
  #importers: ReadonlyMap<string, readonly string[]> | undefined;
  #needsFresh = false;

  /** Some answer is in doubt, or may be. */
  get pending(): boolean {
    this.#spread();
    const isChanged = this.#changed.size > 0 && this.#wide.size > 0;
    return this.#suspects.size > 0 || this.#unconfirmed.size > 0 || isChanged;
  }

  /**
   * Modules import or export something else than before, came or went: rules that follow imports remember what they
   * read in ways that nobody can undo from outside, so that they need a new process.
   */
  get needsFresh(): boolean {
    this.#spread();
    return this.#needsFresh;
  }

  /** Units in doubt and units to be confirmed. */
  get doubtful(): Iterable<string> {
    this.#spread();
    return [...this.#suspects.keys(), ...this.#unconfirmed];
  }

  isInDoubt(id: string): boolean {
    this.#spread();
    if (this.#suspects.has(id) || this.#unconfirmed.has(id)) return true;
    return this.#changed.size > 0 && this.#units.get(id)?.dependsOn !== undefined;
  }

  /** A unit is no more. */
  dropped(id: string): void {
    this.#spread();
    this.#suspects.delete(id);
    this.#unconfirmed.delete(id);
    this.#wide.delete(id);
  }

  /** @param units stay its owner's, who takes out what is dropped */
  planned(units: ReadonlyMap<string, Unit>): void {
    this.#spread();
    this.#units = units;
    this.#wide = new Map([...units].filter(([, unit]) => unit.dependsOn !== undefined));
    for (const id of this.#suspects.keys()) if (!units.has(id)) this.#suspects.delete(id);
    for (const file of this.#outlines.keys()) if (!units.has(file)) this.#forget(file);
  }

  /** Everything is asked for again. What is to be confirmed may still have to be, after that. */
  reset(): void {
    this.#outlines.clear();
    this.#changed.clear();
    this.#unsaved.clear();
    this.#strangers.clear();
    this.#suspects.clear();
    this.#sources.clear();
    this.#modulesChanged = false;
    this.#importers = undefined;
    this.#needsFresh = false;
  }

  changed(changes: readonly FileChange[]): void {
    if (this.#wide.size === 0) return;
    for (const { file, kind } of changes) {
      if (kind === 'changed' && this.#units.get(file)?.needsSignature === true) this.#changed.add(file);
      else if (kind === 'changed' ? isScript(file) : isInput(file)) this.#concerns(file, everyReach, 'all');
      else this.#concerns(file, everyReach);
    }
    // By the imports that there were before: those of what changed are about to be told anew.
    this.#spread();
    if (changes.some(({ kind }) => kind !== 'changed')) {
      this.#needsFresh ||= [...this.#wide.values()].some(readsFiles);
    }
  }

  /** @param ofDisk the answer is about the file as it is saved */
  learned(file: string, outline: InterfaceSignature | undefined, ofDisk: boolean): void {
    const before = this.#outlines.get(file);
    const changed = this.#changed.delete(file) || (ofDisk && this.#unsaved.has(file));
    // Whatever imports it was asked for with it.
    const reachesOthers = this.#strangers.delete(file) && outline?.global !== undefined;
    if (outline === undefined) this.#forget(file);
    if (reachesOthers || (outline === undefined && changed)) this.#concerns(file, everyReach, 'all');
    if (outline === undefined) return;
    // Until it is saved, rules that read files themselves see the old one.
    const modules = ofDisk ? outline.modules : (before?.modules ?? '');
    const sameImports = JSON.stringify(before?.imports) === JSON.stringify(outline.imports);
    this.#outlines.set(file, { ...outline, modules });
    if (!sameImports) this.#importers = undefined;
    if (ofDisk) this.#unsaved.delete(file);
    else this.#unsaved.add(file);
    if (!changed) return;
    const reach: DependencyKind[] = ofDisk ? ['workspace'] : [];
    if (before?.types !== outline.types || before.global !== outline.global) reach.push('types');
    if (before?.modules !== modules) reach.push('modules');
    this.#concerns(file, reach, before?.global === true || outline.global === true ? 'types' : 'none');
    if (!reach.includes('modules')) return;
    const own = this.#units.get(file);
    if (own && readsFiles(own)) this.#suspect(file, 0);
    this.#modulesChanged = true;
  }

  /** What was kept of the last session. */
  recalled(file: string, outline: InterfaceSignature): void {
    this.#outlines.set(file, outline);
    this.#importers = undefined;
  }

  /** Its content is not that of the last session, from which answers of others were recalled. */
  unknown(file: string): void {
    if (this.#units.get(file)?.needsSignature === true) this.#strangers.add(file);
  }

  /** Nothing more is in work: files that have not told anything may have changed in any way. */
  settle(): void {
    for (const file of this.#changed) this.#concerns(file, everyReach, 'all');
    this.#changed.clear();
  }

  /** Units to be confirmed; they stay so until they are {@link confirmed}. */
  get unconfirmed(): readonly Unit[] {
    return [...this.#unconfirmed].flatMap((id) => this.#units.get(id) ?? []);
  }

  /** Its answer is not for all of it, or not the last word. */
  confirmLater(id: string): void {
    this.#unconfirmed.add(id);
  }

  confirmed(id: string): void {
    this.#unconfirmed.delete(id);
  }

  /** Takes units out of doubt because they are asked for now: nearest first. @param isNear only these, by distance */
  take(isNear: (unit: Unit, distance: number) => boolean = () => true): readonly Unit[] {
    this.#spread();
    const taken = [...this.#suspects]
      .sort(([, one], [, other]) => one - other)
      .flatMap(([id, distance]) => {
        const unit = this.#units.get(id);
        return unit && isNear(unit, distance) ? [unit] : [];
      });
    for (const { id } of taken) this.#suspects.delete(id);
    return taken;
  }

  /** Asked for anyway. */
  asked(id: string): void {
    this.#spread();
    // Its process may remember what is no longer so.
    if (!this.#needsFresh) this.#suspects.delete(id);
  }

  /** All processes are new. */
  refreshed(): void {
    this.#needsFresh = false;
  }

  /** Asked for, but not answered. */
  again(unit: Unit): void {
    this.#suspect(unit.id, far);
  }

  outlineOf(file: string): InterfaceSignature | undefined {
    // What is only in the editor is not for the next session.
    return this.#unsaved.has(file) ? undefined : this.#outlines.get(file);
  }

  #forget(file: string): void {
    this.#outlines.delete(file);
    this.#importers = undefined;
  }

  #concerns(file: string, reach: readonly DependencyKind[], others: Others = 'none'): void {
    if (reach.length === 0) return;
    const key = `${others} ${reach.join(' ')}`;
    const source = this.#sources.get(key) ?? { files: new Set(), reach, others };
    this.#sources.set(key, source);
    source.files.add(file);
  }

  /** Names the suspects of what has changed since this was done last. */
  #spread(): void {
    for (const { files, reach, others } of this.#sources.values()) {
      const concerns = (unit: Unit): boolean => unit.dependsOn?.some((one) => reach.includes(one)) === true;
      if (reach.includes('types') || reach.includes('modules')) {
        for (const [importer, distance] of this.#distances(files)) {
          const unit = this.#units.get(importer);
          if (unit && concerns(unit)) this.#suspect(importer, distance);
        }
      }
      for (const unit of this.#wide.values()) {
        const { dependsOn: own = [] } = unit;
        const byWorkspace = reach.includes('workspace') && own.includes('workspace');
        const byTypes = others === 'types' && reach.includes('types') && own.includes('types');
        // Nothing is in doubt on account of itself.
        const isOther = files.size > 1 || !files.has(unit.file);
        if (isOther && (others === 'all' || byWorkspace || byTypes)) this.#suspect(unit.id, far);
      }
    }
    this.#sources.clear();
    if (this.#modulesChanged)
      this.#needsFresh ||= [...this.#suspects.keys()].some((id) => readsFiles(this.#units.get(id)));
    this.#modulesChanged = false;
  }

  #suspect(id: string, distance: number): void {
    if (!this.#units.has(id)) return;
    this.#suspects.set(id, Math.min(distance, this.#suspects.get(id) ?? distance));
  }

  /**
   * The files that import one of these, directly or not, and those of which nobody knows what they import. One of these
   * is among them if it imports another; a single one is not, whatever circle it is in.
   */
  #distances(files: ReadonlySet<string>): ReadonlyMap<string, number> {
    const importers = (this.#importers ??= this.#importersOf());
    const distances = new Map<string, number>();
    const walked = new Set(files);
    const visit = (level: readonly string[], distance: number): void => {
      for (let next = level; next.length > 0; distance += 1) {
        const above: string[] = [];
        for (const importer of next.flatMap((file) => importers.get(file) ?? [])) {
          if (!distances.has(importer)) distances.set(importer, distance);
          if (walked.has(importer)) continue;
          walked.add(importer);
          above.push(importer);
        }
        next = above;
      }
    };
    visit([...files], 1);
    const opaque = importers.get('') ?? [];
    for (const file of opaque) if (!distances.has(file)) distances.set(file, far);
    const rest = opaque.filter((file) => !walked.has(file));
    for (const file of rest) walked.add(file);
    visit(rest, far + 1);
    if (files.size === 1) for (const file of files) distances.delete(file);
    return distances;
  }

  /** By file; under the empty name those that may import anything. */
  #importersOf(): ReadonlyMap<string, readonly string[]> {
    const importers = new Map<string, string[]>();
    const add = (file: string, importer: string): void => {
      const known = importers.get(file);
      if (known) known.push(importer);
      else importers.set(file, [importer]);
    };
    const opaque = new Set<string>();
    for (const [file, { imports }] of this.#outlines) {
      if (imports === undefined) opaque.add(file);
      for (const target of imports ?? []) {
        add(target, file);
        if (isScript(target) && !this.#outlines.has(target)) opaque.add(target);
      }
    }
    for (const { file } of this.#wide.values()) if (!this.#outlines.has(file)) opaque.add(file);
    importers.set('', [...opaque]);
    return importers;
  }
}

function readsFiles(unit: Unit | undefined): boolean {
  return unit?.dependsOn?.some((one) => one !== 'types') === true;
}
