import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import {
  baselineName,
  baselineOf,
  BaselineError,
  compare,
  formatBaseline,
  KnownIssues,
  parseBaseline,
  readBaseline,
  writeBaseline,
} from '../../../server/store/baseline.ts';
import type { Issue } from '../../../workers/protocol/detector-protocol.ts';
import { issue, temporaryFolders } from './support.ts';

const [first, second, third] = [
  issue('eslint', 'b.ts', 3),
  issue('eslint', 'a.ts', 7),
  issue('typescript', 'a.ts', 1),
] as const;
const issues = [first, second, third];
const edited = (before: Issue, fingerprint = `edited ${before.fingerprint}`): Issue => ({ ...before, fingerprint });
const print = (list: readonly { readonly fingerprint: string }[]): string[] =>
  list.map(({ fingerprint }) => fingerprint).sort();

const anyIssue = fc
  .record({
    detector: fc.constantFrom('eslint', 'typescript'),
    file: fc.constantFrom('a.ts', 'b.ts'),
    rule: fc.constantFrom('x', 'y'),
    fingerprint: fc.constantFrom('1', '2', '3', '4', '5', '6', '7', '8', '9'),
  })
  .map((given): Issue => ({ ...issue('', '', 1), ...given }));
const anyIssues = fc.uniqueArray(anyIssue, { maxLength: 10, selector: ({ fingerprint }) => fingerprint });

