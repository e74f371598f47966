/**
 * Holds back changes in folders of installed packages until an installation or a generation has ended: one of thousands
 * of files is one change, and a half of it is none. Lives as long as the folder.
 */
import path from 'node:path';
import { anyOf, lockfile, packageManifest } from '../../workers/protocol/file-patterns.ts';
import { systemClock, type Clock } from '../clock.ts';
import { endsInstallation, installationOf } from '../engine/change-triggers.ts';
import type { FileChange } from '../journal.ts';

/** Time without such a change: after the last file that a package manager writes, and before it. */
const quietMs = { ended: 400, running: 1500 } as const;
/** What `npm install` of another package writes too. */
const writtenAtTheEnd = anyOf(lockfile, packageManifest);
/** Some tool may write there forever. */
const maxDelayMs = 60_000;

export class InstallationChanges {
  readonly #deliver: (changes: readonly FileChange[]) => void;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, FileChange>();
  #since = 0;
  /** What package managers write last has been written. */
  #isEnded = false;
  /** Declarations change without packages when a tool generates them; in an installation they tell nothing new. */
  readonly #declarations = new Map<string, FileChange>();
  #cancelTimer: () => void = () => {};
  #settled = Promise.withResolvers<void>();

  constructor(deliver: (changes: readonly FileChange[]) => void, clock: Clock = systemClock) {
    this.#deliver = deliver;
    this.#clock = clock;
    this.#settled.resolve();
  }

  /** Resolves when nothing is held back. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  /** @returns the other changes */
  take(changes: readonly FileChange[]): readonly FileChange[] {
    const others: FileChange[] = [];
    const own: FileChange[] = [];
    const isUnderWay = this.isWaiting || changes.some(({ file }) => installationOf(file) !== undefined);
    for (const change of changes) {
      const isWritten = isUnderWay && writtenAtTheEnd.test(path.posix.basename(change.file));
      const file = installationOf(change.file) ?? (isWritten ? change.file : undefined);
      if (file === undefined) others.push(change);
      else own.push({ file, kind: file === change.file ? change.kind : 'changed' });
    }
    if (own.length > 0) this.#add(own);
    return others;
  }

  dispose(): void {
    this.#cancelTimer();
    this.#settled.resolve();
  }

  /** Whether something is held back. */
  get isWaiting(): boolean {
    return this.#waiting.size + this.#declarations.size > 0;
  }

  #add(changes: readonly FileChange[]): void {
    if (!this.isWaiting) {
      this.#since = this.#clock.now();
      this.#isEnded = false;
      this.#settled = Promise.withResolvers();
    }
    for (const change of changes) {
      (isDeclaration(change.file) ? this.#declarations : this.#waiting).set(change.file, change);
      this.#isEnded ||= change.kind !== 'deleted' && endsInstallation(change.file);
    }
    this.#cancelTimer();
    const left = this.#since + maxDelayMs - this.#clock.now();
    const quiet = this.#isEnded || this.#waiting.size === 0 ? quietMs.ended : quietMs.running;
    const delay = Math.min(quiet, Math.max(0, left));
    this.#cancelTimer = this.#clock.after(delay, () => this.#flush());
  }

  #flush(): void {
    const changes = [...(this.#waiting.size > 0 ? this.#waiting : this.#declarations).values()];
    this.#waiting.clear();
    this.#declarations.clear();
    this.#deliver(changes);
    this.#settled.resolve();
  }
}

function isDeclaration(file: string): boolean {
  return /\.d\.[cm]?ts$/.test(file);
}
