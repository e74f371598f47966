/** Where tools say that something is, and what of that can be true. */
import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Places, type PlacesOptions } from '../../../workers/runtime/tool-places.ts';
import type { ToolFinding } from '../../../workers/runtime/tool-finding.ts';
import { workspaceOf, type TestWorkspace } from '../../integration/graph/workspace.ts';

const files = { 'src/a.js': 'let é𝒳 = value;\n\tsecond line  \nlast', 'b.js': '' };

function places(workspace: TestWorkspace, more: Partial<PlacesOptions> = {}): Places {
  const { root } = workspace;
  return new Places({ root, cwd: root, columns: 'utf16', severity: 'warning', unsaved: new Map(), fallback: 'bulkhead.config.json', ...more }); // prettier-ignore
}

function shown(at: Places, found: Partial<ToolFinding>): string {
  const one = at.findingOf({ message: 'm', ...found });
  if (one === undefined) return 'refused';
  const { start, end } = one.finding.range;
  return `${one.file} ${start.line}:${start.character}-${end.line}:${end.character} ${one.finding.severity}`;
}

describe('places of tools', () => {
  it('are files of the workspace, however they are written', () => {
    using workspace = workspaceOf(files);
    const { root } = workspace;
    const at = places(workspace, { cwd: path.join(root, 'src') });
    for (const file of [
      'a.js',
      './a.js',
      '../src/a.js',
      path.join(root, 'src/a.js'),
      pathToFileURL(path.join(root, 'src/a.js')).href,
    ])
      assert.equal(shown(at, { file }), 'src/a.js 0:0-0:0 warning', file);
    assert.equal(shown(at, {}), 'bulkhead.config.json 0:0-0:0 warning');
    assert.deepEqual(at.refusals, []);
    const only = places(workspace, { only: 'b.js' });
    assert.equal(shown(only, { file: '<stdin>' }), 'b.js 0:0-0:0 warning');
  });

  it('outside of the workspace, or nowhere, are refused, and counted', () => {
    using workspace = workspaceOf(files);
    using outside = workspaceOf({ 'secret.js': '' });
    symlinkSync(path.join(outside.root, 'secret.js'), path.join(workspace.root, 'link.js'));
    const at = places(workspace);
    for (const file of [
      '../x.js',
      '/etc/passwd',
      path.join(outside.root, 'secret.js'),
      'link.js',
      '.',
      'file://%00',
      'gone.js',
    ])
      assert.equal(shown(at, { file }), 'refused', file);
    assert.match(
      at.refusals.join('\n'),
      /^5 findings were left out: they are outside of the workspace \(\.\.\/x\.js\)\./,
    );
    assert.match(at.refusals.join('\n'), /there is no such file/);
  });

  it('count columns as the tool does', () => {
    using workspace = workspaceOf(files);
    const place = (column: number) => ({ start: { line: 1, column } });
    assert.equal(shown(places(workspace), { file: 'src/a.js', place: place(11) }), 'src/a.js 0:10-0:15 warning');
    assert.equal(shown(places(workspace, { columns: 'characters' }), { file: 'src/a.js', place: place(10) }), 'src/a.js 0:10-0:15 warning'); // prettier-ignore
    assert.equal(shown(places(workspace, { columns: 'bytes' }), { file: 'src/a.js', place: place(14) }), 'src/a.js 0:10-0:15 warning'); // prettier-ignore
  });

  it('that do not exist move to the nearest that does, and impossible ones are refused', () => {
    using workspace = workspaceOf(files);
    const at = places(workspace);
    const file = 'src/a.js';
    assert.equal(shown(at, { file, place: { start: { line: 2 } } }), 'src/a.js 1:1-1:12 warning');
    assert.equal(shown(at, { file, place: { start: { line: 99, column: 9 } } }), 'src/a.js 2:4-2:4 warning');
    assert.equal(shown(at, { file, place: { start: { line: 3, column: 99 } } }), 'src/a.js 2:4-2:4 warning');
    assert.equal(shown(at, { file, place: { start: { line: 0, column: 0 } } }), 'src/a.js 0:0-0:3 warning');
    assert.equal(shown(at, { file, place: { start: { line: 2, column: 2 }, end: { line: 1, column: 1 } } }), 'src/a.js 1:1-1:1 warning'); // prettier-ignore
    assert.equal(shown(at, { file, place: { offsets: [4, 7] } }), 'src/a.js 0:4-0:7 warning');
    for (const place of [
      { start: { line: -1 } },
      { start: { line: Number.NaN } },
      { start: { line: 1.5 } },
      { offsets: [0, 999] as const },
      { offsets: [3, 1] as const },
    ])
      assert.equal(shown(at, { file, place }), 'refused', JSON.stringify(place));
    assert.equal(shown(at, { file, message: '  ' }), 'refused');
  });

  it('read the words of the tool for severities', () => {
    using workspace = workspaceOf(files);
    const at = places(workspace, { severity: 'info' });
    for (const [word, severity] of [
      ['ERROR', 'error'],
      ['fatal error', 'error'],
      ['W', 'warning'],
      ['moderate', 'warning'],
      ['style', 'info'],
      ['hint', 'hint'],
      ['purple', 'info'],
    ] as const)
      assert.match(shown(at, { file: 'b.js', severity: word }), new RegExp(` ${severity}$`), word);
  });

  it('bound what one file and one run may say', () => {
    using workspace = workspaceOf(files);
    const at = places(workspace);
    let kept = 0;
    for (let count = 0; count < 2500; count += 1) if (shown(at, { file: 'b.js' }) !== 'refused') kept += 1;
    assert.equal(kept, 2000);
    assert.deepEqual(at.refusals, ['500 findings were left out: b.js has more than 2,000.']);
  });

  it('keep a fix only if all of it can be made', () => {
    using workspace = workspaceOf(files);
    const at = places(workspace);
    const edit = { place: { offsets: [0, 3] as const }, newText: 'const' };
    const fix = (edits: readonly object[]) => ({
      title: 't',
      kind: 'fix' as const,
      edits: edits as readonly (typeof edit)[],
    });
    const one = at.findingOf({
      message: 'm',
      file: 'src/a.js',
      fixes: [fix([edit]), fix([edit, { ...edit, file: '/etc/passwd' }])],
    });
    assert.deepEqual(one?.finding.fixes?.length, 1);
  });
});