describe('store: baseline', () => {
  const folder = temporaryFolders();

  it('has one sorted line per issue, whatever the order of issues', () => {
    const text = formatBaseline(baselineOf(issues));
    const lines = text.split('\n');
    assert.deepEqual(
      [...lines.slice(0, 3), ...lines.slice(-3)],
      ['{', '  "format": 1,', '  "issues": [', '  ]', '}', ''],
    );
    const starts = lines
      .slice(3, -3)
      .map((line) => /^ {4}\{"file":"(.+?)","detector":"(.+?)",.*\},?$/.exec(line)?.slice(1));
    assert.deepEqual(starts, [
      ['a.ts', 'eslint'],
      ['a.ts', 'typescript'],
      ['b.ts', 'eslint'],
    ]);
    assert.equal(formatBaseline(baselineOf(issues.toReversed())), text);
    assert.deepEqual(parseBaseline(text, 'f'), baselineOf(issues));
    assert.equal(formatBaseline({ entries: [] }), '{\n  "format": 1,\n  "issues": []\n}\n');
  });

  it('separates known, fresh and fixed issues', () => {
    const other = issue('eslint', 'c.ts', 1);
    const { known, fresh, gone, rest } = compare([first, other], baselineOf(issues));
    assert.deepEqual(print(known), print([first]));
    assert.deepEqual(print(fresh), print([other]));
    assert.deepEqual(print(gone), print([second, third]));
    assert.deepEqual(print(rest.entries), print([first]));
  });

  it('matches an issue whose line was edited by its rule and file, and takes over its fingerprint', () => {
    const [kept, changed] = [issue('eslint', 'a.ts', 1), issue('eslint', 'a.ts', 2)] as const;
    const before = [kept, changed];
    const now = [kept, edited(changed), edited(changed, 'one more')];
    const { known, fresh, gone, rest } = compare(now, baselineOf(before));
    assert.deepEqual([known.length, fresh.length, gone.length], [2, 1, 0]);
    assert.deepEqual(print(rest.entries), print(known));
    const exact = compare(now, baselineOf(before), { exact: true });
    assert.deepEqual([exact.known.length, exact.fresh.length, exact.gone.length], [1, 2, 1]);
  });

  it('keeps the issues of a detector that has not answered', () => {
    const { gone, rest } = compare([], baselineOf(issues), { complete: new Set(['typescript']) });
    assert.deepEqual(
      gone.map(({ detector }) => detector),
      ['typescript'],
    );
    assert.equal(rest.entries.length, 2);
  });

  it('filters file by file with the same result as a comparison of everything', () => {
    fc.assert(
      fc.property(anyIssues, anyIssues, (...both) => {
        // The file is part of every fingerprint.
        const own = (all: readonly Issue[]): Issue[] =>
          all.map((each) => ({ ...each, fingerprint: `${each.file} ${each.fingerprint}` }));
        const [old, now] = [own(both[0]), own(both[1])];
        const known = new KnownIssues(baselineOf(old));
        const files = Map.groupBy(now, ({ file }) => file);
        const fresh = [...files].flatMap(([file, list]) => known.fresh(file, list));
        assert.deepEqual(print(fresh), print(compare(now, baselineOf(old)).fresh));
      }),
    );
  });

  it('never grows, and recognizes the same issues after it shrank', () => {
    fc.assert(
      fc.property(anyIssues, anyIssues, fc.boolean(), (old, now, exact) => {
        const baseline = baselineOf(old);
        const one = compare(now, baseline, { exact });
        assert.ok(one.rest.entries.length <= baseline.entries.length);
        assert.equal(one.known.length + one.fresh.length, now.length);
        assert.equal(one.known.length + one.gone.length, baseline.entries.length);
        const two = compare(now, one.rest, { exact });
        assert.deepEqual(print(two.known), print(one.known));
        assert.deepEqual(print(two.fresh), print(one.fresh));
        assert.deepEqual([two.gone, two.rest], [[], one.rest]);
        assert.deepEqual(parseBaseline(formatBaseline(one.rest), 'f'), one.rest);
      }),
    );
  });

  it('is written only if it changes, whatever its line endings', async () => {
    const file = path.join(folder('baseline'), 'in', baselineName);
    assert.equal(await readBaseline(file), undefined);
    assert.equal(await writeBaseline(file, baselineOf(issues)), true);
    assert.deepEqual(await readBaseline(file), baselineOf(issues));
    writeFileSync(file, `\uFEFF${readFileSync(file, 'utf8').replaceAll('\n', '\r\n')}`.slice(1));
    assert.equal(await writeBaseline(file, baselineOf(issues)), false);
    assert.deepEqual(await readBaseline(file), baselineOf(issues));
    assert.deepEqual(readdirSync(path.dirname(file)), [baselineName]);
  });

  it('accepts a trailing comma and repeated entries', () => {
    const [entry] = formatBaseline(baselineOf(issues.slice(0, 1)))
      .split('\n')
      .slice(3, 4);
    const text = `\uFEFF{"format": 1, "issues": [\n${entry},\n${entry},\n]}`;
    assert.deepEqual(parseBaseline(text, 'f'), baselineOf(issues.slice(0, 1)));
  });

  const broken: readonly (readonly [what: string, text: string, place: string, says: RegExp])[] = [
    ['no JSON', '{"format": 1,\n  "issues": [}\n', '2:14', /Fix the JSON syntax/],
    ['an empty file', '', '1:1', /Fix the JSON syntax|expected/],
    ['a merge conflict', '{"format": 1, "issues": [\n<<<<<<< HEAD\n', '2:1', /merge conflict/],
    ['a format of the future', '{"format": 2, "issues": []}', '1:1', /Update Bulkhead/],
    ['no list', '{"format": 1}', '1:1', /"issues" must be a list/],
    [
      'an entry without a rule',
      '{"format": 1, "issues": [\n {"file": "a", "detector": "b"}]}',
      '2:2',
      /"rule" of entry 1 must be a string/,
    ],
    ['an entry that is none', '{"format": 1, "issues": [\n\n  7]}', '3:3', /entry 1/],
  ];
  for (const [what, text, place, says] of broken) {
    it(`names the file and place of ${what}`, async () => {
      const file = path.join(folder('baseline'), baselineName);
      writeFileSync(file, text);
      await assert.rejects(readBaseline(file), (error) => {
        assert.ok(error instanceof BaselineError);
        assert.ok(error.message.startsWith(`${file}:${place}: `), error.message);
        assert.match(error.message, says);
        return true;
      });
    });
  }

  it('says so when it cannot be read', async () => {
    const file = path.join(folder('baseline'), baselineName);
    mkdirSync(file);
    await assert.rejects(readBaseline(file), BaselineError);
  });
});
