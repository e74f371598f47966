import assert from 'node:assert/strict';
import { deletedBy } from '../../../server/engine/deleted-paths.ts';
import { compareIssues, IssueTable } from '../../../server/engine/issue-table.ts';
import { issue } from './support.ts';

describe('issue table', () => {
  let changed: string[];
  let table: IssueTable;

  beforeEach(() => {
    changed = [];
    table = new IssueTable((file) => changed.push(file));
  });

  it('merges the issues of all detectors and units of a file, sorted and without duplicates', () => {
    const shared = issue('typescript', 'a.ts', 3);
    table.replace('typescript', 'one/tsconfig.json', 'a.ts', [shared]);
    table.replace('typescript', 'two/tsconfig.json', 'a.ts', [shared, issue('typescript', 'a.ts', 9)]);
    table.replace('eslint', 'a.ts', 'a.ts', [issue('eslint', 'a.ts', 3), issue('eslint', 'a.ts', 1)]);
    assert.deepEqual(
      table.issuesOf('a.ts').map(({ detector, range }) => [range.start.line, detector]),
      [
        [1, 'eslint'],
        [3, 'eslint'],
        [3, 'typescript'],
        [9, 'typescript'],
      ],
    );
  });

  it('reports no change when nothing changed', () => {
    table.replace('eslint', 'a.ts', 'a.ts', [issue('eslint', 'a.ts', 1)]);
    table.replace('eslint', 'a.ts', 'a.ts', [issue('eslint', 'a.ts', 1)]);
    table.replace('eslint', 'b.ts', 'b.ts', []);
    assert.deepEqual(changed, ['a.ts']);
  });

  it('drops issues in files that a finished unit did not report, and no issues of other units', () => {
    table.replace('typescript', 'one', 'a.ts', [issue('typescript', 'a.ts', 1)]);
    table.replace('typescript', 'one', 'b.ts', [issue('typescript', 'b.ts', 1)]);
    table.replace('typescript', 'two', 'b.ts', [issue('typescript', 'b.ts', 2)]);
    table.finishUnit('typescript', 'one', new Set(['a.ts']));
    assert.deepEqual(
      table.all().map((found) => [found.file, found.range.start.line]),
      [
        ['a.ts', 1],
        ['b.ts', 2],
      ],
    );
  });

  it('drops a folder with everything below it, but no folder whose name begins with its name', () => {
    const folder = ['src/a.ts', 'src/deep/b.ts', 'src'];
    const others = ['lib/src/a.ts', 'src-old/c.ts'];
    for (const file of [...folder, ...others]) table.replace('eslint', file, file, [issue('eslint', file, 1)]);
    assert.equal(deletedBy([{ file: 'src', kind: 'changed' }]), undefined);
    const isGone = deletedBy([
      { file: 'src', kind: 'deleted' },
      { file: 'lib', kind: 'changed' },
    ]);
    assert.ok(isGone);
    table.dropFiles(isGone, 1);
    assert.deepEqual(table.files(), others);
  });

  it('drops a detector, but no detector whose name begins with its name', () => {
    table.replace('es', 'a', 'a.ts', [issue('es', 'a.ts', 1)]);
    table.replace('eslint', 'a', 'a.ts', [issue('eslint', 'a.ts', 2)]);
    table.dropDetector('es');
    assert.deepEqual(
      table.issuesOf('a.ts').map((found) => found.detector),
      ['eslint'],
    );
  });

  it('orders by file, place, detector, rule, message', () => {
    const ordered = [
      issue('a', 'a.ts', 1, 'r1', 'm1'),
      issue('a', 'a.ts', 1, 'r1', 'm2'),
      issue('a', 'a.ts', 1, 'r2', 'm1'),
      issue('b', 'a.ts', 1, 'r1', 'm1'),
      issue('a', 'a.ts', 2, 'r1', 'm1'),
      issue('a', 'b.ts', 0, 'r1', 'm1'),
    ];
    assert.deepEqual([...ordered].reverse().sort(compareIssues), ordered);
  });
});
