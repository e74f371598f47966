import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { makeDirectory } from '../../server/make-directory.ts';
import { whyForeign } from '../../server/ownership.ts';

describe('whose a folder is', () => {
  let base: string;
  let dir: string;

  beforeEach(async function () {
    if (process.platform === 'win32') this.skip();
    base = await mkdtemp(path.join(os.tmpdir(), 'bulkhead-own-'));
    dir = path.join(base, 'bulkhead', 'root');
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await writeFile(path.join(dir, 'leader.json'), '{}', { mode: 0o600 });
  });
  afterEach(() => rm(base, { recursive: true, force: true }));

  it("is fine if it is this user's alone, or does not exist yet", async () => {
    assert.equal(await whyForeign(dir), undefined);
    assert.equal(await whyForeign(path.join(base, 'none', 'at-all')), undefined);
    await symlink('leader.json', path.join(dir, 'link'));
    assert.equal(await whyForeign(dir), undefined);
  });

  it('is not if others can write it, the folder around it, or anything in it', async () => {
    for (const file of [path.join(dir, 'leader.json'), path.dirname(dir), dir]) {
      await chmod(file, 0o777);
      if (path.extname(file) !== '') {
        assert.equal(await whyForeign(dir), undefined, 'nobody else reaches it');
        await chmod(dir, 0o755);
      }
      assert.equal(await whyForeign(dir), `${file} can be written by other users`);
      await chmod(file, 0o700);
      await chmod(dir, 0o700);
    }
    await chmod(path.dirname(dir), 0o777);
    assert.equal(await whyForeign(dir, { withParent: false }), undefined, 'as that of temporary files');
  });

  it('is not if it, or what is in it, belongs to somebody else', async () => {
    const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const other = { uid: own.uid + 1, gid: own.gid };
    assert.match((await whyForeign(dir, { user: other })) ?? '', /belongs to another user/);
  });

  it('says why it cannot be made, also where Node would try for ever', () => {
    makeDirectory(path.join(dir, 'a', 'b', 'c'));
    makeDirectory(path.join(dir, 'a', 'b', 'c'));
    assert.equal(existsSync(path.join(dir, 'a', 'b', 'c')), true);
    assert.throws(() => makeDirectory(path.join(dir, 'leader.json', 'below')), /ENOTDIR|EEXIST/);
    if (existsSync('/proc/self')) assert.throws(() => makeDirectory('/proc/no-such/bulkhead'), /ENOENT/);
  });

  it("lets a group write that is only the user's own", async () => {
    await chmod(dir, 0o770);
    const uid = process.getuid?.() ?? 0;
    const gid = process.getgid?.() ?? 0;
    assert.equal(await whyForeign(dir, { user: { uid, gid } }), uid === gid ? undefined : `${dir} can be written by other users`); // prettier-ignore
    assert.equal(await whyForeign(dir, { user: { uid, gid: gid + 1 } }), `${dir} can be written by other users`);
  });
});
