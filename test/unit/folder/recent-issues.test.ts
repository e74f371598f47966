import assert from 'node:assert/strict';
import type { Issue } from '../../../workers/protocol/detector-protocol.ts';
import { RecentIssues } from '../../../server/folder/recent-issues.ts';
import { anIssue } from '../mcp/support.ts';

describe('what became of the issues lately', () => {
  const issue = (file: string, rule: string): Issue => anIssue({ file, rule });
  const rules = (issues: readonly Issue[] = []): string => issues.map(({ file, rule }) => `${file} ${rule}`).join();

  function folder() {
    const now = new Map<string, readonly Issue[]>();
    const recent = new RecentIssues((file) => now.get(file) ?? []);
    const set = (at: number | undefined, file: string, ...found: readonly string[]): void => {
      now.set(file, found.map((rule) => issue(file, rule))); // prettier-ignore
      recent.changed([file]);
      if (at !== undefined) recent.moment(at);
    };
    const since = (time: number): string => {
      const found = recent.since(time);
      return found === undefined ? 'unknown' : `+${rules(found.appeared)} -${rules(found.fixed)}`;
    };
    return { set, since, recent };
  }

  it('is what differs from the last moment before', () => {
    const { set, since } = folder();
    assert.equal(since(5), 'unknown');
    set(10, 'a', 'one');
    set(20, 'a', 'one', 'two');
    set(30, 'b', 'three');
    set(40, 'a', 'two');
    assert.equal(since(10), 'unknown', 'the first moment is not before');
    assert.equal(since(15), '+b three,a two -a one'.replace('b three,a two', 'a two,b three'));
    assert.equal(since(25), '+b three -a one');
    assert.equal(since(35), '+ -a one');
    assert.equal(since(45), '+ -');
  });

  it('includes what is known since the last moment', () => {
    const { set, since } = folder();
    set(10, 'a', 'one');
    set(undefined, 'a', 'one', 'two');
    assert.equal(since(20), '+a two -');
  });

  it('is nothing where an issue came and went', () => {
    const { set, since } = folder();
    set(10, 'a', 'one');
    set(20, 'a');
    set(30, 'a', 'one');
    assert.equal(since(15), '+ -');
  });

  it('is unknown, not wrong, when too much has happened', () => {
    const { set, since } = folder();
    set(1, 'a');
    for (let at = 2; at < 400; at += 1) set(at, 'a', `rule ${at}`);
    assert.equal(since(50), 'unknown');
    assert.equal(since(399), '+a rule 399 -a rule 398');
  });
});
