import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Log } from 'sarif';
import { ReportError, writeReport } from '../../../server/cli/reports/files.ts';
import { reportFormats } from '../../../server/cli/reports/formats.ts';
import { reportText } from '../../../server/cli/reports/index.ts';
import type { CheckReport } from '../../../server/cli/result.ts';
import type { Issue, Severity } from '../../../workers/protocol/detector-protocol.ts';

const range = { start: { line: 4, character: 2 }, end: { line: 4, character: 9 } };

function issue(number: number, changes: Partial<Issue> = {}): Issue {
  return {
    detector: 'eslint',
    rule: 'no-var',
    severity: 'warning',
    message: `message ${number}`,
    file: `src/file ${number}.ts`,
    range,
    fixable: false,
    fingerprint: `print-${number}`,
    ...changes,
  };
}

function reportOf(issues: readonly Issue[], changes: Partial<CheckReport> = {}): CheckReport {
  const count = (severity: Severity): number => issues.filter((each) => each.severity === severity).length;
  return {
    schemaVersion: 1,
    root: path.resolve('/projects/a folder'),
    summary: {
      issues: issues.length,
      bySeverity: { error: count('error'), warning: count('warning'), info: count('info'), hint: count('hint') },
      files: new Set(issues.map(({ file }) => file)).size,
      durationMs: 5,
      exitCode: 0,
      incomplete: [],
    },
    detectors: [{ name: 'eslint', status: 'done', durationMs: 1500, issues: issues.length }],
    issues,
    health: [],
    ...changes,
  };
}

const textOf = (format: (typeof reportFormats)[number], report: CheckReport): string =>
  [...reportText(format, report)].join('');
const sarifOf = (report: CheckReport, format: 'sarif' | 'sarif-github' = 'sarif'): Log =>
  JSON.parse(textOf(format, report)) as Log;

/** Everything that a name or message could try to get out of its place. */
const hostile = issue(1, {
  severity: 'error',
  file: 'src/ä 100%,x:y#?[a](b)<i>.ts',
  message: 'a "quoted" <b> & \'c\' | `d` \r\n::error::x\n</script><!-- ]]> \u0000 \u001B[31m \uD800 @everyone {{ $0 }}',
  url: 'javascript:alert(1)',
});

