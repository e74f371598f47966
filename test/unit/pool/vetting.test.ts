import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Vetting, vettedPlan } from '../../../server/pool/vetting.ts';
import type { Issue, Unit } from '../../../workers/protocol/detector-protocol.ts';

const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 1 } };
const unit: Unit = { id: 'a.js', kind: 'file', group: '', file: 'a.js' };
const issue: Issue = {
  rule: 'no-var',
  message: 'Use let.',
  severity: 'error',
  range,
  detector: 'eslint',
  file: 'a.js',
  fixable: false,
  fingerprint: 'f',
};

function taken(event: unknown): readonly Issue[] {
  const events = new Vetting({ detector: 'eslint', units: [unit] }).events(event);
  return events.flatMap((each) => (each.kind === 'issues' ? each.issues : []));
}

function told(event: unknown): string {
  const events = new Vetting({ detector: 'eslint', units: [unit] }).events(event);
  return events.flatMap((each) => (each.kind === 'problem' ? [each.problem.message] : [])).join('\n');
}

const issuesOf = (...issues: readonly unknown[]): object => ({ kind: 'issues', unit: 'a.js', file: 'a.js', issues });

describe('what comes from a worker', () => {
  it('is taken as it is if nothing is wrong with it', () => {
    const fix = { title: 'Fix', kind: 'fix', edits: [{ range, newText: 'let' }, { file: 'b/c.js', range, newText: '' }] } as const; // prettier-ignore
    const full: Issue = {
      ...issue,
      url: 'https://eslint.org/docs/rules/no-var',
      fixable: true,
      fixes: [fix],
      fixedTexts: { 'a.js': 'hash' },
      related: [{ file: '../shared/types.d.ts', range, message: 'declared here' }],
      tags: ['deprecated'],
      cause: { key: 'k', rule: 'r', file: '../package.json', range, message: 'm' },
    };
    assert.equal(taken(issuesOf(full))[0], full);
    const events = [
      { kind: 'begin', unit: 'a.js', file: 'a.js' },
      { kind: 'done', unit: 'a.js', file: 'a.js', signature: { types: 't', modules: 'm', imports: ['b.js'] } },
      { kind: 'answeredBy', unit: 'a.js', engine: 'eslint 9' },
      { kind: 'progress', done: 1, total: 2, what: 'a' },
      { kind: 'problem', problem: { code: 'TOOL_ERROR', message: 'm', fatal: false, file: 'a.js', range } },
    ];
    for (const event of events) {
      assert.deepEqual(new Vetting({ detector: 'eslint', units: [unit] }).events(event), [event]);
    }
  });

  it('is left out, and said, if it is about something else', () => {
    const cases: readonly [unknown, RegExp][] = [
      [null, /no known kind/],
      [[], /no known kind/],
      [{ kind: 'grant' }, /no known kind/],
      [{ kind: 'begin', unit: 'b.js', file: 'b.js' }, /not asked for/],
      [{ kind: 'begin', unit: '__proto__', file: 'b.js' }, /not asked for/],
      [{ kind: 'done', unit: 'a.js', file: '../../../../etc/passwd' }, /outside of the root/],
      [{ kind: 'done', unit: 'a.js', file: 'x/../../secret' }, /outside of the root/],
      [{ kind: 'done', unit: 'a.js', file: '/etc/passwd' }, /outside of the root/],
      [{ kind: 'done', unit: 'a.js', file: '..\\..\\secret' }, /outside of the root/],
      [{ kind: 'done', unit: 'a.js', file: '' }, /outside of the root/],
      [{ kind: 'done', unit: 'a.js', file: 7 }, /outside of the root/],
      [{ kind: 'issues', unit: 'a.js', file: 'a.js', issues: {} }, /no list of issues/],
      [issuesOf({ ...issue, detector: 'typescript' }), /claims to be of "typescript"/],
      [issuesOf({ ...issue, file: '../../etc/passwd' }), /claims to be in/],
      [issuesOf({ ...issue, message: { toString: 1 } }), /no message/],
      [issuesOf({ ...issue, range: { start: { line: 1e300, character: 0 }, end: { line: 1e300, character: 0 } } }), /no valid range/], // prettier-ignore
      [issuesOf({ ...issue, fixes: [{ title: 'x', kind: 'fix', edits: [{ range, newText: 1 }] }] }), /list of fixes/],
      [issuesOf({ ...issue, fingerprint: null }), /no fingerprint/],
      [issuesOf(null), /not an object/],
      [{ kind: 'problem', problem: { code: 'FINE', message: 'm', fatal: true } }, /no problem/],
      [{ kind: 'answeredBy', unit: 'a.js', engine: {} }, /names no tool/],
    ];
    for (const [event, message] of cases) {
      assert.match(told(event), message, JSON.stringify(event));
      assert.deepEqual(taken(event), []);
    }
    assert.deepEqual(taken(issuesOf(null, issue)), [issue], 'the valid ones stay');
  });

  it('loses what leads elsewhere, and stays otherwise', () => {
    for (const url of [
      'command:workbench.action.quit',
      'javascript:alert(1)',
      'file:///etc/passwd',
      'vscode://x/y',
      'x',
      '',
    ])
      // prettier-ignore
      assert.deepEqual(taken(issuesOf({ ...issue, url })), [issue], url);
    const outside = ['../../outside.txt', '/etc/passwd', 'a/../../b', 'C:\\x', 'c:/x', '..\\x', '../sibling.ts'];
    for (const file of outside) {
      const fixes = [{ title: 'x', kind: 'fix', edits: [{ file, range, newText: '' }] }];
      assert.deepEqual(taken(issuesOf({ ...issue, fixable: true, fixes })), [issue], file);
    }
    assert.deepEqual(taken(issuesOf({ ...issue, consequences: 9 })), [issue]);
    assert.deepEqual(taken(issuesOf({ ...issue, related: [{ file: '/etc/shadow', range, message: 'm' }] })), [issue]);
  });

  it('is not told without end', () => {
    const vetting = new Vetting({ detector: 'eslint', units: [unit] });
    const problems = Array.from({ length: 1000 }, () => vetting.events(null)).flat();
    assert.equal(problems.length, 20);
    const many = { ...issuesOf(), issues: Array.from({ length: 1_000_000 }, () => issue) };
    const other = new Vetting({ detector: 'eslint', units: [unit] });
    const kinds = [1, 2, 3].map(() => other.events(many).map(({ kind }) => kind));
    assert.deepEqual(kinds, [['issues'], ['issues'], ['problem']]);
    const long = taken(issuesOf({ ...issue, message: 'x'.repeat(10_000_000) }));
    assert.equal(long[0]?.message.length, 64 * 1024 + 1);
  });

  it('ends a request with an error if the answer or the plan is none', () => {
    const vetting = new Vetting({ detector: 'eslint', units: [unit] });
    const result = { durationMs: 1, files: 1, issues: 0 };
    assert.ok(vetting.result({ version: '1', result }));
    const flawed = [null, {}, { version: 1, result }, { version: '1', result: null }];
    const odd = [{ files: -1 }, { coverage: { a: 'all' } }, { provisional: [1] }, { notes: { a: 1 } }, { timings: [] }];
    for (const reply of [...flawed, ...odd.map((more) => ({ version: '1', result: { ...result, ...more } }))])
      assert.equal(vetting.result(reply), undefined, JSON.stringify(reply));
    const plan = { status: 'ready', units: [unit], problems: [], configFiles: ['/above/package.json'] };
    assert.deepEqual(vettedPlan({ version: '1', plan }), { version: '1', plan });
    const plans = [null, { ...plan, units: [null] }, { ...plan, units: [{ ...unit, file: '../../x' }] }, { ...plan, problems: [{}] }, { ...plan, configFiles: [1] }]; // prettier-ignore
    for (const flawedPlan of plans) assert.equal(typeof vettedPlan({ version: '1', plan: flawedPlan }), 'string');
  });
});
