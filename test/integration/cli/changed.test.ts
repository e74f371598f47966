import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { checkJson, cli } from '../../support/cli.ts';
import { makeBrokenWorkspace, makeWorkspace } from '../../support/workspace.ts';

function git(root: string, ...argv: readonly string[]): void {
  const settings = ['user.name=test', 'user.email=test@localhost', 'core.autocrlf=false', 'init.defaultBranch=trunk'];
  execFileSync('git', [...settings.flatMap((setting) => ['-c', setting]), ...argv], { cwd: root, stdio: 'pipe' });
}

function commitAll(root: string): void {
  git(root, 'add', '--all');
  git(root, 'commit', '--quiet', '-m', 'a commit');
}

describe('bulkhead check --changed', function () {
  this.timeout(120_000);

  it('shows the same issues in changed files and their dependents as a complete check', async () => {
    await using workspace = await makeBrokenWorkspace();
    const { root } = workspace;
    await workspace.write({
      '.gitignore': 'node_modules\n',
      'src/deep.ts': "import { clean } from './clean.js';\nexport const deep: number = clean;\n",
      'src/deeper.ts': "export * from './deep.js';\nexport const deeper: number = '';\n",
      'src/lost.ts': "export { gone } from './gone.js';\n",
      'src/gone.ts': 'export const gone = 1;\n',
    });
    git(root, 'init', '--quiet');
    commitAll(root);
    const places = async (...argv: string[]): Promise<readonly string[]> => {
      const { report } = await checkJson(root, ...argv);
      return [...new Set(report.issues.map(({ file }) => file))];
    };
    assert.deepEqual(await places('--changed'), [], 'nothing changed');

    await workspace.write({ 'src/clean.ts': 'export const clean = 1 > 2;\n', 'src/new.js': 'var fresh = 1;\n' });
    git(root, 'add', 'src/clean.ts');
    await rm(path.join(root, 'src/gone.ts'));
    const { report } = await checkJson(root, '--changed', '--detectors', 'typescript,eslint,circular,import');
    const { report: whole } = await checkJson(root, '--detectors', 'typescript,eslint,circular,import');
    const shown = new Set(['src/clean.ts', 'src/deep.ts', 'src/deeper.ts', 'src/lost.ts', 'src/new.js']);
    assert.deepEqual(
      report.issues,
      whole.issues.filter(({ file }) => shown.has(file)),
    );
    assert.deepEqual(
      [...new Set(report.issues.map(({ file }) => file))],
      ['src/deep.ts', 'src/deeper.ts', 'src/lost.ts', 'src/new.js'],
    );
    assert.deepEqual(report.summary.changed, { since: 'HEAD', files: 3, dependents: 3, everything: false });
    assert.ok(whole.issues.length > report.issues.length);

    // On a branch: what it did since it left the other one, committed or not.
    git(root, 'checkout', '--quiet', '-b', 'work');
    commitAll(root);
    git(root, 'checkout', '--quiet', 'trunk');
    await workspace.write({ 'src/types.ts': 'export const count: number = "elsewhere";\n' });
    commitAll(root);
    git(root, 'checkout', '--quiet', 'work');
    assert.deepEqual(await places('--changed'), []);
    await rename(path.join(root, 'src/new.js'), path.join(root, 'src/newer.js'));
    assert.deepEqual(await places('--changed', 'trunk'), [
      'src/deep.ts',
      'src/deeper.ts',
      'src/lost.ts',
      'src/newer.js',
    ]);

    await workspace.write({
      'tsconfig.json':
        '{ "compilerOptions": { "strict": true, "lib": ["es2023"], "types": [], "skipLibCheck": true }, "include": ["src"] }',
    });
    const { report: after } = await checkJson(root, '--changed=HEAD');
    assert.equal(after.summary.changed?.everything, true);
    assert.ok(after.issues.some(({ file }) => file === 'src/types.ts'));
  });

  it('says what is wrong and what to do about it', async () => {
    await using workspace = await makeWorkspace({ 'a.js': 'export const a = 1;\n' });
    const { root } = workspace;
    const outside = await cli('check', root, '--changed');
    assert.deepEqual([outside.code, outside.stdout], [2, '']);
    assert.match(outside.stderr, /needs a git repository.*Run without --changed/);
    git(root, 'init', '--quiet');
    assert.equal((await cli('check', root, '--changed')).code, 0, 'a repository without a commit: all is new');
    const unknown = await cli('check', root, '--changed', 'no-such-branch');
    assert.deepEqual([unknown.code, unknown.stdout], [2, '']);
    assert.match(
      unknown.stderr,
      /"no-such-branch" is not a commit in this repository.*bulkhead check no-such-branch --changed/,
    );
    assert.match((await cli('check', root, '--watch', '--changed')).stderr, /not both/);
    assert.match((await cli('check', root, '--watch', '--format', 'json')).stderr, /Use --format jsonl with --watch/);
    assert.match((await cli('baseline', root, '--changed')).stderr, /bulkhead baseline has no option --changed/);
  });
});