describe('reports', () => {
  it('of a run without issues are whole', () => {
    for (const format of reportFormats) {
      const text = textOf(format, reportOf([]));
      if (['json', 'sarif', 'sarif-github', 'gitlab'].includes(format)) JSON.parse(text);
      assert.equal(text === '', format === 'github', format);
    }
  });

  it('hold what names and messages try to break out of', () => {
    const report = reportOf([hostile]);
    const [result] = sarifOf(report).runs[0]?.results ?? [];
    assert.equal(result?.message.text, hostile.message);
    const place = result.locations?.[0]?.physicalLocation?.artifactLocation;
    assert.equal(decodeURIComponent(place?.uri ?? ''), hostile.file);
    assert.match(place?.uri ?? '', /^[\w/%.()*!'~-]+$/);

    const [line, ...more] = textOf('github', report).trimEnd().split('\n');
    assert.deepEqual(more, [], 'one command only');
    assert.match(
      line ?? '',
      /^::error file=src\/ä 100%25%2Cx%3Ay#\?\[a\]\(b\)<i>\.ts,line=5,endLine=5,col=3,endColumn=10,/,
    );

    const xml = textOf('junit', report);
    // eslint-disable-next-line no-control-regex -- XML cannot hold these
    assert.ok(!/[\u0000-\u0008\u000B\u000C\u000E-\u001F]/.test(xml));
    assert.deepEqual(
      xml.match(/<(?!\/?(?:\?xml|testsuites?|testcase|failure|error)\b)/g),
      null,
      'no element of the message',
    );
    assert.deepEqual(xml.match(/&(?!(?:amp|lt|gt|quot|#\d+);)/g), null);

    const html = textOf('html', report);
    assert.equal(html.match(/<\/script>/g)?.length, 2, 'only those of the page');
    assert.ok(!html.includes('javascript:'));
    const data = /<script type="application\/json" id="data">([^]*?)<\/script>/.exec(html)?.[1] ?? '';
    assert.deepEqual((JSON.parse(data) as unknown[][])[0]?.[3], hostile.message);

    const rows = textOf('markdown', report)
      .split('\n')
      .filter((row) => row.startsWith('| error'));
    assert.equal(rows.length, 1);
    assert.equal(rows[0]?.match(/(?<!\\)\|/g)?.length, 5, 'four cells');
    assert.ok(!/<b>|<i>|@everyone|javascript:/.test(rows[0] ?? ''));
  });

  it('count lines and columns as their readers do', () => {
    const report = reportOf([issue(1)]);
    const [result] = sarifOf(report).runs[0]?.results ?? [];
    const region = { startLine: 5, startColumn: 3, endLine: 5, endColumn: 10 };
    assert.deepEqual(result?.locations?.[0]?.physicalLocation?.region, region);
    const [entry] = JSON.parse(textOf('gitlab', report)) as { location: unknown; fingerprint: string }[];
    assert.deepEqual(entry?.location, { path: 'src/file 1.ts', lines: { begin: 5, end: 5 } });
  });

  it('as JSON are what JSON.stringify would write, and begin before all is written', () => {
    for (const report of [reportOf([]), reportOf([hostile, issue(2)], { offers: ['ruff'] })])
      assert.equal(textOf('json', report), `${JSON.stringify(report, undefined, 2)}\n`);
    let read = 0;
    const issues = Array.from({ length: 1_000 }, (_, number) =>
      Object.defineProperty(issue(number), 'message', { enumerable: true, get: () => `message ${++read}` }),
    );
    for (const format of ['json', 'sarif', 'gitlab', 'junit'] as const) {
      read = 0;
      for (const piece of reportText(format, reportOf(issues))) if (piece.includes('message 1')) break;
      assert.ok(read < 10, `${format}: ${read} issues are read for the first one`);
    }
  });

  it('never make a detector that did not finish look clean', () => {
    const failed = { name: 'typescript', status: 'failed', durationMs: 1, issues: 0, error: 'it crashed' } as const;
    const report = reportOf([], { detectors: [failed] });
    const summary = { ...report.summary, incomplete: ['typescript: it crashed'] };
    const incomplete = { ...report, summary };
    const [invocation] = sarifOf(incomplete).runs[0]?.invocations ?? [];
    assert.equal(invocation?.executionSuccessful, false);
    assert.equal(invocation.toolExecutionNotifications?.[0]?.message.text, 'typescript: it crashed');
    assert.match(textOf('github', incomplete), /^::error title=typescript did not finish::it crashed\n$/);
    assert.match(textOf('junit', incomplete), /errors="1"[^]*<error message="it crashed"\/>/);
    assert.match(textOf('markdown', incomplete), /Not everything was checked/);
    assert.match(textOf('html', incomplete), /Not everything was checked[^]*it crashed/);
  });

  it('for GitHub hold the most severe of 100,000 issues, and say how many are left out', () => {
    const issues = Array.from({ length: 100_000 }, (_, number) =>
      issue(number, { severity: number % 5 === 0 ? 'error' : 'info', detector: `tool-${number % 30}` }),
    );
    const { runs } = sarifOf(reportOf(issues), 'sarif-github');
    const [run] = runs;
    assert.equal(runs.length, 1);
    assert.equal(run?.results?.length, 25_000);
    assert.equal(run.results.filter(({ level }) => level === 'error').length, 20_000);
    const notes = run.invocations?.flatMap(({ toolExecutionNotifications = [] }) => toolExecutionNotifications);
    assert.match(notes?.at(-1)?.message.text ?? '', /^75000 of 100000 issues are left out/);
  });

  it('for GitHub are small enough when compressed', function () {
    this.timeout(60_000);
    let state = 1;
    const noise = (): string => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state.toString(36);
    };
    const issues = Array.from({ length: 20_000 }, (_, number) =>
      issue(number, { message: Array.from({ length: 150 }, noise).join('') }),
    );
    const text = textOf('sarif-github', reportOf(issues));
    assert.ok(gzipSync(text).length <= 10 * 1024 * 1024);
    const { length } = (JSON.parse(text) as Log).runs[0]?.results ?? [];
    assert.ok(length > 5_000 && length < 20_000, `${length} results`);
  });

  it('replace a file only when they are complete', () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'reports-'));
    try {
      const file = path.join(folder, 'made', 'report.json');
      writeReport(file, ['whole']);
      const broken = (function* () {
        yield 'half';
        throw new Error('the end');
      })();
      assert.throws(() => writeReport(file, broken), ReportError);
      assert.equal(readFileSync(file, 'utf8'), 'whole');
      assert.deepEqual(readdirSync(path.dirname(file)), ['report.json']);
      assert.throws(() => writeReport(path.dirname(file), ['x']), /The report .*made could not be written/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
