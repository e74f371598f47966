import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { diagnosticOf } from '../../../server/lsp/diagnostics.ts';
import type { Issue } from '../../../workers/protocol/detector-protocol.ts';

function hrefOf(detector: string, rule: string, url?: string): string | undefined {
  const issue: Issue = {
    detector,
    rule,
    severity: 'warning',
    message: 'wrong',
    file: 'a.js',
    range: { start: { line: 0, character: 0 }, end: { line: 0, character: 1 } },
    fixable: false,
    fingerprint: 'f',
    ...(url === undefined ? {} : { url }),
  };
  return diagnosticOf(path.resolve('root'), issue).codeDescription?.href;
}

describe('the page of a rule', () => {
  it('is a file of this installation that describes the rule', () => {
    for (const [detector, rule] of [
      ['circular', 'import-cycle'],
      ['import', 'missing-export'],
      ['isolation', 'boundary'],
      ['package', 'unlisted-binary'],
    ] as const) {
      const href = hrefOf(detector, rule) ?? assert.fail(rule);
      assert.ok(readFileSync(fileURLToPath(href), 'utf8').startsWith(`# ${rule}\n`));
    }
  });

  it("is another tool's own where it gives one, and absent where there is none", () => {
    assert.equal(hrefOf('eslint', 'no-var', 'https://example.org/no-var'), 'https://example.org/no-var');
    assert.equal(hrefOf('eslint', 'no-var'), undefined);
    assert.equal(hrefOf('typescript', 'TS2322'), undefined);
  });
});
