/** What people see of a check: causes and errors first, sums when it is too much, the exit code last; nothing is obeyed. */
import assert from 'node:assert/strict';
import { PrettyReporter } from '../../../server/cli/pretty.ts';
import { printable, printableLine } from '../../../server/printable.ts';
import type { CheckReport, DetectorResult } from '../../../server/cli/result.ts';
import { shortened, tableLines } from '../../../server/cli/table.ts';
import type { Issue, Severity } from '../../../workers/protocol/detector-protocol.ts';

function issue(file: string, severity: Severity, rule: string, more: Partial<Issue> = {}): Issue {
  const start = { line: 0, character: 0 };
  return { file, severity, rule, message: `${rule} is broken`, range: { start, end: start }, detector: 'eslint', fixable: false, fingerprint: '', ...more }; // prettier-ignore
}

function report(
  issues: readonly Issue[],
  detectors: readonly Partial<DetectorResult>[] = [{}],
  exitCode = 1,
): CheckReport {
  const bySeverity = { error: 0, warning: 0, info: 0, hint: 0 };
  for (const { severity } of issues) bySeverity[severity] += 1;
  const all = detectors.map((each) => ({ name: 'eslint', status: 'done' as const, durationMs: 1, issues: 0, ...each }));
  const files = new Set(issues.map(({ file }) => file)).size;
  const incomplete = exitCode === 3 ? ['eslint'] : [];
  return { schemaVersion: 1, root: '/w', summary: { issues: issues.length, bySeverity, files, durationMs: 1, exitCode, incomplete }, detectors: all, issues, health: [] }; // prettier-ignore
}

interface Screen {
  readonly all?: boolean;
  readonly rows?: number;
  readonly columns?: number;
  readonly colours?: boolean;
}

function shown(value: CheckReport, { all = false, rows, columns = Infinity, colours = false }: Screen = {}): string {
  let text = '';
  const out = {
    write: (more: string) => void (text += more),
    isTTY: colours,
    columns,
    ...(rows === undefined ? {} : { rows }),
  };
  new PrettyReporter(out, { ...out, isTTY: false }, '/w', { all, failOn: 'error' }).end(value);
  return text;
}

/** The first of some words in each line that has one. */
function order(text: string, ...words: readonly string[]): readonly string[] {
  return text.split('\n').flatMap((line) => words.find((word) => line.includes(word)) ?? []);
}

