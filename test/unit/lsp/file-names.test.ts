import assert from 'node:assert/strict';
import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { FileNames } from '../../../server/lsp/file-names.ts';
import { makeWorkspace } from '../../support/workspace.ts';

const uri = (...parts: readonly string[]): string => pathToFileURL(path.join(...parts)).href;

describe('file names', () => {
  it('are one for a file, however the editor spells it, and the editor hears the name that it uses', async () => {
    await using workspace = await makeWorkspace({ 'real/src/a b.ts': '' });
    const [real, link] = [path.join(workspace.root, 'real'), path.join(workspace.root, 'link')];
    await symlink(real, link, 'junction');
    const names = new FileNames();
    names.addRoot(`${uri(link)}/`);
    assert.deepEqual(names.roots, [real]);
    const file = path.join(real, 'src', 'a b.ts');
    const spellings = [
      uri(file),
      uri(link, 'src', 'a b.ts'),
      uri(link, 'src', 'a b.ts').replace('a%20b', '%61%20%62'),
      `${uri(link)}//src/./a%20b.ts`,
    ];
    for (const spelling of spellings) assert.equal(names.pathOf(spelling), file, spelling);
    assert.deepEqual(names.urisOf(file), [uri(link, 'src', 'a b.ts')], 'as below the root');
    for (const spelling of spellings) {
      names.opened(spelling);
      assert.deepEqual(names.urisOf(file), [spelling], 'as the document was opened');
      names.closed(spelling);
    }
    assert.deepEqual(names.urisOf(file), [uri(link, 'src', 'a b.ts')]);
    assert.equal(names.uriOf(path.join(workspace.root, 'other.ts')), uri(workspace.root, 'other.ts'), 'outside');
  });

  it('of a root are taken back under any spelling, and another spelling keeps it open', async () => {
    await using workspace = await makeWorkspace({ 'real/a.ts': '' });
    const [real, link] = [path.join(workspace.root, 'real'), path.join(workspace.root, 'link')];
    await symlink(real, link, 'junction');
    const names = new FileNames();
    names.addRoot(uri(real));
    names.addRoot(uri(link));
    names.addRoot(`${uri(real)}/`);
    assert.deepEqual(names.roots, [real], 'one root');
    names.removeRoot(`${uri(real)}/`);
    assert.deepEqual(names.roots, [real], 'the link is still there');
    names.removeRoot(uri(link));
    assert.deepEqual(names.roots, []);
  });

  it('of files that are gone, of folders, and of what is no file', async () => {
    await using workspace = await makeWorkspace();
    const names = new FileNames();
    names.addRoot(uri(workspace.root));
    const gone = path.join(workspace.root, 'gone', 'deep', 'a.ts');
    assert.equal(names.pathOf(uri(gone)), gone);
    assert.equal(names.pathOf(uri(workspace.root)), workspace.root);
    assert.equal(names.pathOf('untitled:Untitled-1'), undefined);
    assert.equal(names.pathOf('file://%zz'), undefined);
    await mkdir(path.dirname(gone), { recursive: true });
    assert.equal(names.pathOf(uri(gone)), gone);
  });
});
