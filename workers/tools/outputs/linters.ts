/** The JSON of ESLint's formatter `json`, which other linters print too, and that of stylelint. Pure. */
import { isRecord } from '../../reading/config-file.ts';
import type { ParsedOutput, ToolFinding, ToolPlace } from '../../runtime/tool-finding.ts';
import { jsonIn, numberOf, recordOf, recordsOf, textOf, type Json } from './json.ts';

export function parseEslint(output: string): ParsedOutput {
  const files = recordsOf(jsonIn(output, isListWith('messages')));
  const findings = files.flatMap((file) =>
    recordsOf(file['messages']).map((message): ToolFinding => {
      const severity = message['fatal'] === true || message['severity'] === 2 ? 'error' : 'warning';
      return {
        file: textOf(file['filePath']),
        place: placeOf(message),
        rule: textOf(message['ruleId']) ?? (message['fatal'] === true ? 'parse-error' : undefined),
        severity: typeof message['severity'] === 'string' ? message['severity'] : severity,
        message: textOf(message['message']) ?? '',
        fixes: [
          ...fixesOf(message['fix'], 'Apply the fix of the tool', 'fix'),
          ...recordsOf(message['suggestions']).flatMap((one) =>
            fixesOf(one['fix'], textOf(one['desc']) ?? 'Apply the suggestion', 'suggestion'),
          ),
        ],
      };
    }),
  );
  return { findings, failures: [] };
}

function fixesOf(value: unknown, title: string, kind: 'fix' | 'suggestion'): NonNullable<ToolFinding['fixes']> {
  const fix = recordOf(value);
  const range: readonly unknown[] = Array.isArray(fix['range']) ? fix['range'] : [];
  const [start, end] = range.map(numberOf);
  const { text } = fix;
  if (start === undefined || end === undefined || typeof text !== 'string') return [];
  return [{ title, kind, edits: [{ place: { offsets: [start, end] }, newText: text }] }];
}

export function parseStylelint(output: string): ParsedOutput {
  const files = recordsOf(jsonIn(output, isListWith('warnings')));
  const findings = files.flatMap((file) => {
    const about = (key: string, rule: string): readonly ToolFinding[] =>
      recordsOf(file[key]).map((one) => ({ file: textOf(file['source']), rule, severity: 'warning', message: textOf(one['text']) ?? '' })); // prettier-ignore
    return [
      ...recordsOf(file['warnings']).map((warning): ToolFinding => {
        const rule = textOf(warning['rule']);
        const text = textOf(warning['text']) ?? '';
        return {
          file: textOf(file['source']),
          place: placeOf(warning),
          rule,
          severity: textOf(warning['severity']),
          // Every message ends in the name of its rule.
          message: rule !== undefined && text.endsWith(` (${rule})`) ? text.slice(0, -rule.length - 3) : text,
        };
      }),
      ...about('invalidOptionWarnings', 'invalid-option'),
      ...about('deprecations', 'deprecation'),
    ];
  });
  return { findings, failures: [] };
}

function isListWith(key: string): (value: unknown) => boolean {
  return (value) => Array.isArray(value) && value.every((one) => isRecord(one) && Array.isArray(one[key]));
}

function placeOf(at: Json): ToolPlace {
  const line = numberOf(at['line']) ?? 1;
  const end = { line: numberOf(at['endLine']) ?? line, column: numberOf(at['endColumn']) };
  return {
    start: { line, column: numberOf(at['column']) },
    end: end.column === undefined ? undefined : end,
  };
}
