import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { mock } from 'node:test';
import { FolderWatcher, WatchError } from '../../../server/folder/watcher.ts';

describe('folder watcher', () => {
  it('says what to do when the limit of the system is reached, whoever uses it', async () => {
    const watch = mock.method(fs, 'watch', () => {
      throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    });
    syncBuiltinESMExports();
    try {
      const starting = FolderWatcher.start(import.meta.dirname, { onChanges: () => {}, onError: () => {} });
      await assert.rejects(starting, (error) => {
        assert.ok(error instanceof WatchError);
        assert.match(error.message, /max_user_watches=\d+\), or open the folder without watching it\.$/);
        assert.doesNotMatch(error.message, /--/);
        return true;
      });
    } finally {
      watch.mock.restore();
      syncBuiltinESMExports();
    }
  });
});
