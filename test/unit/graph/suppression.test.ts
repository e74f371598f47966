import assert from 'node:assert/strict';
import type { Finding } from '../../../workers/protocol/detector-protocol.ts';
import { suppress, suppressionsIn, UNUSED_SUPPRESSION } from '../../../workers/runtime/suppression.ts';

function at(line: number, rule = 'import-cycle'): Finding {
  return {
    rule,
    severity: 'warning',
    message: 'm',
    range: { start: { line, character: 0 }, end: { line, character: 1 } },
  };
}

const owns = (rule: string): boolean => rule === 'import-cycle' || rule === 'self-import';

describe('suppression', () => {
  for (const [name, comment] of Object.entries({
    line: '// bulkhead-ignore-next-line import-cycle -- both need it',
    block: '/* bulkhead-ignore-next-line circular/import-cycle -- both need it */',
    jsx: '{/* bulkhead-ignore-next-line import-cycle -- both need it */}',
    html: '<!-- bulkhead-ignore-next-line import-cycle -- both need it -->',
    hash: '  # bulkhead-ignore-next-line self-import, import-cycle -- both need it',
  })) {
    it(`reads a ${name} comment`, () => {
      const [one] = suppressionsIn(`first\r\n${comment}\r\nthird`);
      assert.equal(one?.reason, 'both need it');
      assert.equal(one.target, 2);
      assert.ok(one.rules.some((rule) => rule.endsWith('import-cycle')));
      const result = suppress(`first\r\n${comment}\r\nthird`, 'circular', [at(1), at(2), at(2, 'other')]);
      assert.deepEqual(result.findings, [at(1), at(2, 'other')]);
      assert.deepEqual(
        result.suppressed.map(({ finding }) => finding),
        [at(2)],
      );
    });
  }

  it('applies to its own line, or to the whole file', () => {
    const text = 'a\nb // bulkhead-ignore-line import-cycle\nc // bulkhead-ignore-file self-import\n';
    const { findings } = suppress(text, 'circular', [at(0), at(1), at(0, 'self-import'), at(2, 'self-import')], owns);
    assert.deepEqual(findings, [at(0)]);
  });

  it('without rules means all', () => {
    assert.deepEqual(suppress('// bulkhead-ignore-next-line\nx', 'circular', [at(1), at(1, 'y')]).findings, []);
  });

  it('stacks', () => {
    const text = '// bulkhead-ignore-next-line import-cycle\n// bulkhead-ignore-next-line self-import\nx';
    assert.deepEqual(suppress(text, 'circular', [at(2), at(2, 'self-import')], owns).findings, []);
  });

  it('is reported if it suppresses nothing, with a fix', () => {
    const text =
      'a\n  // bulkhead-ignore-next-line import-cycle\nb; // bulkhead-ignore-line self-import, import-cycle\n';
    const { findings } = suppress(text, 'circular', [at(2, 'self-import')], owns);
    assert.deepEqual(findings.map(({ rule, range }) => [rule, range.start.line]), [[UNUSED_SUPPRESSION, 1], [UNUSED_SUPPRESSION, 2]]); // prettier-ignore
    assert.deepEqual(findings[0]?.fixes?.[0]?.edits[0]?.range, {
      start: { line: 1, character: 0 },
      end: { line: 2, character: 0 },
    });
    assert.equal(findings[1]?.fixes, undefined);
  });

  it('is not reported for rules of other detectors', () => {
    const text = '// bulkhead-ignore-next-line no-console, import/unresolved\nx';
    assert.deepEqual(suppress(text, 'circular', [], owns).findings, []);
  });

  it('is not confused with longer words', () => {
    assert.deepEqual(suppressionsIn('// bulkhead-ignore-lines a\n// bulkhead-ignore-file-x'), []);
  });
});
