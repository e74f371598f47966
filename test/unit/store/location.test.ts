import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { nameOf, storeDirFor } from '../../../server/store/location.ts';
import { temporaryFolders } from './support.ts';

describe('store: location', () => {
  const folder = temporaryFolders();

  it("is a folder per root in the platform's cache folder", async () => {
    const linux = { platform: 'linux', home: '/home/me' } as const;
    const name = nameOf('/nowhere/my project', 'linux');
    assert.match(name, /^my_project-[0-9a-f]{16}$/);
    assert.equal(await storeDirFor('/nowhere/my project', { ...linux, env: {} }), `/home/me/.cache/bulkhead/${name}`);
    assert.equal(
      await storeDirFor('/nowhere/my project', { ...linux, env: { XDG_CACHE_HOME: '/cache' } }),
      `/cache/bulkhead/${name}`,
    );
    assert.equal(
      await storeDirFor('/nowhere/my project', { ...linux, env: { XDG_CACHE_HOME: 'relative' } }),
      `/home/me/.cache/bulkhead/${name}`,
    );
    assert.equal(
      await storeDirFor('/nowhere/my project', { platform: 'darwin', home: '/Users/me', env: {} }),
      `/Users/me/Library/Caches/bulkhead/${name}`,
    );
    const windows = await storeDirFor('C:\\nowhere\\project', {
      platform: 'win32',
      env: { LOCALAPPDATA: 'D:\\Local' },
    });
    assert.equal(windows, `D:\\Local\\bulkhead\\Cache\\${nameOf('C:\\nowhere\\project', 'win32')}`);
  });

  it("is in the editor's storage folder if there is one", async () => {
    const dir = await storeDirFor('/nowhere/project', { storageDir: '/editor/storage', platform: 'linux' });
    assert.equal(path.posix.dirname(dir), '/editor/storage');
  });

  it('is the same whatever path leads to the root, and different for other roots', async () => {
    const base = folder('roots');
    mkdirSync(path.join(base, 'real'));
    mkdirSync(path.join(base, 'other'));
    symlinkSync(path.join(base, 'real'), path.join(base, 'link'), 'junction');
    const [real, link, other] = await Promise.all(
      ['real', 'link', 'other'].map((name) => storeDirFor(path.join(base, name))),
    );
    assert.equal(link, real);
    assert.notEqual(other, real);
    assert.equal(nameOf('C:\\Project', 'win32').slice(-16), nameOf('c:\\project', 'win32').slice(-16));
    assert.notEqual(nameOf('/Project', 'linux').slice(-16), nameOf('/project', 'linux').slice(-16));
  });
});
