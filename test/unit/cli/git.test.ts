/** A repository names programs that git starts by itself. None of them runs when Bulkhead asks what has changed. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { changedFiles } from '../../../server/cli/changed.ts';

describe('git in a hostile repository', () => {
  let root: string;
  const git = (...argv: string[]): string =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', '-c', 'init.defaultBranch=trunk', ...argv], { cwd: root, encoding: 'utf8' }); // prettier-ignore

  before(() => {
    root = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'bulkhead-git-')));
    writeFileSync(path.join(root, 'a.txt'), 'a\n');
    writeFileSync(path.join(root, '.gitattributes'), '*.txt filter=evil diff=evil\n*.odd filter=x=y.z\n');
    git('init', '--quiet');
    git('add', '--all');
    git('commit', '--quiet', '-m', 'first');
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  it('starts nothing that the repository names, and finds the same files', async () => {
    const executed = path.join(root, '.git', 'executed');
    const evil = path.join(root, '.git', 'evil.sh');
    writeFileSync(evil, `#!/bin/sh\ntouch '${executed}'\ncat 2>/dev/null\n`);
    chmodSync(evil, 0o755);
    const more = path.join(root, '.git', 'more');
    writeFileSync(
      more,
      `[filter "evil"]\n\tclean = ${evil}\n\tsmudge = ${evil}\n\tprocess = ${evil}\n\trequired = true\n`,
    );
    appendFileSync(
      path.join(root, '.git', 'config'),
      `[core]\n\tfsmonitor = ${evil}\n\thooksPath = ${path.dirname(evil)}\n\tsshCommand = ${evil}\n\tpager = ${evil}\n` +
        `[diff]\n\texternal = ${evil}\n[diff "evil"]\n\ttextconv = ${evil}\n\tcommand = ${evil}\n[include]\n\tpath = more\n` +
        `[filter "x=y.z"]\n\tclean = ${evil}\n\trequired = true\n`,
    );
    for (const hook of ['post-index-change', 'fsmonitor-watchman']) {
      writeFileSync(path.join(root, '.git', hook), `#!/bin/sh\ntouch '${executed}'\n`);
      chmodSync(path.join(root, '.git', hook), 0o755);
    }
    writeFileSync(path.join(root, 'a.txt'), 'b\n');
    writeFileSync(path.join(root, 'b.odd'), 'b\n');
    assert.deepEqual(await changedFiles(root, undefined), ['a.txt', 'b.odd']);
    assert.deepEqual(await changedFiles(root, 'HEAD'), ['a.txt', 'b.odd']);
    assert.equal(existsSync(executed), false);
  });
});
