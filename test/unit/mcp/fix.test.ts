import assert from 'node:assert/strict';
import { chmod, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { applyFixes, planFixes } from '../../../server/mcp/fix.ts';
import { textHash } from '../../../workers/protocol/fingerprint.ts';
import type { Issue } from '../../../workers/protocol/detector-protocol.ts';
import { makeWorkspace } from '../../support/workspace.ts';
import { anIssue } from './support.ts';

function fixable(file: string, text: string, line: number, newText = 'let', kind: 'fix' | 'suggestion' = 'fix'): Issue {
  const range = { start: { line, character: 0 }, end: { line, character: 3 } };
  const fixes = [{ title: 'Use let', kind, edits: [{ range, newText }] }];
  return anIssue({ file, range, fixable: true, fixes, fixedTexts: { [file]: textHash(text) } });
}

describe('fixes by an agent', () => {
  it('change what they were computed for, and keep line ends, marks and permissions', async () => {
    const text = '\uFEFFvar a;\r\nvar ß;\r\n';
    await using workspace = await makeWorkspace({ 'a.js': text });
    const place = path.join(workspace.root, 'a.js');
    await chmod(place, 0o755);
    const { fixes, refused } = await planFixes(workspace.root, [
      fixable('a.js', text, 0, '// x\nlet'),
      fixable('a.js', text, 1),
    ]);
    assert.deepEqual(refused, []);
    assert.equal(await readFile(place, 'utf8'), text);
    assert.deepEqual(await applyFixes(workspace.root, fixes), []);
    assert.equal(await readFile(place, 'utf8'), '\uFEFF// x\r\nlet a;\r\nlet ß;\r\n');
    if (process.platform !== 'win32') assert.equal((await stat(place)).mode & 0o777, 0o755);
  });

  it('do not touch a text that has changed, before or after the plan', async () => {
    const text = 'var a;\n';
    await using workspace = await makeWorkspace({ 'a.js': 'var b;\n', 'c.js': text });
    const plan = await planFixes(workspace.root, [fixable('a.js', text, 0), fixable('c.js', text, 0)]);
    assert.deepEqual(
      plan.refused.map(({ file }) => file),
      ['a.js'],
    );
    await writeFile(path.join(workspace.root, 'c.js'), 'var d;\n');
    assert.deepEqual(
      (await applyFixes(workspace.root, plan.fixes)).map(({ file }) => file),
      ['c.js'],
    );
    assert.equal(await readFile(path.join(workspace.root, 'c.js'), 'utf8'), 'var d;\n');
  });

  it('do not leave the folder, by a path or by a link', async () => {
    const text = 'var a;\n';
    await using workspace = await makeWorkspace({ 'in.js': text });
    const outside = path.join(workspace.root, '..', 'out.js');
    await writeFile(outside, text);
    if (process.platform !== 'win32') await symlink(outside, path.join(workspace.root, 'link.js'));
    const issues = ['../out.js', 'link.js', 'none.js'].map((file) => fixable(file, text, 0));
    const { fixes, refused } = await planFixes(workspace.root, issues);
    assert.deepEqual([fixes, refused.length], [[], 3]);
    assert.match(refused[0]?.why ?? '', /outside/);
  });

  it('omit suggestions, and what is not UTF-8', async () => {
    await using workspace = await makeWorkspace({ 'a.js': 'var a;\n' });
    await writeFile(path.join(workspace.root, 'latin.js'), Buffer.from('var \xe9;\n', 'latin1'));
    const issues = [fixable('a.js', 'var a;\n', 0, 'let', 'suggestion'), fixable('latin.js', 'var \uFFFD;\n', 0)];
    const { fixes, refused } = await planFixes(workspace.root, issues);
    assert.deepEqual([fixes, refused.map(({ file }) => file)], [[], ['a.js', 'latin.js']]);
  });
});
