/** Which patterns are judged at all, and that one which cannot be judged costs only itself. */
import assert from 'node:assert/strict';
import { repeatedChoices } from '../../../workers/detectors/security/backtracking.ts';
import { rules } from '../../../workers/detectors/security/rule-list.ts';
import { analyse } from '../../../workers/rules/host.ts';

const enabled = rules.filter(({ meta }) => /redos$/.test(meta.name));

function found(text: string, file = 'src/a.ts'): readonly string[] {
  const findings = analyse(file, text, [{ name: 'security', enabled, options: {} }]).get('security') ?? [];
  return findings.map(({ rule, range }) => `${String(range.start.line + 1)} ${rule}`);
}

describe('slow regular expressions', () => {
  it('judges only patterns that repeat alternatives or repeats', () => {
    for (const source of ['(a+)+', '(a|b)*c', '(?:a?b?)*', '(a{2,})+', '((a|b)c)+', '(?<x>a+){2,}', '[)](a+)*'])
      assert.ok(repeatedChoices(source).length > 0, source);
    for (const source of [
      'a+b*',
      '(a)+',
      '(?:ab)*',
      '\\(a+\\)+',
      '[(a+)+]',
      '(?=a)+',
      'a{2,}b{2,}',
      '(a+)b',
      '',
      ')*',
      '[',
    ])
      assert.deepEqual(repeatedChoices(source), [], source);
  });

  it('a pattern that cannot be judged costs only itself', () => {
    const deep = `${'('.repeat(600)}a+${')*'.repeat(600)}`;
    const lines = [
      `export const long = /${'(a|b)*'.repeat(400)}c/;`,
      `export const deep = new RegExp('${deep}');`,
      "export const broken = new RegExp('(a+)+[');",
      "export const modern = new RegExp('^(?i:a+)+$', 'v');",
      'export const slow = /^(\\w+\\s?)*$/;',
      'export const sets = /^([\\w--_]+\\s?)*$/v;',
    ];
    assert.ok(found(lines.join('\n')).includes('5 redos'));
  });

  it('says which text is slow, and which part of the pattern', () => {
    const text = 'export const slow = /^(\\w+\\s?)*$/;';
    const [finding] = analyse('src/a.ts', text, [{ name: 'security', enabled, options: {} }]).get('security') ?? [];
    assert.match(finding?.message ?? '', /`'0' \+ '0'\.repeat\(\d+\) \+ '.*'`.*\(CWE-1333, confidence: high\)$/);
    const parts = finding?.related?.map(({ range }) => text.slice(range.start.character, range.end.character));
    assert.deepEqual(parts, ['\\w']);
  });

  it('is quiet in tests and tools', () => {
    const text = 'export const slow = /^(\\w+\\s?)*$/;';
    assert.deepEqual(found(text, 'src/a.test.ts'), []);
    assert.deepEqual(found(text, 'scripts/a.ts'), []);
  });

  it('finds the pattern behind names, fields and objects', () => {
    const head = "import express from 'express';\nconst app = express();\n";
    const uses = [
      'const tail = /\\s+$/; app.post("/", (req) => tail.test(req.body.text));',
      'const all = { tail: /\\s+$/ }; app.post("/", (req) => req.body.text.replace(all.tail, ""));',
      'class A { static tail = /\\s+$/; } app.post("/", (req) => A.tail.exec(req.body.text));',
      'const tail = new RegExp(String.raw`\\s+$`); app.post("/", (req) => req.body.text.search(tail));',
    ];
    for (const use of uses) assert.deepEqual(found(head + use), ['3 polynomial-redos'], use);
  });
});
