/** The tree of the issues view, the way through the problems, and what the editor hides from analysis. */
import assert from 'node:assert/strict';
import { countsText } from '../../../client/counts.ts';
import { excludedFiles } from '../../../client/excluded-files.ts';
import {
  groupsOf,
  isShown,
  rowLabel,
  severities,
  type Filter,
  type IssueRow,
} from '../../../client/issues-view/issue-tree.ts';
import { placeAfter, placeBefore } from '../../../client/places.ts';

function row(file: string, detector: string, rule: string, more: Partial<IssueRow> = {}): IssueRow {
  const found = { file, detector, rule, severity: 'warning', message: `Wrong ${rule}.\nMore.`, line: 0, character: 0 } as const;
  return { uri: `file:///w/${file}`, ...found, ...more };
} // prettier-ignore

const rows = [
  row('src/a.ts', 'eslint', 'no-debugger'),
  row('src/b.ts', 'eslint', 'no-debugger', { severity: 'error' }),
  row('src/b.ts', 'eslint', 'no-alert', { cause: 'No packages.' }),
  row('lib/c.ts', 'typescript', 'TS2322', { severity: 'error', line: 7 }),
  row('package.json', 'package', 'unused-dependency', { severity: 'hint', page: 'file:///page.md' }),
];
const everything: Filter = {
  scope: 'all',
  text: '',
  severities: new Set(severities),
  open: new Set(),
  changed: new Set(),
};

describe('the tree of issues', () => {
  it('groups by detector, rule, folder and cause, the worst first', () => {
    const labels = (by: Parameters<typeof groupsOf>[1]): readonly string[] =>
      groupsOf(rows, by).map(({ label, counts }) => `${label}: ${countsText(counts)}`);
    assert.deepEqual(labels('detector'), ['eslint: 1 error, 2 warnings', 'typescript: 1 error', 'package: 1 hint']);
    assert.deepEqual(labels('rule').slice(0, 2), ['eslint/no-debugger: 1 error, 1 warning', 'typescript/TS2322: 1 error']);
    assert.deepEqual(labels('folder'), ['src: 1 error, 2 warnings', 'lib: 1 error', '.: 1 hint']);
    assert.deepEqual(labels('cause'), ['No common cause: 2 errors, 1 warning, 1 hint', 'No packages.: 1 warning']);
    assert.equal(groupsOf(rows, 'rule').find(({ label }) => label.startsWith('package'))?.page, 'file:///page.md');
    assert.deepEqual(groupsOf(rows, 'detector')[0]?.rows.map(({ severity }) => severity), ['error', 'warning', 'warning']);
  });

  it('shows what the filter and the scope leave', () => {
    const shown = (change: Partial<Filter>): readonly string[] =>
      rows.filter((one) => isShown(one, { ...everything, ...change })).map(({ rule }) => rule);
    assert.equal(shown({}).length, rows.length);
    assert.deepEqual(shown({ scope: 'errors', severities: new Set(['hint']) }), ['no-debugger', 'TS2322']);
    assert.deepEqual(shown({ scope: 'open', open: new Set(['file:///w/lib/c.ts']) }), ['TS2322']);
    assert.deepEqual(shown({ scope: 'changed', changed: new Set(['file:///w/src/b.ts']) }), ['no-debugger', 'no-alert']);
    assert.deepEqual(shown({ text: ' ALERT ' }), ['no-alert']);
    assert.deepEqual(shown({ text: 'src/' }).length, 3);
    assert.deepEqual(shown({ severities: new Set(['hint']) }), ['unused-dependency']);
  });

  it('names an issue for screen readers', () => {
    assert.equal(rowLabel(rows[3] ?? assert.fail()), 'error: Wrong TS2322., typescript TS2322, lib/c.ts, line 8');
  });
}); // prettier-ignore

describe('the way through the problems', () => {
  const place = (uri: string, line: number, character = 0) => ({ uri, line, character });
  const places = [place('b', 2), place('a', 5), place('b', 2, 4), place('a', 1)];
  it('goes on over the files, and begins again at its end', () => {
    assert.deepEqual(placeAfter(places, place('a', 1)), place('a', 5));
    assert.deepEqual(placeAfter(places, place('a', 5)), place('b', 2));
    assert.deepEqual(placeAfter(places, place('b', 2)), place('b', 2, 4));
    assert.deepEqual(placeAfter(places, place('c', 0)), place('a', 1));
    assert.deepEqual(placeAfter(places, undefined), place('a', 1));
    assert.deepEqual(placeBefore(places, place('b', 2)), place('a', 5));
    assert.deepEqual(placeBefore(places, place('a', 0)), place('b', 2, 4));
    assert.equal(placeAfter([], place('a', 0)), undefined);
  });
});

describe('files that the editor hides', () => {
  it('are excluded as .gitignore would name them', () => {
    const chosen = { '**/.git': true, '**/out': true, build: true, 'a/{b,c}': true, shown: false, '**/*.js': { when: '$(basename).ts' } };
    assert.deepEqual(excludedFiles(chosen, { '**/.git': true }), ['**/out', '/build', 'a/b', 'a/c']);
  });
}); // prettier-ignore
