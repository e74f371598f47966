/** A module that cannot be found is one issue, whoever finds it. */
import assert from 'node:assert/strict';
import { withoutRepeats } from '../../../server/engine/repeats.ts';
import type { Issue } from '../../../workers/protocol/detector-protocol.ts';

function issue(detector: string, rule: string, line = 0, [from, to] = [20, 30], severity: Issue['severity'] = 'error'): Issue {
  const range = { start: { line, character: from }, end: { line, character: to } };
  return { detector, rule, file: 'a.ts', severity, message: '', range, fixable: false, fingerprint: `${detector} ${rule} ${line}` };
} // prettier-ignore

const shown = (...all: Issue[]): readonly string[] =>
  withoutRepeats(all, all).map(({ detector, rule }) => `${detector}/${rule}`);

describe('issues that repeat each other', () => {
  it('are one', () => {
    const typescript = issue('typescript', 'TS2307');
    assert.deepEqual(shown(issue('knip', 'unresolved', 0, [21, 29]), typescript), ['typescript/TS2307']);
    assert.deepEqual(shown(issue('knip', 'unlisted', 0, [21, 25]), typescript), ['typescript/TS2307']);
    assert.deepEqual(shown(issue('knip', 'unlisted'), issue('import', 'unresolved-package')), ['import/unresolved-package']);
    assert.deepEqual(shown(issue('knip', 'unlisted'), issue('package', 'unlisted-dependency')), ['package/unlisted-dependency']);
  });

  it('show the most severe', () => {
    const all = [issue('package', 'unlisted-dependency', 0, [20, 30], 'warning'), issue('knip', 'unlisted')];
    assert.deepEqual(shown(...all), ['knip/unlisted']);
  });

  it('are two at different places, or about different things', () => {
    assert.equal(shown(issue('knip', 'unlisted', 1), issue('typescript', 'TS2307')).length, 2);
    assert.equal(shown(issue('knip', 'unlisted', 0, [31, 35]), issue('typescript', 'TS2307')).length, 2);
    assert.equal(shown(issue('knip', 'exports'), issue('typescript', 'TS2307')).length, 2);
    assert.equal(shown(issue('knip', 'unlisted'), issue('typescript', 'TS2322')).length, 2);
    assert.deepEqual(shown(issue('knip', 'unlisted')), ['knip/unlisted']);
  });

  it('stay hidden when the one that is shown is folded under a cause', () => {
    const knip = issue('knip', 'unlisted');
    assert.deepEqual(withoutRepeats([knip], [knip, issue('typescript', 'TS2307')]), []);
  });
}); // prettier-ignore
