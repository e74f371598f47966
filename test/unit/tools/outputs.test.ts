/** What tools print, in every form that can be declared. */
import assert from 'node:assert/strict';
import { UnreadableOutput } from '../../../workers/runtime/tool-finding.ts';
import { parseEslint, parseStylelint } from '../../../workers/tools/outputs/linters.ts';
import { parseSarif } from '../../../workers/tools/outputs/sarif.ts';
import { parseGithub, parseText } from '../../../workers/tools/outputs/text.ts';
import type { ToolFinding } from '../../../workers/runtime/tool-finding.ts';

const brief = ({ file = '-', place, severity = '-', rule = '-', message }: ToolFinding): string => {
  const at = place && 'start' in place ? `${place.start.line}:${place.start.column ?? '-'}` : '-';
  return `${file} ${at} ${severity} ${rule} | ${message}`;
};

describe('output of tools', () => {
  it('as lines that most tools print', () => {
    const lines = [
      'a.c:1:2: error: no such thing [rule-a]',
      'src/a b.sh:10:3: note: Double quote to prevent globbing. [SC2086]',
      'a.ts(3,4): error TS2322: Not assignable.',
      'deploy.yml:7: too many blanks',
      'C:\\code\\a.c:1:2: warning: odd',
      '  File "x.py", line 3, in main',
      'Found 3 problems in 2 files',
      'time: 12:30:45 all done',
      `long ${'x'.repeat(30_000)}:1:1: error: not read`,
    ];
    assert.deepEqual(parseText(lines.join('\r\n')).findings.map(brief), [
      'a.c 1:2 error rule-a | no such thing',
      'src/a b.sh 10:3 note SC2086 | Double quote to prevent globbing.',
      'a.ts 3:4 error - | TS2322: Not assignable.',
      'deploy.yml 7:- - - | too many blanks',
      'C:\\code\\a.c 1:2 warning - | odd',
    ]);
  });

  it('as lines of a pattern', () => {
    const pattern = '^(?<severity>[WE])\\|(?<file>[^|]+)\\|(?<line>\\d+)-(?<endLine>\\d+)\\|(?<message>.+)$';
    assert.deepEqual(
      parseText('E|a.py|2-3|wrong\nnoise\nW|b.py|1-1|"quoted \\"text\\""', pattern).findings.map(brief),
      ['a.py 2:- E - | wrong', 'b.py 1:- W - | quoted "text"'],
    );
  });

  it('as annotations of GitHub Actions', () => {
    const text =
      '::error title=lint/a,file=src/a%2Cb.ts,line=4,endLine=4,col=3,endColumn=5::Use === %E2%80%A6 100%25\n::group::x\n::notice file=b.ts,line=1::fine';
    const { findings } = parseGithub(text);
    assert.deepEqual(findings.map(brief), [
      'src/a,b.ts 4:3 error lint/a | Use === %E2%80%A6 100%',
      'b.ts 1:- notice - | fine',
    ]);
    assert.deepEqual(findings[0]?.place, { start: { line: 4, column: 3 }, end: { line: 4, column: 5 } });
  });

  it("as ESLint's JSON, with fixes and suggestions, whatever stands around it", () => {
    const fix = { range: [0, 3], text: 'let' };
    const messages = [
      { ruleId: 'no-var', severity: 1, message: 'No var.', line: 1, column: 1, endLine: 1, endColumn: 4, fix },
      { ruleId: null, fatal: true, severity: 2, message: 'Parsing error', line: 2, column: 1 },
      { ruleId: 'x', severity: 2, message: 'm', line: 1, column: 1, suggestions: [{ desc: 'Drop it', fix }] },
    ];
    const json = JSON.stringify([{ filePath: '/w/a.js', messages }], undefined, 2);
    const { findings } = parseEslint(`(node:1) Warning: old\n${json}\n✖ 3 problems`);
    assert.deepEqual(findings.map(brief), [
      '/w/a.js 1:1 warning no-var | No var.',
      '/w/a.js 2:1 error parse-error | Parsing error',
      '/w/a.js 1:1 error x | m',
    ]);
    assert.deepEqual(
      findings.map(({ fixes }) => fixes?.map(({ kind, title }) => `${kind}: ${title}`)),
      [['fix: Apply the fix of the tool'], [], ['suggestion: Drop it']],
    );
    for (const wrong of ['', 'Error: no configuration', '{"runs":[]}', '[{"warnings":[]}]', '[1]'])
      assert.throws(() => parseEslint(wrong), UnreadableOutput, wrong);
    assert.deepEqual(parseEslint('[]').findings, []);
  });

  it("as stylelint's JSON", () => {
    const warnings = [{ line: 1, column: 5, endLine: 1, endColumn: 12, rule: 'color-no-hex', severity: 'error', text: 'Unexpected hex (color-no-hex)' }]; // prettier-ignore
    const file = {
      source: '/w/a.css',
      warnings,
      invalidOptionWarnings: [{ text: 'Invalid option' }],
      deprecations: [],
    };
    assert.deepEqual(parseStylelint(JSON.stringify([file])).findings.map(brief), [
      '/w/a.css 1:5 error color-no-hex | Unexpected hex',
      '/w/a.css - warning invalid-option | Invalid option',
    ]);
  });

  it('as SARIF, with rules, bases, arguments, and without what is no problem', () => {
    const at = (uri: string, region: object, more = {}) => ({
      physicalLocation: { artifactLocation: { uri, ...more }, region },
    });
    const result = (ruleId: string, more: object) => ({ ruleId, message: { text: 'm' }, locations: [at('a.js', { startLine: 1 })], ...more }); // prettier-ignore
    const rules = [
      {
        id: 'R1',
        helpUri: 'https://rules.example/R1',
        defaultConfiguration: { level: 'error' },
        messageStrings: { d: { text: 'No {0} here' } },
      },
      { id: 'R2' },
    ];
    const sarif = {
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 't', rules } },
          columnKind: 'unicodeCodePoints',
          originalUriBaseIds: { SRC: { uri: 'file:///w/src/' } },
          artifacts: [{ location: { uri: 'listed.js' } }],
          results: [
            result('R1', {
              message: { id: 'd', arguments: ['x'] },
              ruleIndex: 0,
              locations: [at('a%20b.js', { startLine: 2, startColumn: 3, endColumn: 5 })],
            }),
            result('R2', {
              level: 'note',
              locations: [at('c.js', { startLine: 1, startColumn: 1 }, { uriBaseId: 'SRC' })],
            }),
            { ...result('R1/part', {}), locations: [{ physicalLocation: { artifactLocation: { index: 0 } } }] },
            result('R2', { kind: 'pass' }),
            result('R2', { suppressions: [{ kind: 'inSource' }] }),
            result('R2', { baselineState: 'absent' }),
            result('R2', { locations: [], level: 'none' }),
          ],
        },
      ],
    };
    const { findings, columns, failures } = parseSarif(JSON.stringify(sarif));
    assert.deepEqual(findings.map(brief), [
      'a b.js 2:3 error R1 | No x here',
      'file:///w/src/c.js 1:1 note R2 | m',
      'listed.js 1:- error R1/part | m',
      '- - info R2 | m',
    ]);
    assert.equal(findings[0]?.url, 'https://rules.example/R1');
    assert.equal(columns, 'characters');
    assert.deepEqual(failures, []);
    const failed = { runs: [{ tool: {}, results: [], invocations: [{ executionSuccessful: false, toolExecutionNotifications: [{ level: 'error', message: { text: 'out of memory' } }] }] }] }; // prettier-ignore
    assert.deepEqual(parseSarif(JSON.stringify(failed)).failures, ['out of memory']);
    assert.throws(() => parseSarif('{"results":[]}'), UnreadableOutput);
  });
});
