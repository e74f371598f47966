/**
 * A language server that is killed again and again, at points drawn by a seed: while it opens a folder, in the middle
 * of edits, while it keeps results. Each next server may show only what is true of the files as they are, and analyses
 * only what the one before it had not kept. Used by a test (few points) and by bench/store/kills.ts (many).
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ResultCache } from '../../../server/engine/result-cache.ts';
import { Journal } from '../../../server/journal.ts';
import { storeDirFor } from '../../../server/store/location.ts';
import { asRunEntry } from '../../../server/store/run-history.ts';
import { openStore } from '../../../server/store/store.ts';
import { requests, type StatusParams } from '../../../workers/protocol/editor-protocol.ts';
import { Editor } from '../../support/lsp-client.ts';
import { until } from '../../support/processes.ts';
import { KnownFiles, randomBy, scriptCount } from './known-files.ts';

export interface KillOptions {
  readonly points: number;
  readonly seed: number;
  readonly log?: (line: string) => void;
}

export interface KillReport {
  readonly points: number;
  /** Servers whose work was counted, and ESLint's units in them: in all, kept by an earlier one, analysed again. */
  readonly counted: number;
  readonly units: number;
  readonly remembered: number;
  readonly analysed: number;
}

/** Milliseconds: longer than an analysis of the folder on an idle machine. */
const LONGEST_LIFE_MS = 2500;
/** Results are kept within this time after an analysis, as far as a killer can aim at it. */
const KEEPING_MS = 400;
const PATIENCE_MS = 120_000;
const detectors = ['eslint', 'typescript'] as const;

/** @throws AssertionError when anything untrue was shown, or anything known was analysed again */
export async function killAtRandomPoints({ points, seed, log = () => {} }: KillOptions): Promise<KillReport> {
  const random = randomBy(seed);
  const pick = (below: number): number => Math.floor(random() * below);
  await using files = await KnownFiles.make(pick);
  const { root } = files;
  const home = path.join(path.dirname(root), 'home');
  const storageDir = path.join(path.dirname(root), 'storage');
  const env = { ...process.env, XDG_CACHE_HOME: home, HOME: home, LOCALAPPDATA: home };
  const dir = await storeDirFor(root, { storageDir });

  const idle = async (editor: Editor): Promise<void> =>
    until(
      'the end of the analysis',
      async () => (await editor.connection.sendRequest<StatusParams>(requests.status, {})).state !== 'analysing',
      PATIENCE_MS,
    );

  const sums = { counted: 0, units: 0, remembered: 0, analysed: 0 };
  for (let point = 0; point < points; point += 1) {
    const known = await keptUnits(root, dir);
    const openedAt = Date.now();
    await using editor = new Editor(env);
    const moment = ['opening', 'opening', 'edits', 'edits', 'keeping', 'rest'][pick(6)] ?? 'rest';
    const life = pick(LONGEST_LIFE_MS);
    const wrong: string[] = [];
    const take = editor.diagnostics.set.bind(editor.diagnostics);
    editor.diagnostics.set = (uri, list) => {
      take(uri, list);
      wrong.push(...files.untrue(editor.diagnostics));
      return editor.diagnostics;
    };
    await editor.open([root], { initializationOptions: { storageDir, trusted: true } });
    if (moment === 'opening') {
      await wait(life);
    } else {
      if (moment !== 'keeping') await idle(editor);
      await until('all issues', () => files.areShown(editor.diagnostics), PATIENCE_MS);
      if (moment === 'rest' || moment === 'keeping') {
        if (moment === 'rest') {
          const work = await workOf(dir, openedAt, known);
          sums.counted += 1;
          for (const [detector, { units, analysed, recalled }] of work) {
            const kept = known.get(detector) ?? 0;
            assert.equal(
              recalled,
              kept,
              `point ${point} of seed ${seed}: ${detector} remembered ${recalled}, ${kept} were kept`,
            );
            assert.equal(analysed, units - kept, `point ${point} of seed ${seed}: ${detector} analysed what was known`);
            if (detector !== 'eslint') continue;
            sums.units += units;
            sums.remembered += recalled;
            sums.analysed += analysed;
          }
        } else {
          await wait(random() * KEEPING_MS);
        }
      }
    }
    assert.deepEqual(wrong, [], `point ${point} of seed ${seed}: shown, but not true`);
    if (moment === 'edits') {
      // What is shown now lags behind the files; the next server is held to the truth again.
      const changed = await files.change();
      await editor.watched(root, Object.fromEntries(changed.map((file) => [file, 2])));
      await wait(life);
    }
    editor.server.kill('SIGKILL');
    await Promise.all([once(editor.server, 'exit'), editor.exited]);
    // While nobody looks.
    if (pick(3) === 0) await files.change();
    log(`${point + 1} ${moment}: ${known.get('eslint') ?? 0} of ${scriptCount + 1} files were kept`);
  }
  return { points, ...sums };
}

/** Units whose stored answer holds for the files as they are, by detector. */
async function keptUnits(root: string, dir: string): Promise<ReadonlyMap<string, number>> {
  const kept = new Map<string, number>();
  await using store = await openStore({ dir });
  const cache = new ResultCache(root, store, new Journal());
  for (const detector of detectors) {
    const options = { ...(detector === 'typescript' ? { engine: 'auto' } : {}), exclude: [] };
    const plan = await cache.plan(detector, options);
    let units = 0;
    if (plan) for await (const _unit of cache.units(detector, options, plan)) units += 1;
    kept.set(detector, units);
  }
  return kept;
}

interface Work {
  readonly units: number;
  readonly analysed: number;
  readonly recalled: number;
}

/** What the server that was opened then has noted, once it has; one that had nothing to do may note later. */
async function workOf(
  dir: string,
  openedAt: number,
  known: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, Work>> {
  await using store = await openStore({ dir });
  const all = new Map<string, Work>();
  await until(
    'the history of the run',
    async () => {
      all.clear();
      for (const { at, entry } of await store.history.list()) {
        const run = at >= openedAt ? asRunEntry(entry) : undefined;
        for (const { detector, units, analysed, recalled } of run?.work ?? []) {
          const before = all.get(detector);
          all.set(detector, {
            units,
            analysed: analysed + (before?.analysed ?? 0),
            recalled: recalled + (before?.recalled ?? 0),
          });
        }
      }
      return [...known.keys()].every((detector) => all.has(detector));
    },
    PATIENCE_MS,
  );
  return new Map([...all].filter(([detector]) => known.has(detector)));
}
