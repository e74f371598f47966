/**
 * Annotations of GitHub Actions, which the runner takes from standard output. It shows ten errors and ten warnings of a step, so
 * the worst come first. https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 */
import type { Issue, Severity } from '../../../workers/protocol/detector-protocol.ts';
import { ruleOf } from '../listing.ts';
import type { CheckReport } from '../result.ts';
import { worstFirst } from './order.ts';

const commands = { error: 'error', warning: 'warning', info: 'notice', hint: 'notice' } as const satisfies Record<
  Severity,
  string
>;

export function* githubAnnotations({ issues, detectors }: CheckReport): Generator<string> {
  for (const { name, error } of detectors)
    if (error !== undefined) yield `::error title=${property(`${name} did not finish`)}::${data(error)}\n`;
  for (const issue of worstFirst(issues)) yield annotation(issue);
}

function annotation(issue: Issue): string {
  const { file, range, severity, message } = issue;
  const { start, end } = range;
  const place = [`file=${property(file)}`, `line=${String(start.line + 1)}`, `endLine=${String(end.line + 1)}`];
  // Columns count within one line only.
  if (start.line === end.line)
    place.push(`col=${String(start.character + 1)}`, `endColumn=${String(end.character + 1)}`);
  return `::${commands[severity]} ${[...place, `title=${property(ruleOf(issue))}`].join(',')}::${data(message)}\n`;
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
