/** What TypeScript's JavaScript engine reads from the disk, and what it does not read again. */
import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import ts from 'typescript';
import { Disk } from '../../../workers/detectors/typescript/javascript-host.ts';

describe('typescript: files of a program', () => {
  const root = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'bulkhead-disk-')));
  const names = ['a.ts', 'b.ts', 'c.ts'];
  const files = names.map((name) => path.join(root, name).replaceAll('\\', '/'));
  let read: string[] = [];
  const readFile: ts.System['readFile'] = (file, encoding) => {
    read.push(path.basename(file));
    return ts.sys.readFile(file, encoding);
  };
  const disk = new Disk({ ...ts, sys: { ...ts.sys, readFile } }, root);
  const host = disk.hostFor({ strict: true });
  const nothing = new Map<string, string>();

  after(() => rmSync(root, { recursive: true, force: true }));

  /** As the next program does. @returns what was read for it */
  function parse(): { readonly sources: readonly (ts.SourceFile | undefined)[]; readonly read: readonly string[] } {
    read = [];
    const sources = files.map((file) => host.getSourceFile(file, ts.ScriptTarget.ES2022));
    return { sources, read };
  }

  it('are read again only if they changed, also after other programs were let go', () => {
    for (const file of files) writeFileSync(file, 'export const one = 1;\n');
    const [a, b, c] = files.map(path.normalize);
    assert.ok(a !== undefined && b !== undefined && c !== undefined);
    disk.update({ overlays: nothing });
    const first = parse();
    assert.deepEqual(first.read, names);

    disk.forget(first.sources.slice(0, 2).flatMap((source) => source ?? []));
    writeFileSync(b, 'export const two = 2;\n');
    disk.update({ overlays: nothing, changed: [b] });
    const second = parse();
    assert.deepEqual(second.read, ['b.ts', 'c.ts'], 'what changed, and what was let go');
    assert.equal(second.sources[0], first.sources[0]);
    assert.equal(second.sources[1]?.text, 'export const two = 2;\n');

    disk.update({ overlays: new Map([[a, 'export const typed = 3;\n']]), changed: [] });
    const third = parse();
    assert.deepEqual([third.read, third.sources[0]?.text], [[], 'export const typed = 3;\n']);
    disk.update({ overlays: nothing, changed: [] });
    const fourth = parse();
    assert.deepEqual([fourth.read, fourth.sources[0]?.text], [['a.ts'], 'export const one = 1;\n']);

    disk.update({ overlays: nothing });
    assert.deepEqual(parse().read, names, 'nobody knows what changed');
  });
});
