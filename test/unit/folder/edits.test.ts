import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Issue } from '../../../workers/protocol/detector-protocol.ts';
import { isBusy, type DetectorStatus } from '../../../server/engine/status.ts';
import { Edits } from '../../../server/folder/edits.ts';
import { anIssue } from '../mcp/support.ts';
import { makeWorkspace, type TestWorkspace } from '../../support/workspace.ts';

describe('questions about an edit', () => {
  let workspace: TestWorkspace;
  before(async () => {
    workspace = await makeWorkspace({ 'a.js': '' });
  });
  after(() => workspace[Symbol.asyncDispose]());

  const idle: DetectorStatus = { name: 'eslint', state: 'done', problems: [], durationMs: 1, checked: 1, fraction: 1 };

  /** Milliseconds by which what happens now is before the edit, whose time is the file system's. */
  let passed = 0;

  /** A folder whose detector does as it is told. */
  function folder(detectors: readonly string[] = ['eslint']) {
    let status: readonly DetectorStatus[] = [idle];
    let found: readonly Issue[] = [];
    const reported: string[] = [];
    const edits: Edits = new Edits(
      {
        root: workspace.root,
        issuesOf: () => found,
        status: () => status,
        isBusy: () => status.some(({ state }) => isBusy(state)),
        detectorsOf: () => detectors,
        filesChanged: (changes) => {
          for (const { file, kind } of changes) reported.push(`${kind} ${file}`);
          status = [{ ...idle, state: 'running' }];
        },
        compare: () => Promise.resolve(true),
        isHeld: () => false,
      },
      () => Date.now() - passed,
    );
    const finish = (...rules: readonly string[]): void => {
      found = rules.map((rule) => anIssue({ file: 'a.js', rule }));
      edits.filesChanged(['a.js']);
      status = [idle];
      edits.statusChanged();
    };
    const ask = (waitMs: number) => edits.answer({ files: ['a.js'], session: 's', askedAt: Date.now(), waitMs });
    return { edits, reported, finish, ask, restrict: () => (status = [{ ...idle, state: 'restricted' }]) };
  }

  const told = ({ appeared, fixed }: { appeared: readonly Issue[]; fixed: readonly Issue[] }): readonly string[] => [
    ...appeared.map(({ rule }) => `+${rule}`),
    ...fixed.map(({ rule }) => `-${rule}`),
  ];

  it('are answered when the edit is analysed, and nothing is left out or repeated', async () => {
    const { edits, reported, finish, ask } = folder();
    passed = 60_000;
    finish('old');
    passed = 0;
    await writeFile(path.join(workspace.root, 'a.js'), 'edited');
    const first = ask(30_000);
    while (reported.length === 0) await new Promise((resolve) => setImmediate(resolve));
    finish('old', 'new');
    const { state, isDifference, ...answer } = await first;
    assert.deepEqual([state, isDifference, told(answer)], ['complete', true, ['+new']]);
    assert.deepEqual(reported, ['changed a.js']);
    // A detector that has not looked again says nothing. It is not finished in time, so the next answer has what this one could not.
    await writeFile(path.join(workspace.root, 'a.js'), 'edited again');
    // A hook waits for what is left of its time, which is no whole number.
    const asked = ask(0.4);
    edits.filesChanged(['a.js']);
    const late = await asked;
    assert.deepEqual([late.state, told(late), late.running], ['running', [], ['eslint']]);
    finish('new');
    const second = ask(30_000);
    while (reported.length < 3) await new Promise((resolve) => setImmediate(resolve));
    finish('new', 'more');
    assert.deepEqual(told(await second), ['+more', '-old']);
  });

  it('list the problems of the file if it is not known what was there before', async () => {
    const { reported, finish, ask } = folder([]);
    const answer = ask(30_000);
    while (reported.length === 0) await new Promise((resolve) => setImmediate(resolve));
    finish('there');
    const { isDifference, unchecked, ...rest } = await answer;
    assert.deepEqual([isDifference, told(rest), unchecked], [false, ['+there'], ['a.js']]);
    // What stays as it is, a session is told once.
    const again = ask(30_000);
    while (reported.length < 2) await new Promise((resolve) => setImmediate(resolve));
    finish('there');
    assert.deepEqual((await again).unchecked, []);
    assert.deepEqual(reported, ['created a.js', 'created a.js']);
  });
});
