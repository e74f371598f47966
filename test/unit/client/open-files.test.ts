/** Which issues of an open file are left to other extensions, and when. */
import assert from 'node:assert/strict';
import { Deferral, graceMs, type OwnDiagnostic } from '../../../client/open-files/deferral.ts';
import { isSameProblem, type ComparedDiagnostic } from '../../../client/open-files/same-problem.ts';

function own(detector: string, rule: string, line = 0): OwnDiagnostic {
  return { detector, rule, line, id: `${detector} ${rule} ${line}` };
}

function other(source: string, code: ComparedDiagnostic['code'], line = 0): ComparedDiagnostic {
  return { source, code, range: { start: { line } } };
}

const idle = Number.NEGATIVE_INFINITY;

describe('the same problem', () => {
  const rows: readonly (readonly [own: OwnDiagnostic, other: ComparedDiagnostic, isSame: boolean])[] = [
    [own('typescript', 'TS2322'), other('ts', 2322), true],
    [own('typescript', 'TS2322'), other('js', 2322), true],
    [own('typescript', 'TS2322'), other('ts', 2307), false],
    [own('typescript', 'TS2322'), other('ts', 2322, 1), false],
    [own('typescript', 'TS2322'), other('deno', 2322), false],
    [own('eslint', 'no-debugger'), other('eslint', 'no-debugger'), true],
    [own('eslint', 'no-debugger'), other('eslint', { value: 'no-debugger' }), true],
    [own('eslint', 'parse-error'), other('eslint', undefined), true],
    [own('eslint', 'no-debugger'), other('eslint', undefined), false],
    [own('eslint', 'no-debugger'), other('oxc', { value: 'eslint(no-debugger)' }), true],
    [own('eslint', '@typescript-eslint/no-explicit-any'), other('oxc', 'typescript-eslint(no-explicit-any)'), true],
    [own('eslint', 'unicorn/no-null'), other('oxc', 'eslint-plugin-unicorn(no-null)'), true],
    [own('eslint', 'no-debugger'), other('biome', 'lint/suspicious/noDebugger'), true],
    [own('eslint', '@typescript-eslint/no-explicit-any'), other('biome', 'lint/suspicious/noExplicitAny'), true],
    [own('eslint', 'no-debugger'), other('ts', 'no-debugger'), false],
    [own('circular', 'import-cycle'), other('eslint', 'import-cycle'), false],
  ];
  for (const [mine, theirs, isSame] of rows) {
    it(`${mine.detector} ${mine.rule} is ${isSame ? '' : 'not '}${theirs.source} ${JSON.stringify(theirs.code)} on line ${theirs.range.start.line}`, () => {
      assert.equal(isSameProblem(mine, theirs), isSame);
    });
  }
});

describe('issues of an open file', () => {
  const issue = own('typescript', 'TS2322');
  const theirs = other('ts', 2322);

  it('stay until the other extension shows them, and are left to it then', () => {
    const deferral = new Deferral();
    assert.deepEqual(deferral.decide([issue], [], 0, idle), { shown: [issue], again: undefined });
    assert.deepEqual(deferral.decide([issue], [theirs], 1, idle).shown, []);
  });

  it('stay if no other extension shows them', () => {
    const deferral = new Deferral<OwnDiagnostic>();
    const cycle = own('circular', 'import-cycle');
    const onlyOurs = own('typescript', 'TS9999');
    assert.deepEqual(deferral.decide([issue, cycle, onlyOurs], [theirs], 0, idle).shown, [cycle, onlyOurs]);
  });

  it('come back at once when the other extension ends, if nobody edits', () => {
    const deferral = new Deferral();
    deferral.decide([issue], [theirs], 0, idle);
    assert.deepEqual(deferral.decide([issue], [], 10, idle).shown, [issue]);
  });

  it('do not come back for a moment when an edit fixed them and our answer is late', () => {
    const deferral = new Deferral();
    deferral.decide([issue], [theirs], 0, idle);
    const edited = 1000;
    assert.deepEqual(deferral.decide([issue], [], 1100, edited), { shown: [], again: edited + graceMs });
    assert.deepEqual(deferral.decide([], [], 1300, edited).shown, []);
  });

  it('come back after an edit if ours is the only answer that has them', () => {
    const deferral = new Deferral();
    deferral.decide([issue], [theirs], 0, idle);
    deferral.decide([issue], [], 1100, 1000);
    assert.deepEqual(deferral.decide([issue], [], 1000 + graceMs, 1000).shown, [issue]);
  });

  it('that are new wait for the other extension, and not forever', () => {
    const deferral = new Deferral<OwnDiagnostic>();
    deferral.decide([issue], [theirs], 0, idle);
    const fresh = own('typescript', 'TS2304', 5);
    assert.deepEqual(deferral.decide([issue, fresh], [theirs], 100, 50), { shown: [], again: 100 + graceMs });
    assert.deepEqual(deferral.decide([issue, fresh], [theirs, other('ts', 2304, 5)], 200, 50).shown, []);
    const lonely = own('typescript', 'TS2305', 6);
    assert.deepEqual(deferral.decide([lonely], [theirs], 300, 50).shown, []);
    assert.deepEqual(deferral.decide([lonely], [theirs], 300 + graceMs, 50).shown, [lonely]);
  });
});
