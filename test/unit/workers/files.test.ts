import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isWalked, walkFiles, type UnreadableEntry, type WalkOptions } from '../../../workers/protocol/files.ts';

describe('walkFiles', () => {
  let root = '';

  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'bulkhead-files-'));
  });
  afterEach(async () => {
    await rm(root, { recursive: true, force: true });
  });

  const write = async (files: Readonly<Record<string, string>>): Promise<void> => {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(root, name)), { recursive: true });
      await writeFile(path.join(root, name), text);
    }
  };
  const walk = async (options?: WalkOptions, below = ''): Promise<readonly string[]> => {
    const files: string[] = [];
    for await (const file of walkFiles(path.join(root, below), options)) files.push(file);
    return files;
  };

  it('gives relative paths, breadth first, sorted, without packages and version control', async () => {
    await write({
      'b.ts': '',
      'a/é ü.ts': '',
      'a/c/d.js': '',
      'node_modules/p/i.js': '',
      '.git/HEAD': '',
      'x/.svn/y': '',
    });
    assert.deepEqual(await walk(), ['b.ts', 'a/é ü.ts', 'a/c/d.js']);
  });

  it('filters by extension and by name, and leaves excluded patterns out', async () => {
    await write({ 'a.ts': '', 'a.d.ts': '', 'b.js': '', 'dist/c.ts': '', 'q/gen/d.ts': '', 'q/e.mts': '' });
    assert.deepEqual(await walk({ extensions: ['.ts'], accept: (name) => !name.endsWith('.d.ts') }), [
      'a.ts',
      'dist/c.ts',
      'q/gen/d.ts',
    ]);
    assert.deepEqual(await walk({ exclude: ['**/{dist,gen}/**', '*.js'] }), ['a.d.ts', 'a.ts', 'q/e.mts']);
  });

  it('omits what git ignores: nested, anchored, negated, directories only', async () => {
    await write({
      '.gitignore': 'out/\n*.log\n/only-here.ts\n',
      'out/a.ts': '',
      'a.log': '',
      'only-here.ts': '',
      'p/only-here.ts': '',
      'p/.gitignore': '!keep.log\nlocal/*\n!local/keep.ts\n',
      'p/keep.log': '',
      'p/other.log': '',
      'p/local/a.ts': '',
      'p/local/keep.ts': '',
      'q/out': 'a file of that name',
    });
    const kept = await walk({ extensions: ['.ts', '.log', 'out'] });
    assert.deepEqual(kept, ['p/keep.log', 'p/only-here.ts', 'q/out', 'p/local/keep.ts']);
    assert.equal((await walk({ gitignore: false, extensions: ['.ts', '.log', 'out'] })).length, 9);
  });

  it('obeys the repository above the root, but shows an ignored folder that was opened itself', async () => {
    await write({
      '.git/info/exclude': 'secret.ts\n',
      '.gitignore': 'build/\n/packages/one/*.gen.ts\n',
      'packages/one/a.ts': '',
      'packages/one/a.gen.ts': '',
      'packages/one/secret.ts': '',
      'packages/one/build/b.ts': '',
    });
    assert.deepEqual(await walk({}, 'packages/one'), ['a.ts']);
    assert.deepEqual(await walk({}, 'packages/one/build'), ['b.ts']);
  });

  it('reads no ignore files above a folder that is not in a repository', async () => {
    await write({ '.gitignore': '*.ts\n', 'p/a.ts': '' });
    assert.deepEqual(await walk({}, 'p'), ['a.ts']);
  });

  it('does not apply its patterns to a repository inside the repository', async () => {
    await write({ '.gitignore': '*.gen.ts\n', 'inner/.git': 'gitdir: elsewhere', 'inner/a.gen.ts': '' });
    assert.deepEqual(await walk({ extensions: ['.ts'] }), ['inner/a.gen.ts']);
  });

  it('does not follow links to directories, so a loop ends, and skips dangling links', async () => {
    await write({ 'a/b.ts': '' });
    await symlink(root, path.join(root, 'a', 'loop'), 'junction');
    await symlink(path.join(root, 'a', 'b.ts'), path.join(root, 'link.ts'));
    await symlink('nowhere', path.join(root, 'dangling.ts'));
    assert.deepEqual(await walk(), ['link.ts', 'a/b.ts']);
  });

  it('reports a missing root, and continues after directories that it cannot read', async () => {
    const unreadable: UnreadableEntry[] = [];
    const onUnreadable = (directory: UnreadableEntry): void => void unreadable.push(directory);
    assert.deepEqual(await walk({ onUnreadable }, 'missing'), []);
    assert.deepEqual(
      unreadable.map(({ path: where, code }) => [where, code]),
      [['', 'ENOENT']],
    );
  });

  it('reports a directory without read permission', async () => {
    // Root and Windows read it all the same; what they see must still be complete.
    await write({ 'a/x.ts': '', 'closed/y.ts': '' });
    await chmod(path.join(root, 'closed'), 0o000);
    const unreadable: UnreadableEntry[] = [];
    const files = await walk({ onUnreadable: (directory) => void unreadable.push(directory) });
    await chmod(path.join(root, 'closed'), 0o755);
    assert.ok(files.includes('a/x.ts'));
    assert.equal(files.includes('closed/y.ts'), unreadable.length === 0);
    assert.ok(unreadable.every(({ path: where, code }) => where === 'closed' && code === 'EACCES'));
  });

  it('walks submodules and other repositories, but no second working tree of what it walks anyway', async () => {
    const top = root.replaceAll('\\', '/');
    await write({
      '.git/HEAD': '',
      'a.ts': '',
      'wt/feature/.git': `gitdir: ${top}/.git/worktrees/feature\n`,
      'wt/feature/a.ts': '',
      'wt/relative/.git': 'gitdir: ../../.git/worktrees/relative\n',
      'wt/relative/a.ts': '',
      'sub/.git': 'gitdir: ../.git/modules/sub\n',
      'sub/b.ts': '',
      'elsewhere/.git': 'gitdir: /repositories/other/.git/worktrees/elsewhere\n',
      'elsewhere/c.ts': '',
      'bare/.git': 'gitdir: ../.bare/worktrees/main\n',
      'bare/d.ts': '',
      'broken/.git': 'gitdir:\n',
      'broken/e.ts': '',
    });
    const extensions = ['.ts'];
    const all = ['a.ts', 'bare/d.ts', 'broken/e.ts', 'elsewhere/c.ts', 'sub/b.ts'];
    assert.deepEqual(await walk({ extensions }), all);
    assert.deepEqual(await walk({ extensions, gitignore: false }), all);
    assert.deepEqual(await walk({ extensions }, 'wt/feature'), ['a.ts'], 'opened itself');
    assert.deepEqual(
      await walk({ extensions }, 'wt'),
      ['feature/a.ts', 'relative/a.ts'],
      'without the main working tree',
    );
    assert.deepEqual([await isWalked(root, 'wt/feature'), await isWalked(root, 'sub'), await isWalked(root, 'none')], [false, true, false]); // prettier-ignore
  });

  it('stops when aborted', async () => {
    await write({ 'a/b/c.ts': '', 'd.ts': '' });
    const controller = new AbortController();
    const seen: string[] = [];
    await assert.rejects(
      async () => {
        for await (const file of walkFiles(root, { signal: controller.signal })) {
          seen.push(file);
          controller.abort();
        }
      },
      { name: 'AbortError' },
    );
    assert.deepEqual(seen, ['d.ts']);
  });
});
