/** A detector that kills its process: the others' issues are complete, the server lives, and the reason is told. */
import assert from 'node:assert/strict';
import { activated, issues, settled } from './support/bulkhead.ts';
import { driver } from './support/driver.ts';
import { workspaces } from './support/workspaces.ts';
import type { BulkheadApi } from '../../client/extension.ts';

describe('an ESLint configuration that kills its process', () => {
  const others = workspaces.fault().issues.filter((issue) => !issue.includes(' eslint '));
  let api: BulkheadApi;

  before(async () => {
    api = await activated();
  });

  it('leaves the issues of the other detectors complete and the server alive', async () => {
    const servers = new Set<number | undefined>();
    const listener = api.onDidChangeStatus(() => servers.add(api.serverPid));
    const { state, detectors } = await settled(api);
    servers.add(api.serverPid);
    listener.dispose();
    assert.equal(state, 'problem');
    assert.equal(servers.size, 1, 'the server was replaced');
    assert.deepEqual(
      issues().filter((issue) => !issue.includes(' eslint ')),
      others,
    );
    const undone = detectors.filter(({ status }) => status !== 'done');
    assert.deepEqual(
      undone.map(({ name, status }) => [name, status]),
      [
        ['eslint', 'failed'],
        ['knip', 'not-applicable'],
      ],
    );
    assert.match(undone[0]?.error ?? '', /SIGKILL/);
  });

  it('shows the problem in the status bar', async () => {
    const item = '.statusbar-item[id^="bulkhead.bulkhead"] a';
    await driver.read(item, /eslint/i);
    await driver.hover(item);
    await driver.read('.monaco-hover .hover-contents', /SIGKILL/);
    await driver.screenshot('fault');
  });
});
