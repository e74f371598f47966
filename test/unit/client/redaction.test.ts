/** What a report of a problem says of the workspace: nothing. */
import assert from 'node:assert/strict';
import { Redaction, vocabularyOf } from '../../../client/report/redaction.ts';

const ours = [
  'the worker ended of heap out memory while it checked cannot read properties undefined reading find name line stack at new eslint',
  'restarts message state busy file is not defined error in and has a typescript TypeError TS2304 max-old-space-size info ms pid',
];
const make = (roots = ['/home/someone/shop']) =>
  new Redaction({ vocabulary: vocabularyOf(ours), roots, extension: '/home/someone/.vscode/extensions/bulkhead' });

describe('redaction', () => {
  it('keeps our words and numbers, and takes out all others', () => {
    const text = make().text(
      'The worker ended: 2026-11-30 12:00:01.123 [info] invoiceTotal is not defined (heap 120 ms)',
    );
    assert.equal(text, 'The worker ended: 2026-11-30 12:00:01.123 [info] ‹word-1› is not defined (heap 120 ms)');
  });

  it('names a file the same wherever it stands, and tells no folder', () => {
    const redaction = make();
    const forms = [
      '/home/someone/shop/src/invoice.ts:3:7',
      'src/invoice.ts',
      'file:///home/someone/shop/src/invoice.ts',
      '"src/invoice.ts"',
      'src\\invoice.ts(3,7)',
    ];
    const path = '‹path-1›.ts';
    assert.deepEqual(
      forms.map((form) => redaction.text(form)),
      [`${path}:3:7`, path, path, `"${path}"`, `${path}(3,7)`],
    );
    assert.equal(redaction.text('index.ts and /home/someone/other'), '‹path-2›.ts and ‹path-3›');
  });

  it('knows a drive of Windows however it is written', () => {
    const redaction = make(['C:\\Users\\someone\\shop']);
    const forms = ['c:\\Users\\someone\\shop\\a.ts', 'file:///c%3A/Users/someone/shop/a.ts', 'a.ts'];
    assert.deepEqual([...new Set(forms.map((form) => redaction.text(form)))], ['‹path-1›.ts']);
  });

  it('keeps places in the extension, unless the extension is the workspace', () => {
    const frame = 'at new Worker (/home/someone/.vscode/extensions/bulkhead/dist/server.mjs:10:5)';
    assert.equal(make().text(frame), 'at new Worker (‹extension›/dist/server.mjs:10:5)');
    assert.doesNotMatch(make(['/home/someone/.vscode/extensions/bulkhead']).text(frame), /server/);
  });

  it('takes out what is quoted, lines of source, secrets and names of packages', () => {
    const hidden = [
      `Cannot find name 'customerId'.`,
      'const total = price * quantity;',
      'the file "worker and heap in line"',
      'eslint-plugin-acme @acme/rules acme.rules',
      '4111111111111111 sk_live_51H',
      'Überweisung naïve 顧客',
      `it's customer's`,
      '`worker memory`',
      `Type '5551234567' is not assignable`,
    ];
    const shown = make().text(hidden.join('\n'));
    assert.doesNotMatch(
      shown,
      /customer|total|price|quantity|worker and|acme|rules|4111|sk_live|51H|weisung|na.ve|顧|worker memory|555/,
    );
    assert.match(shown, /^Cannot find name '‹word-1›'\.\n/);
  });

  it('goes through structures, names of members too, and leaves numbers', () => {
    const value = {
      state: 'busy',
      restarts: 3,
      'src/pay.ts': [{ message: 'payNow is not defined' }],
      secretRule: true,
    };
    assert.deepEqual(make().value(value), {
      state: 'busy',
      restarts: 3,
      '‹path-1›.ts': [{ message: '‹word-2› is not defined' }],
      '‹word-3›': true,
    });
  });
});
