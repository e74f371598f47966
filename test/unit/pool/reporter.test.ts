import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { CheckEvent, CheckRequest, Finding, Unit } from '../../../workers/protocol/detector-protocol.ts';
import { Reporter } from '../../../workers/runtime/reporter.ts';
import { flawOfFinding, flawOfPlan } from '../../../workers/protocol/well-formed.ts';

const unit: Unit = { id: 'a.ts', kind: 'file', group: 'g', file: 'a.ts' };
const range = { start: { line: 1, character: 0 }, end: { line: 1, character: 3 } };
const finding: Finding = { rule: 'r', severity: 'error', message: 'm', range };

describe('reporter', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(path.join(os.tmpdir(), 'bulkhead-reporter-'));
    await writeFile(path.join(root, 'a.ts'), 'one\ntwo\n');
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const open = (
    extra: Partial<CheckRequest> = {},
  ): { reporter: Reporter; events: CheckEvent[]; urgent: CheckEvent[] } => {
    const events: CheckEvent[] = [];
    const urgent: CheckEvent[] = [];
    const request: CheckRequest = {
      detector: 'lint',
      root,
      options: {},
      revision: 1,
      units: [unit],
      overlays: [],
      first: [],
      ...extra,
    };
    const line = {
      emit: (event: CheckEvent) => void events.push(event),
      emitNow: (event: CheckEvent) => {
        events.push(event);
        urgent.push(event);
      },
      log: () => {},
    };
    return { reporter: new Reporter(request, line, new AbortController().signal), events, urgent };
  };
  const kinds = (events: readonly CheckEvent[]): readonly string[] => events.map(({ kind }) => kind);

  it('keeps the order, and announces an input before anything can block', async () => {
    const { reporter, events, urgent } = open();
    reporter.begin(unit, 'a.ts');
    assert.deepEqual(kinds(urgent), ['begin']);
    reporter.report(unit, 'a.ts', [finding]);
    reporter.progress(1, 2);
    await reporter.done(unit, 'a.ts');
    assert.deepEqual(kinds(events), ['begin', 'issues', 'progress', 'done']);
  });

  it('begins a file once that the detector did not begin', async () => {
    const { reporter, events } = open();
    reporter.report(unit, 'a.ts', [finding]);
    reporter.report(unit, 'a.ts', [finding]);
    await reporter.done(unit, 'a.ts');
    assert.deepEqual(kinds(events), ['begin', 'issues', 'issues', 'done']);
  });

  it('completes findings from the text they refer to: unsaved before saved', async () => {
    const fingerprints: string[] = [];
    for (const overlays of [
      [],
      [{ file: 'a.ts', text: 'one\ntwo', version: 1 }],
      [{ file: 'a.ts', text: 'x\ny', version: 1 }],
    ]) {
      const { reporter, events } = open({ overlays });
      reporter.report(unit, 'a.ts', [finding, finding]);
      await reporter.done(unit, 'a.ts');
      const [issues] = events.filter((event) => event.kind === 'issues');
      assert.equal(issues?.issues[0]?.detector, 'lint');
      assert.notEqual(issues.issues[0].fingerprint, issues.issues[1]?.fingerprint, 'equal findings are told apart');
      fingerprints.push(issues.issues[0].fingerprint);
    }
    assert.equal(fingerprints[0], fingerprints[1]);
    assert.notEqual(fingerprints[0], fingerprints[2]);
  });

  it('splits many issues into events that fit into a frame', async () => {
    const { reporter, events } = open();
    reporter.report(
      unit,
      'a.ts',
      Array.from({ length: 1_200 }, () => finding),
    );
    await reporter.done(unit, 'a.ts');
    const sizes = events.flatMap((event) => (event.kind === 'issues' ? [event.issues.length] : []));
    assert.deepEqual(sizes, [500, 500, 200]);
  });

  it('ignores invalid findings and reports them, at most twenty times', async () => {
    const { reporter, events } = open();
    const broken = { ...finding, range: { start: { line: -1, character: 0 }, end: { line: 0, character: 0 } } };
    reporter.report(unit, 'a.ts', [broken, finding]);
    for (let index = 0; index < 50; index += 1) reporter.report(unit, 'a.ts', [broken]);
    await reporter.done(unit, 'a.ts');
    assert.equal(events.filter(({ kind }) => kind === 'problem').length, 20);
    assert.equal(events.filter(({ kind }) => kind === 'issues').length, 1);
  });
});

describe('well-formed results', () => {
  it('names what is wrong with a finding', () => {
    const flawed: readonly [unknown, RegExp][] = [
      [null, /not an object/],
      [{ ...finding, rule: '' }, /no rule/],
      [{ ...finding, message: 7 }, /no message/],
      [{ ...finding, severity: 'fatal' }, /unknown severity/],
      [{ ...finding, range: undefined }, /no valid range/],
      [{ ...finding, range: { start: range.end, end: range.start } }, /no valid range/],
      [{ ...finding, range: { start: { line: 0.5, character: 0 }, end: range.end } }, /no valid range/],
      [{ ...finding, fixes: {} }, /fixes/],
      [{ ...finding, related: 'x' }, /related/],
    ];
    for (const [value, flaw] of flawed) assert.match(flawOfFinding(value) ?? '', flaw);
    assert.equal(flawOfFinding(finding), undefined);
  });

  it('names what is wrong with a plan', () => {
    const plan = { status: 'ready', units: [unit], problems: [], configFiles: [] } as const;
    assert.equal(flawOfPlan(plan), undefined);
    const flawed: readonly [unknown, RegExp][] = [
      [undefined, /not an object/],
      [{ ...plan, status: 'fine' }, /unknown status/],
      [{ ...plan, units: 'all' }, /not a list/],
      [{ ...plan, units: [{ ...unit, kind: 'line' }] }, /unknown kind/],
      [{ ...plan, units: [{ kind: 'file' }] }, /has no id/],
      [{ ...plan, units: [unit, unit] }, /occurs twice/],
    ];
    for (const [value, flaw] of flawed) assert.match(flawOfPlan(value) ?? '', flaw);
  });
});
