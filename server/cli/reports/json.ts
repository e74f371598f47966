/** Everything, as `JSON.stringify` writes it with two spaces. Issue by issue: the whole may be longer than a string can be. */
import type { CheckReport } from '../result.ts';

export function* jsonReport(report: CheckReport): Generator<string> {
  let start = '{\n';
  for (const [name, value] of Object.entries(report)) {
    if (value === undefined) continue;
    yield `${start}  ${JSON.stringify(name)}: `;
    if (name === 'issues' && report.issues.length > 0) yield* list(report.issues);
    else yield indented(value, '  ');
    start = ',\n';
  }
  yield '\n}\n';
}

function* list(items: readonly unknown[]): Generator<string> {
  let start = '[\n';
  for (const item of items) {
    yield `${start}    ${indented(item, '    ')}`;
    start = ',\n';
  }
  yield '\n  ]';
}

function indented(value: unknown, indent: string): string {
  return JSON.stringify(value, undefined, 2).replaceAll('\n', `\n${indent}`);
}
