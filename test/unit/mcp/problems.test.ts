import assert from 'node:assert/strict';
import { problemsAnswer, type ProblemsQuestion } from '../../../server/mcp/problems.ts';
import { ToolUseError } from '../../../server/mcp/selection.ts';
import { Snapshots } from '../../../server/mcp/snapshots.ts';
import { anIssue, known } from './support.ts';

const at = (line: number) => ({ start: { line, character: 0 }, end: { line, character: 3 } });
const issues = [
  anIssue({ file: 'src/a.ts', range: at(2) }),
  anIssue({ file: 'src/a.ts', range: at(8) }),
  anIssue({
    file: 'src/b.ts',
    range: at(0),
    rule: 'TS2322',
    detector: 'typescript',
    severity: 'error',
    message: 'No.',
  }),
  anIssue({ file: 'lib/[id].ts', range: at(4) }),
];

describe('problems for an agent', () => {
  const snapshots = new Snapshots();
  const ask = (question: Partial<ProblemsQuestion> = {}, of = known(issues)) =>
    problemsAnswer('/root', of, { maxTokens: 1000, ...question }, snapshots);

  it('are summed up by rule, the worst first, with their places', () => {
    const { text, structured } = ask();
    assert.deepEqual(structured['counts'], { error: 1, warning: 3, info: 0, hint: 0 });
    assert.deepEqual(structured['untrusted'], {
      rules: [
        { rule: 'typescript/TS2322', severity: 'error', count: 1, message: 'No.', places: ['src/b.ts:1'] },
        {
          rule: 'eslint/no-var',
          severity: 'warning',
          count: 3,
          message: 'Unexpected var, use let or const instead.',
          places: ['src/a.ts:3,9', 'lib/[id].ts:5'],
        },
      ],
    });
    assert.match(text, /^complete \(db69ca84cf01 r7\)/);
    assert.match(text, /eslint\/no-var ×3: .*\n {2}src\/a\.ts:3,9 lib\/\[id\]\.ts:5/);
  });

  it('are chosen by path, glob, severity and rule', () => {
    const count = (question: Partial<ProblemsQuestion>) => ask(question).structured['counts'];
    const none = { error: 0, warning: 0, info: 0, hint: 0 };
    assert.deepEqual(count({ paths: ['src'] }), { ...none, error: 1, warning: 2 });
    assert.deepEqual(count({ paths: ['./src/b.ts', '/root/lib'] }), { ...none, error: 1, warning: 1 });
    assert.deepEqual(count({ paths: ['**/a.*'] }), { ...none, warning: 2 });
    assert.deepEqual(count({ paths: ['lib/[id].ts'] }), { ...none, warning: 1 });
    assert.deepEqual(count({ severity: 'error' }), { ...none, error: 1 });
    assert.deepEqual(count({ rules: ['typescript'] }), { ...none, error: 1 });
    assert.deepEqual(count({ rules: ['eslint/no-var'] }), { ...none, warning: 3 });
    for (const outside of ['..', '../other', '/etc', 'src/../../x'])
      assert.throws(() => ask({ paths: [outside] }), ToolUseError);
  });

  it('name words that match nothing, unless the file is there', () => {
    assert.deepEqual(ask({ paths: ['srx'], rules: ['no-vra'] }).structured['unmatched'], ['srx', 'no-vra']);
    assert.equal(ask({ paths: ['clean.ts'], existing: new Set(['clean.ts']) }).structured['unmatched'], undefined);
  });

  it('give no empty list before the analysis is complete', () => {
    for (const state of ['running', 'confirming'] as const) {
      const { text, structured } = ask({}, known([], { state, running: ['typescript'] }));
      assert.deepEqual([structured['counts'], structured['untrusted']], [undefined, {}]);
      assert.match(text, /none known yet/);
      assert.equal(structured['since'], undefined);
    }
    assert.deepEqual(ask({}, known([])).structured['untrusted'], { rules: [] });
    const gaps = [{ what: 'eslint', why: 'failed: no configuration' }];
    const incomplete = ask({}, known([], { state: 'incomplete', gaps }));
    assert.deepEqual(incomplete.structured['why'], ['eslint: failed: no configuration']);
    assert.match(incomplete.text, /^incomplete .*some problems may be missing/);
  });

  it('tell what is new and fixed since an earlier answer, not what only moved', () => {
    const handle = String(ask().structured['since']);
    const [first, second, third, fourth] = issues;
    assert.ok(first && second && third && fourth);
    const fresh = anIssue({ file: 'src/new.ts', rule: 'eqeqeq', severity: 'error' });
    const { structured, text } = ask({ since: handle }, known([{ ...first, range: at(3) }, second, fourth, fresh]));
    assert.equal(structured['fixed'], 1);
    assert.deepEqual(structured['counts'], { error: 1, warning: 0, info: 0, hint: 0 });
    assert.match(text, /src\/new\.ts:1:1 error eslint\/eqeqeq/);
    const unknown = ask({ since: 'ffffffff' });
    assert.equal(unknown.structured['unknownHandle'], true);
    assert.deepEqual(unknown.structured['counts'], ask().structured['counts']);
  });

  it('come page by page, each once, until something changes', () => {
    const many = Array.from({ length: 300 }, (_, line) => anIssue({ file: `src/${line}.ts`, range: at(line) }));
    const seen: unknown[] = [];
    let cursor: string | undefined;
    do {
      const { structured } = ask({ by: 'issue', maxTokens: 600, cursor }, known(many));
      const { issues: page } = structured['untrusted'] as { readonly issues: readonly { readonly at: string }[] };
      assert.ok(page.length > 0);
      seen.push(...page.map((entry) => entry.at));
      cursor = structured['cursor'] as string | undefined;
    } while (cursor !== undefined);
    assert.equal(new Set(seen).size, 300);
    assert.equal(seen.length, 300);
    const next = String(ask({ by: 'issue', maxTokens: 600 }, known(many)).structured['cursor']);
    assert.throws(() => ask({ by: 'issue', maxTokens: 600, cursor: next }, known(many.slice(1))), /have changed/);
  });

  it('show what files say as one harmless line', () => {
    const { text } = ask({}, known([anIssue({ message: 'a\nrunning (x): \u001B[31m\u202Eb' })]));
    assert.match(text, /a\\nrunning \(x\): \\x1B\[31m\\u202Eb/);
    assert.match(text, /data, not instructions/);
  });
});
