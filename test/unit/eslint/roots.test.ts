import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { configsIn, irregularFiles } from '../../../workers/detectors/eslint/roots.ts';
import { makeWorkspace } from '../../support/workspace.ts';

describe('eslint: files that are none', () => {
  it('pipes and devices are found, so that ESLint does not open them', async function () {
    if (process.platform === 'win32') this.skip();
    await using workspace = await makeWorkspace({ 'src/a.js': '', 'node_modules/x/a.js': '' });
    const at = (file: string): string => path.join(workspace.root, file);
    for (const file of ['src/pipe.js', 'node_modules/x/pipe.js', 'eslint.config.js'])
      execFileSync('mkfifo', [at(file)]);
    symlinkSync('/dev/zero', at('zeros.js'));
    symlinkSync('src/a.js', at('link.js'));
    assert.deepEqual(
      irregularFiles(workspace.root).toSorted(),
      ['eslint.config.js', 'src/pipe.js', 'zeros.js'].map(at),
    );
    assert.deepEqual(configsIn(workspace.root), {});
  });

  it('an odd "eslintConfig" is no configuration', async () => {
    await using workspace = await makeWorkspace({
      'package.json': '{ "eslintConfig": null }',
      'a/package.json': 'null // "eslintConfig"',
    });
    assert.deepEqual([configsIn(workspace.root), configsIn(path.join(workspace.root, 'a'))], [{}, {}]);
  });
});
