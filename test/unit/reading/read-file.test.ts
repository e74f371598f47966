import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  entryAt,
  readListedTextSync,
  readText,
  readTextSync,
  UnreadableFile,
  whyNotFile,
} from '../../../workers/protocol/read-file.ts';
import { makeWorkspace } from '../../support/workspace.ts';

const isWindows = process.platform === 'win32';

describe('reading files of a workspace', () => {
  /** What all ways of reading say. */
  async function refusal(file: string, maximum?: number): Promise<string> {
    const asynchronous = await readText(file, maximum).then(
      () => 'read',
      (error: unknown) => `${(error as UnreadableFile).code}: ${(error as UnreadableFile).message}`,
    );
    assert.throws(
      () => readTextSync(file, maximum),
      (error) => error instanceof UnreadableFile && `${error.code}: ${error.message}` === asynchronous,
    );
    if (maximum === undefined)
      assert.throws(
        () => readListedTextSync(file),
        (error) => error instanceof UnreadableFile && `${error.code}: ${error.message}` === asynchronous,
      );
    return asynchronous;
  }

  it('takes a byte order mark away, and decodes UTF-16', async () => {
    await using workspace = await makeWorkspace({ utf8: '\uFEFFä', empty: '' });
    const file = path.join(workspace.root, 'utf16');
    writeFileSync(file, Buffer.from('\uFEFFä', 'utf16le'));
    assert.deepEqual(
      ['utf8', 'empty'].flatMap((name) =>
        [readTextSync, readListedTextSync].map((read) => read(path.join(workspace.root, name))),
      ),
      ['ä', 'ä', '', ''],
    );
    assert.deepEqual([readTextSync(file), readListedTextSync(file), await readText(file)], ['ä', 'ä', 'ä']);
  });

  it('refuses what is missing, a folder, and what is too large, at once', async () => {
    await using workspace = await makeWorkspace({ large: 'abc' });
    const at = (name: string): string => path.join(workspace.root, name);
    mkdirSync(at('folder'));
    assert.match(await refusal(at('missing')), /^ENOENT: it does not exist$/);
    assert.match(await refusal(at('large/x')), /does not exist/);
    assert.match(await refusal(at('folder')), /^ENOTFILE: it is a folder, not a file$/);
    assert.match(await refusal(at('large'), 2), /^EFBIG: .*more than 0 MB/);
    // It takes no place on the disk, and would take all memory.
    truncateSync(at('large'), 2 ** 40);
    assert.match(await refusal(at('large')), /^EFBIG: .*more than 64 MB/);
    assert.match(await refusal(`${workspace.root}\0`), /./);
  });

  it('refuses pipes, devices and links that lead nowhere or to themselves, without waiting', async function () {
    if (isWindows) this.skip();
    await using workspace = await makeWorkspace();
    const at = (name: string): string => path.join(workspace.root, name);
    execFileSync('mkfifo', [at('pipe')]);
    symlinkSync('/dev/zero', at('zeros'));
    symlinkSync('loop', at('loop'));
    symlinkSync('missing', at('dangling'));
    assert.match(await refusal(at('pipe')), /named pipe/);
    assert.match(await refusal(at('zeros')), /device/);
    assert.match(await refusal(at('loop')), /ELOOP/);
    assert.match(await refusal(at('dangling')), /ENOENT/);
    const entries = ['pipe', 'zeros', 'loop', 'dangling', '.', 'no\0name'].map((name) => entryAt(at(name)));
    assert.deepEqual(entries, ['other', 'other', 'blocked', 'nothing', 'directory', 'blocked']);
    assert.deepEqual([whyNotFile(at('dangling')), whyNotFile(at('.'))], ['it is a link to nothing', 'it is a folder, not a file']); // prettier-ignore
  });
});
