import assert from 'node:assert/strict';
import type { CodeActionParams, Diagnostic, Range } from 'vscode-languageserver/node';
import { PositionEncoding } from '../../../server/lsp/position-encoding.ts';

const text = "const grün = '😀'; let x = 1;\r\nplain\n";
const range = (line: number, [start, end]: readonly [number, number]): Range => ({
  start: { line, character: start },
  end: { line, character: end },
});
const textOf = (uri: string): Promise<string | undefined> =>
  Promise.resolve(uri.endsWith('gone.js') ? undefined : text);
const encodingOf = (...offered: readonly string[]): PositionEncoding => new PositionEncoding(offered, textOf);

/** The columns of `x` in the first line. */
const columns = { 'utf-16': [23, 24], 'utf-8': [26, 27], 'utf-32': [22, 23] } as const;

describe('position encoding', () => {
  it('is UTF-16 unless the client cannot count it', () => {
    assert.equal(new PositionEncoding(undefined, textOf).kind, 'utf-16');
    assert.equal(encodingOf('utf-8', 'utf-32', 'utf-16').kind, 'utf-16');
    assert.equal(encodingOf('utf-8').kind, 'utf-8');
    assert.equal(encodingOf('utf-32', 'utf-8').kind, 'utf-32');
    assert.equal(encodingOf('nonsense').kind, 'utf-16');
  });

  for (const kind of ['utf-16', 'utf-8', 'utf-32'] as const) {
    it(`converts diagnostics, edits and requests: ${kind}`, async () => {
      const encoding = encodingOf(kind);
      const own = range(0, columns['utf-16']);
      const theirs = range(0, columns[kind]);
      const diagnostic: Diagnostic = { message: 'm', range: own };
      const related = { message: 'r', location: { uri: 'file:///b.js', range: own } };
      const [sent] = await encoding.diagnostics('file:///a.js', [{ ...diagnostic, relatedInformation: [related] }]);
      assert.deepEqual(sent?.range, theirs);
      assert.deepEqual(sent.relatedInformation?.[0]?.location.range, theirs);
      assert.deepEqual((await encoding.diagnostics('file:///gone.js', [diagnostic]))[0]?.range, own, 'as it is');
      assert.deepEqual(
        (await encoding.diagnostics('file:///a.js', [{ ...diagnostic, range: range(1, [0, 5]) }]))[0]?.range,
        range(1, [0, 5]),
      );
      const edits = [{ range: own, newText: 'y' }];
      const [first, second] = await encoding.actions('file:///a.js', [
        { title: 't', edit: { changes: { 'file:///a.js': edits } } },
        { title: 't', edit: { documentChanges: [{ textDocument: { uri: 'file:///a.js', version: 1 }, edits }] } },
      ]);
      const expected = [{ range: theirs, newText: 'y' }];
      assert.deepEqual(first?.edit, { changes: { 'file:///a.js': expected } });
      assert.deepEqual(second?.edit, { documentChanges: [{ textDocument: { uri: 'file:///a.js', version: 1 }, edits: expected }] }); // prettier-ignore
      const params: CodeActionParams = {
        textDocument: { uri: 'file:///a.js' },
        range: theirs,
        context: { diagnostics: [{ message: 'm', range: theirs }] },
      };
      const { range: asked, context } = await encoding.request(params);
      assert.deepEqual([asked, context.diagnostics[0]?.range], [own, own]);
    });
  }
});
