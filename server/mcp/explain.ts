/** The tool `explain`: a rule by its page, or an issue with its flow and fixes. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import { pageOf } from '../rule-pages.ts';
import { clipped, fitting, type Answer } from './budget.ts';
import type { Freshness } from './freshness.ts';
import { entryOf, freshnessOf, ID_LENGTH, lineOf } from './problems.ts';
import { isOfRule, ToolUseError } from './selection.ts';

/** Characters of a page, of a message, and numbers of places and edits. */
const levels = [8000, 4000, 2000, 1000, 500, 250, 100, 40] as const;

/** @throws ToolUseError */
export async function ruleAnswer(issues: readonly Issue[], word: string, maxTokens: number): Promise<Answer> {
  const examples = issues.filter((issue) => isOfRule(issue, word));
  const [detector = '', ...rest] = word.split('/');
  const [first] = examples;
  const page = pageOf(detector, rest.join('/')) ?? (first && pageOf(first.detector, first.rule));
  const text = page === undefined ? undefined : await readFile(fileURLToPath(page), 'utf8');
  const url = examples.find((issue) => issue.url?.startsWith('http') === true)?.url;
  if (text === undefined && first === undefined)
    throw new ToolUseError(
      `No page and no present problem of ${JSON.stringify(clipped(word, 60))}. Name it as detector/rule.`,
    );
  return fitting<number>(maxTokens, 1, levels, 0, (count, length) => {
    const shown = count === 0 ? undefined : text?.slice(0, length);
    const isCut = text !== undefined && shown !== text;
    const facts = {
      rule: clipped(first && text === undefined ? `${first.detector}/${first.rule}` : word, Math.min(length, 200)),
      count: examples.length,
      ...(isCut ? { cut: true } : {}),
    };
    const untrusted = first && {
      ...(url === undefined ? {} : { url: clipped(url, Math.min(length, 300)) }),
      ...(count === 0 ? {} : { example: entryOf(first, { message: Math.min(length, 300), name: 100 }) }),
    };
    const lines = [`${facts.rule} ×${facts.count}`, ...(untrusted ? Object.values(untrusted).map(textOf) : [])];
    return {
      text: [...(shown === undefined ? [] : [shown + (isCut ? '…' : '')]), ...lines].join('\n'),
      structured: { ...facts, ...(shown === undefined ? {} : { page: shown }), ...(untrusted ? { untrusted } : {}) },
    };
  });
}

/** @throws ToolUseError */
export function issueAnswer(
  known: Freshness & { readonly issues: readonly Issue[] },
  id: string,
  maxTokens: number,
): Answer {
  const issue = issueOf(known.issues, id);
  const flow = (issue.related ?? []).map(({ file, range, message }) => (length: number) => ({
    at: `${clipped(file, length)}:${range.start.line + 1}:${range.start.character + 1}`,
    message: clipped(message, length),
  }));
  const fixes = (issue.fixes ?? []).map((fix) => (length: number) => ({
    [fix.kind]: clipped(fix.title, length),
    edits: fix.edits.slice(0, 10).map(({ file, range, newText }) => ({
      at: `${clipped(file ?? issue.file, length)}:${range.start.line + 1}:${range.start.character + 1}-${range.end.line + 1}:${range.end.character + 1}`,
      newText: clipped(newText, length),
    })),
  }));
  const parts = [...flow, ...fixes];
  return fitting<number>(maxTokens, parts.length, levels, 4, (count, length) => {
    const shown = parts.slice(0, count).map((part) => part(length));
    const left = parts.length - count;
    const entry = entryOf(issue, { message: length, name: Math.min(length, 300) });
    const facts = { ...freshnessOf(known, { message: Math.min(length, 100) }), ...(left > 0 ? { omitted: left } : {}) };
    return {
      text: [`${known.state} (${known.content ?? `r${known.revision}`})`, lineOf(entry), ...shown.map(textOf)].join(
        '\n',
      ),
      structured: { ...facts, untrusted: { ...entry, ...(issue.url === undefined ? {} : { url: clipped(issue.url, Math.min(length, 300)) }), ...(shown.length === 0 ? {} : { parts: shown }) } }, // prettier-ignore
    };
  });
}

/** @throws ToolUseError when none or several have an id that begins so */
export function issueOf(issues: readonly Issue[], id: string): Issue {
  const found = id.length < 4 ? [] : issues.filter(({ fingerprint }) => fingerprint.startsWith(id));
  const [first] = found;
  if (first === undefined)
    throw new ToolUseError(`No problem has the id ${JSON.stringify(clipped(id, 20))} now: it is fixed, or ids are at least ${ID_LENGTH} characters of an answer.`); // prettier-ignore
  if (new Set(found.map(({ fingerprint }) => fingerprint)).size > 1)
    throw new ToolUseError(`Several ids begin with ${JSON.stringify(clipped(id, 20))}. Give more of it.`);
  return first;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
