import assert from 'node:assert/strict';
import path from 'node:path';
import { ConfigurationError, emptyConfiguration, type Configuration } from '../../../server/configuration/read.ts';
import { BaselineFilter } from '../../../server/folder/baseline-filter.ts';
import { FolderConfiguration } from '../../../server/folder/configuration.ts';
import { baselineOf, writeBaseline } from '../../../server/store/baseline.ts';
import { makeWorkspace } from '../../support/workspace.ts';
import { issue } from '../engine/support.ts';

describe('of several reads under way the last one counts', () => {
  it('for the configuration', async () => {
    const reads: PromiseWithResolvers<Configuration>[] = [];
    const configuration = new FolderConfiguration('/root', () => {
      const read = Promise.withResolvers<Configuration>();
      reads.push(read);
      return read.promise;
    });
    const pending = [configuration.read(), configuration.read(), configuration.read()];
    reads[2]?.resolve({ ...emptyConfiguration, exclude: ['new'] });
    await pending[2];
    reads[0]?.resolve({ ...emptyConfiguration, exclude: ['old'] });
    await pending[0];
    reads[1]?.reject(new ConfigurationError('broken', [issue('bulkhead', 'bulkhead.config.json', 0)]));
    await assert.rejects(pending[1] ?? Promise.resolve(), ConfigurationError);
    const { exclude, issues } = configuration.settings({});
    assert.deepEqual([exclude, issues], [['new'], []]);
  });

  it('for the baseline', async () => {
    await using workspace = await makeWorkspace({ 'a.ts': '' });
    const file = path.join(workspace.root, 'bulkhead-baseline.json');
    await writeBaseline(file, baselineOf([issue('eslint', 'a.ts', 0)]));
    const filter = new BaselineFilter('/');
    const slow = filter.read(file);
    await filter.read(undefined);
    await slow;
    assert.equal(filter.baseline, undefined);
  });
});