describe('the pretty format', () => {
  it('shows errors before warnings, by file, and everything if it fits', () => {
    const issues = [
      issue('a.js', 'warning', 'w1'),
      issue('a.js', 'error', 'e1'),
      issue('b.js', 'info', 'i1'),
      issue('b.js', 'error', 'e2'),
    ];
    const text = shown(report(issues));
    assert.deepEqual(order(text, 'a.js', 'b.js', 'e1', 'e2', 'w1', 'i1'), [
      'a.js',
      'e1',
      'b.js',
      'e2',
      'a.js',
      'w1',
      'b.js',
      'i1',
    ]);
    assert.ok(!/by rule|--all/.test(text));
    assert.match(
      text,
      /\n2 errors, 1 warning, 1 info in 2 files .*\neslint ran code of this folder\. --untrusted forbids that\.\nExit code 1: 2 errors, 1 warning, 1 info \(--fail-on error\)\n$/,
    );
  });

  it('with more than a screenful: caps each rule, says how many more, and sums up by rule and folder, worst first', () => {
    const many = (count: number, folder: string, severity: Severity, rule: string): readonly Issue[] =>
      Array.from({ length: count }, (_, index) => issue(`${folder}/f${index}.js`, severity, rule));
    const issues = [...many(40, 'apps/a/src', 'error', 'often'), ...many(3, 'apps/b/src', 'error', 'rare'), ...many(90, 'apps/b', 'warning', 'weak'), ...many(5, 'x', 'hint', 'tiny')]; // prettier-ignore
    const text = shown(report(issues), { rows: 24 });
    assert.equal(text.split('often is broken').length - 1, 10);
    assert.equal(text.split('rare is broken').length - 1, 3);
    assert.equal(text.split('weak is broken').length - 1, 3);
    assert.equal(text.split('tiny is broken').length - 1, 0);
    assert.match(text, /30 more: 30 of eslint\/often\. See them with --all\./);
    assert.match(text, /87 more: 87 of eslint\/weak\. See them with --all\./);
    assert.match(
      text,
      /by rule +errors +warnings +hints +files\neslint\/often +40 +- +- +40\neslint\/rare +3 +.*\neslint\/weak +- +90 .*\neslint\/tiny/,
    );
    assert.match(text, /by folder .*\napps\/a +40 +.*\napps\/b +3 +90 .*\nx /);
    assert.deepEqual(order(text, 'by rule', 'by folder', 'detector ', 'Exit code'), [
      'by rule',
      'by folder',
      'detector ',
      'Exit code',
    ]);
    const everything = shown(report(issues), { rows: 24, all: true });
    assert.equal(everything.split(' is broken').length - 1, issues.length);
    assert.ok(!everything.includes('more:'));
    assert.equal(
      shown(report(many(48, 'a', 'error', 'e'))).split('e is broken').length - 1,
      10,
      'a pipe is not flooded either',
    );
    assert.equal(shown(report(many(30, 'a', 'error', 'e'))).split('e is broken').length - 1, 30);
  });

  it('puts causes on top', () => {
    const cause = issue('package.json', 'error', 'not-installed', { consequences: 108 });
    const broken = issue('eslint.config.js', 'error', 'config-error');
    const issues = [issue('a.js', 'error', 'e1'), broken, cause];
    const failed = { status: 'failed', error: 'The configuration is broken.' } as const;
    assert.deepEqual(order(shown(report(issues, [failed], 3)), 'Cause', 'config-error', 'not-installed', 'e1 '), ['Cause', 'config-error', 'not-installed', 'e1 ']); // prettier-ignore
    const done = shown(report([issue('a.js', 'error', 'e1'), broken]));
    assert.ok(!done.includes('Cause'), 'a rule may have the name of a problem');
  });

  it('says whose code ran, of declared tools too', () => {
    const detectors = [
      { name: 'typescript' },
      { name: 'eslint' },
      { name: 'tides' },
      { name: 'knip', status: 'not-applicable' },
    ] as const;
    assert.match(shown(report([], detectors, 0)), /\neslint and tides ran code of this folder\./);
    assert.ok(!shown(report([], [{ name: 'circular' }], 0)).includes('ran code'));
  });

  it('says last what was not looked at, and the exit code', () => {
    const detectors = [
      { name: 'typescript', note: 'All is well.' },
      { status: 'failed', error: 'The configuration\nis broken.' },
      { name: 'knip', status: 'not-applicable', note: 'There is no configuration.' },
    ] as const;
    const text = shown(report([], detectors, 3));
    assert.match(text, /typescript: All is well\.\nNo issues found, but the analysis is incomplete .*\nNot looked at, or not completely:\n {2}eslint: The configuration\n {4}is broken\.\n {2}knip: There is no configuration\.\neslint ran code of this folder\. --untrusted forbids that\.\nExit code 3: not everything was looked at\n$/); // prettier-ignore
    assert.match(
      shown(report([], [{}], 0)),
      /\nNo issues .*\neslint ran code of this folder\. --untrusted forbids that\.\nExit code 0: no issues \(--fail-on error\)\n$/,
    );
    assert.match(
      shown(report([], [{ status: 'cancelled', error: 'stopped by the user' }], 3)),
      /\nExit code 130: stopped by the user\n$/,
    );
  });

  it('fits narrow terminals, and has colours only on a terminal that wants them', () => {
    const issues = [issue('src/a.js', 'error', 'e1')];
    const engine = 'eslint 10.15.0, 9.39.5 (workspace)';
    const tableOf = (text: string): string => text.slice(text.indexOf('detector'));
    for (const columns of [40, 60]) {
      const lines = tableOf(shown(report(issues, [{ engine }]), { columns })).split('\n');
      assert.ok(
        lines.slice(0, 2).every((line) => line.length <= columns),
        lines.join('\n'),
      );
    }
    assert.ok(shown(report(issues, [{ engine }])).includes(engine));
    assert.ok(!shown(report(issues)).includes('\u001B'));
    assert.ok(shown(report(issues), { colours: true }).includes('\u001B[31m'));
    assert.deepEqual(tableLines({ head: ['a', 'b'], rows: [['a-long-name-of-something', '12']] }, 18), [
      'a               b',
      'a-long…mething  12',
    ]);
    assert.equal(shortened('abcdef', 4), 'a…ef');
  });

  it('obeys nothing that the workspace says', () => {
    const evil = '\u001B]0;PWN\u0007\u001B[2J\u009B\u202E\r\u2066';
    const issues = [
      issue(`a${evil}\n::error file=x::forged\n##vso[task.setvariable]b.js`, 'error', 'e\u001B[1m', {
        message: `m${evil}\n::warning::x\n  ::debug::y\n##[error]z`,
      }),
    ];
    const text = shown(report(issues, [{ status: 'failed', error: `e${evil}\n::x`, note: evil, engine: evil }], 3));
    // eslint-disable-next-line no-control-regex -- none of these may come through
    assert.ok(!/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/.test(text), JSON.stringify(text));
    assert.ok(!/^\s*::|##\w*\[/m.test(text), text);
    assert.match(
      text,
      /a\\x1B\]0;PWN\\x07\\x1B\[2J\\x9B\\u202E\\r\\u2066\\n\\x3A:error file=x::forged\\n\\x23#vso\[task\.setvariable\]b\.js/,
    );
  });

  it('escapes lines and texts', () => {
    assert.equal(printableLine('a\nb\tc'), 'a\\nb\\tc');
    assert.equal(printable('a\r\nb'), 'a\nb');
    assert.equal(printableLine('::error::x'), '\\x3A:error::x');
    assert.equal(printable('größe 港 🚢 a::b'), 'größe 港 🚢 a::b');
  });
});
