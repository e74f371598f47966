/**
 * When an answer may be given: it compares the folder with the disk before each one, waits for what that starts, and says
 * what is known if it takes too long. Lives as long as the server.
 *
 * Invariant: `complete` and `incomplete` describe the disk at a moment after the question was asked.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import { isBusy, isIncomplete, isSettled, type DetectorStatus } from '../engine/status.ts';
import type { Folder } from '../folder/folder.ts';

/** The part of a folder that answers are made from. */
export type AnalysedFolder = Pick<
  Folder,
  'compare' | 'idle' | 'issues' | 'status' | 'quarantined' | 'content' | 'generation' | 'busy' | 'unsaved'
>;

/**
 * `complete`: these are all the issues of what is on disk. `incomplete`: they are of what is on disk, but some may be missing.
 * `confirming`: every change is analysed, and files that it is not known to concern are checked once more. `running`: issues may
 * be from before a change.
 */
export type State = 'complete' | 'incomplete' | 'confirming' | 'running';

/** Why issues may be missing. */
export interface Gap {
  /** The detector, or `quarantine`. */
  readonly what: string;
  readonly why: string;
}

export interface Freshness {
  readonly state: State;
  /** Hash of the content of the folder that the issues are of; absent: they may be of several. */
  readonly content?: string;
  /** Increases with every change that was noticed. */
  readonly revision: number;
  /** Detectors that have not finished. */
  readonly running: readonly string[];
  readonly gaps: readonly Gap[];
  /** Number of files that count as a text which is not on disk. Absent: none. */
  readonly unsaved?: number;
}

/** All issues, at one moment. */
export interface Answerable extends Freshness {
  readonly issues: readonly Issue[];
}

const notCompared: Gap = { what: 'disk', why: 'The folder cannot be compared with the disk: see bulkhead doctor.' };

/** Nothing is known. */
export const notYet: Answerable = { state: 'running', revision: 0, running: [], gaps: [], issues: [] };

/** Characters of the hash that are shown. */
const CONTENT_LENGTH = 12;

export async function answerable(
  opening: Promise<AnalysedFolder>,
  waitMs: number,
  signal: AbortSignal,
): Promise<Answerable> {
  const limit = new AbortController();
  const stop = AbortSignal.any([signal, limit.signal]);
  const timeout = sleep(waitMs, undefined, { signal: stop }).catch(() => undefined);
  try {
    const folder = await Promise.race([opening, timeout]);
    signal.throwIfAborted();
    if (!folder) return notYet;
    const confirmed = await Promise.race([isConfirmed(folder, stop), timeout]);
    signal.throwIfAborted();
    return stateOf(folder, confirmed === true);
  } finally {
    limit.abort();
  }
}

/** Resolves when what is known is all there is to say about the disk. */
async function isConfirmed(folder: AnalysedFolder, stop: AbortSignal): Promise<boolean> {
  while (!stop.aborted) {
    // First of all, so that changes which nobody reported are analysed meanwhile.
    if (await folder.compare()) return true;
    await folder.idle();
    await sleep(1);
  }
  return false;
}

function stateOf(folder: AnalysedFolder, confirmed: boolean): Answerable {
  const status = folder.status();
  const running = status.filter(({ state }) => !isSettled(state)).map(({ name }) => name);
  const { content, unsaved } = folder;
  const known = {
    revision: folder.generation,
    issues: folder.issues(),
    gaps: gapsOf(folder, status),
    ...(unsaved === 0 ? {} : { unsaved }),
  };
  if (confirmed && running.length === 0 && content !== undefined)
    return { ...known, state: known.gaps.length === 0 ? 'complete' : 'incomplete', content: content.slice(0, CONTENT_LENGTH), running }; // prettier-ignore
  // Comparing takes storage.
  if (confirmed) return { ...known, state: 'running', running, gaps: [...known.gaps, notCompared] };
  const isChecked = status.length > 0 && !status.some(({ state }) => isBusy(state));
  return { ...known, state: isChecked ? 'confirming' : 'running', running };
}

function gapsOf({ quarantined }: AnalysedFolder, status: readonly DetectorStatus[]): readonly Gap[] {
  const ofDetectors = status.flatMap(({ name, state, error, note, problems, stale = 0 }): readonly Gap[] => {
    if (isIncomplete(state)) return [{ what: name, why: `${state}: ${error ?? note ?? 'answers are missing'}` }];
    if (state === 'restricted') return [{ what: name, why: note ?? 'does not run' }];
    const unread = problems.find(({ code, fatal, degrades }) => fatal || degrades === true || code === 'UNREADABLE');
    if (unread) return [{ what: name, why: unread.message }];
    return isSettled(state) && stale > 0 ? [{ what: name, why: `${stale} inputs may be out of date` }] : [];
  });
  const looked = status.some(({ state }) => state === 'done' || !isSettled(state));
  return [
    ...ofDetectors,
    ...quarantined.map(({ detector, file }): Gap => ({
      what: 'quarantine',
      why: `${detector} does not check ${file}`,
    })),
    ...(looked || ofDetectors.length > 0 ? [] : [{ what: 'detectors', why: 'None found anything to check.' }]),
  ];
}
