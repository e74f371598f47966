/** A summary for pull requests and job pages: GitHub-flavoured Markdown, cut to what people read there. */
import type { Issue } from '../../../workers/protocol/detector-protocol.ts';
import { printableLine } from '../../printable.ts';
import { ruleOf, summaryOf, type Group } from '../listing.ts';
import type { CheckReport } from '../result.ts';
import { severities, worstFirst } from './order.ts';

const MOST_ISSUES = 50;
const MOST_GROUPS = 10;

export function* markdownReport({ issues, summary, detectors }: CheckReport): Generator<string> {
  yield `## Bulkhead: ${verdict(summary.issues)}\n\n`;
  const reasons = detectors.filter(({ name }) => summary.incomplete.some((entry) => entry.startsWith(`${name}: `)));
  if (reasons.length > 0)
    yield `**Not everything was checked.**\n\n${reasons.map(({ name, error, status }) => `- ${escaped(`${name}: ${error ?? status}`)}\n`).join('')}\n`;
  if (summary.baseline) yield `${String(summary.baseline.known)} known issues are hidden by the baseline.\n\n`;
  if (issues.length === 0) return;
  const { rules, folders } = summaryOf(issues);
  yield groups('Rule', rules);
  if (folders.length > 1) yield groups('Folder', folders);
  yield '| | Place | Rule | Message |\n| --- | --- | --- | --- |\n';
  for (const issue of worstFirst(issues).slice(0, MOST_ISSUES)) yield row(issue);
  if (issues.length > MOST_ISSUES)
    yield `\n${String(issues.length - MOST_ISSUES)} more, the less severe ones, are not listed.\n`;
}

function verdict(issues: number): string {
  return issues === 0 ? 'no issues' : issues === 1 ? '1 issue' : `${String(issues)} issues`;
}

function groups(title: string, all: readonly Group[]): string {
  const head = `| ${title} | errors | warnings | infos | hints | files |\n| --- | ---: | ---: | ---: | ---: | ---: |\n`;
  const rows = all.slice(0, MOST_GROUPS).map(({ name, counts, files }) => {
    const numbers = [...severities.map((severity) => counts[severity]), files];
    return `| ${escaped(name)} | ${numbers.join(' | ')} |\n`;
  });
  const rest = all.length - MOST_GROUPS;
  return `${head}${rows.join('')}${rest > 0 ? `| ${String(rest)} more | | | | | |\n` : ''}\n`;
}

function row(issue: Issue): string {
  const { severity, file, range, message, url } = issue;
  const line = String(range.start.line + 1);
  const rule = escaped(ruleOf(issue));
  const linked =
    url !== undefined && /^https?:/.test(url) ? `[${rule}](${encodeURI(decoded(url)).replaceAll(')', '%29')})` : rule;
  return `| ${severity} | ${escaped(`${file}:${line}`)} | ${linked} | ${escaped(message)} |\n`;
}

function decoded(url: string): string {
  try {
    return decodeURI(url);
  } catch {
    return url;
  }
}

/** Nothing in a name or message is markup, a mention, or the end of a cell. */
function escaped(value: string): string {
  return printableLine(value)
    .replaceAll(/[\\`*_{}[\]()#|~]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('@', '@\u200B');
}
