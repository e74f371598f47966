import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildIfStale } from '../../../scripts/fresh-build.mjs';
import { makeWorkspace } from '../../support/workspace.ts';

describe('fresh build', () => {
  it('builds when sources or dist differ from the last build, and only then', async () => {
    await using project = await makeWorkspace({
      'client/extension.ts': '1',
      'server/a/b.ts': '2',
      'package.json': '{}',
    });
    const { root } = project;
    const dist = path.join(root, 'dist');
    let builds = 0;
    const ensure = (): boolean =>
      buildIfStale(root, () => {
        builds += 1;
        rmSync(dist, { recursive: true, force: true });
        mkdirSync(dist);
        writeFileSync(path.join(dist, 'server.mjs'), 'built');
      });
    assert.equal(ensure(), true, 'never built');
    assert.equal(ensure(), false);
    await project.write({ 'README.md': 'text', 'test/a.test.ts': 'a test' });
    assert.equal(ensure(), false, 'not part of the bundle');
    await project.write({ 'server/a/b.ts': '3' });
    assert.equal(ensure(), true, 'an edited source');
    await project.write({ 'workers/new.ts': '' });
    assert.equal(ensure(), true, 'a new source');
    rmSync(path.join(root, 'workers/new.ts'));
    assert.equal(ensure(), true, 'a deleted source');
    await project.write({ 'dist/server.mjs': 'built by hand from something else' });
    assert.equal(ensure(), true, 'another dist');
    rmSync(dist, { recursive: true });
    assert.equal(ensure(), true, 'no dist');
    assert.equal(ensure(), false);
    assert.equal(builds, 6);
  });

  it('that fails is tried again', async () => {
    await using project = await makeWorkspace({ 'client/extension.ts': '1' });
    const broken = (): void => {
      throw new Error('syntax error');
    };
    assert.throws(() => buildIfStale(project.root, broken), /syntax error/);
    assert.throws(() => buildIfStale(project.root, broken), /syntax error/);
  });
});
