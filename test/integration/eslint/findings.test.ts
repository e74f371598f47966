/** ESLint's messages as findings, where the command line cannot be asked. */
import assert from 'node:assert/strict';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { LintMessage } from '../../../workers/detectors/eslint/installation.ts';
import { toFindings, toRuleErrorFinding } from '../../../workers/detectors/eslint/findings.ts';

function findingFor(message: Partial<LintMessage>, text: string): ReturnType<typeof toFindings>[number] {
  const [finding] = toFindings([{ ruleId: 'rule', severity: 1, message: 'm', ...message }], text, () => undefined);
  assert.ok(finding);
  return finding;
}

function applied(text: string, range: readonly [number, number], newText: string): string {
  const finding = findingFor({ line: 1, column: 1, fix: { range, text: newText } }, text);
  const edits = finding.fixes?.flatMap((fix) =>
    fix.edits.map((edit) => ({ range: edit.range, newText: edit.newText })),
  );
  return TextDocument.applyEdits(TextDocument.create('', '', 0, text.replace('\uFEFF', '')), edits ?? []);
}

describe('eslint: findings', () => {
  it('without a place they are at the start, and never before it', () => {
    for (const place of [{}, { line: 0, column: 0 }, { line: Number.NaN, column: Number.NaN }]) {
      assert.deepEqual(findingFor(place, '').range, {
        start: { line: 0, character: 0 },
        end: { line: 0, character: 0 },
      });
    }
  });

  it('without an end they cover the word, the comment or the character that starts there', () => {
    const endOf = (text: string, column: number): number => findingFor({ line: 1, column }, text).range.end.character;
    assert.equal(endOf('let größe_1 = 2;', 5), 11);
    assert.equal(endOf('x; // eslint-disable-line', 4), 25);
    assert.equal(endOf('a = = b', 5), 5);
    assert.equal(endOf('a', 2), 1);
  });

  it('an end before the start is the start', () => {
    const start = { line: 1, character: 2 };
    for (const end of [
      { endLine: 2, endColumn: 1 },
      { endLine: 1, endColumn: 9 },
      { endLine: 0, endColumn: 0 },
    ]) {
      assert.deepEqual(findingFor({ line: 2, column: 3, ...end }, 'a\nb c\n').range, { start, end: start });
    }
  });

  it('edits that split a line end take the other half along', () => {
    assert.equal(applied('a\r\nb', [1, 2], ''), 'a\nb');
    assert.equal(applied('a\r\nb', [2, 3], ''), 'a\rb');
    assert.equal(applied('a\r\nb', [2, 2], ';'), 'a\r;\nb');
    assert.equal(applied('a\r\nb', [0, 3], 'c'), 'cb');
    assert.equal(applied('\uFEFFa\nb', [1, 2], ''), 'ab');
  });

  it('lines that only ESLint ends are no lines of the editor', () => {
    const text = 'a\u2028b\r\nc\u2029d';
    assert.deepEqual(findingFor({ line: 4, column: 1, endLine: 4, endColumn: 2 }, text).range, {
      start: { line: 1, character: 2 },
      end: { line: 1, character: 3 },
    });
  });

  it('tags what is unnecessary and what is deprecated, whatever the plugin', () => {
    const tagOf = (ruleId: string): string | undefined => findingFor({ ruleId }, '').tags?.[0];
    for (const rule of ['no-unused-vars', '@typescript-eslint/no-unused-vars', 'unused-imports/no-unused-imports']) {
      assert.equal(tagOf(rule), 'unnecessary', rule);
    }
    for (const rule of ['@typescript-eslint/no-deprecated', 'deprecation/deprecation', 'n/no-deprecated-api']) {
      assert.equal(tagOf(rule), 'deprecated', rule);
    }
    for (const rule of ['no-unused-expressions', 'semi']) assert.equal(tagOf(rule), undefined, rule);
  });

  it('whatever is thrown becomes a finding', () => {
    assert.match(toRuleErrorFinding('a string').message, /^ESLint failed on this file.*a string/);
    assert.match(toRuleErrorFinding(undefined).message, /undefined/);
    const error = Object.assign(new RangeError('out of it\nOccurred while linting /x/a.js:1'), { ruleId: 'x/y' });
    assert.match(toRuleErrorFinding(error).message, /^The rule x\/y failed.*: RangeError: out of it\. Turn/);
  });
});
