/** Code quality report of GitLab: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format */
import type { Severity } from '../../../workers/protocol/detector-protocol.ts';
import { ruleOf } from '../listing.ts';
import type { CheckReport } from '../result.ts';

const severityNames = { error: 'critical', warning: 'major', info: 'minor', hint: 'info' } as const satisfies Record<
  Severity,
  string
>;

export function* gitlabReport({ issues }: CheckReport): Generator<string> {
  let separator = '\n';
  yield '[';
  for (const issue of issues) {
    const { message, severity, file, range, fingerprint } = issue;
    const entry = {
      description: message,
      check_name: ruleOf(issue),
      fingerprint,
      severity: severityNames[severity],
      location: { path: file, lines: { begin: range.start.line + 1, end: range.end.line + 1 } },
    };
    yield separator + JSON.stringify(entry);
    separator = ',\n';
  }
  yield '\n]\n';
}
