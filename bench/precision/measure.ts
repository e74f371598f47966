/**
 * Precision and recall of the rules of `security` on samples of our own. A sample is a line of `samples/<rule>.txt` below
 * `## vulnerable` or `## safe`, with the line below `## prelude` before it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { rules } from '../../workers/detectors/security/rule-list.ts';
import { analyse } from '../../workers/rules/host.ts';

const folder = path.join(import.meta.dirname, 'samples');

export interface Score {
  readonly rule: string;
  readonly vulnerable: number;
  readonly safe: number;
  /** Vulnerable samples without a finding of the rule. */
  readonly missed: readonly string[];
  /** Safe samples with a finding of any rule of `security`, and its rule. */
  readonly wrong: readonly string[];
}

export const classes: readonly string[] = readdirSync(folder)
  .map((file) => path.basename(file, '.txt'))
  .sort();

export function measure(rule: string): Score {
  const parts = new Map<string, readonly string[]>();
  for (const part of readFileSync(path.join(folder, `${rule}.txt`), 'utf8').split(/^## /m)) {
    const [name = '', ...lines] = part.split('\n');
    parts.set(
      name.trim(),
      lines.filter((line) => line.trim() !== ''),
    );
  }
  const prelude = (parts.get('prelude') ?? []).join(' ');
  const vulnerable = parts.get('vulnerable') ?? [];
  const safe = parts.get('safe') ?? [];
  return {
    rule,
    vulnerable: vulnerable.length,
    safe: safe.length,
    missed: vulnerable.filter((line) => !found(prelude, line).includes(rule)),
    wrong: safe.flatMap((line) => found(prelude, line).map((other) => `${other}: ${line}`)),
  };
}

/** By rule: precision and recall, in thousandths. */
export function ratesOf({ vulnerable, missed, wrong }: Score): { readonly precision: number; readonly recall: number } {
  const right = vulnerable - missed.length;
  const all = right + wrong.length;
  return {
    precision: all === 0 ? 1000 : Math.round((right / all) * 1000),
    recall: vulnerable === 0 ? 1000 : Math.round((right / vulnerable) * 1000),
  };
}

function found(prelude: string, line: string): readonly string[] {
  const enabled = rules.filter(({ meta }) => meta.severity !== 'off');
  // A sample may contain characters that no editor shows.
  const text = line.replace(/\\u\{(\w+)\}/g, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)));
  const results = analyse('src/sample.ts', `${prelude}\n${text}\n`, [{ name: 'security', enabled, options: {} }]);
  const list = results.get('security');
  if (list === undefined) throw new Error(`This sample does not parse: ${line}`);
  return [...new Set(list.filter(({ range }) => range.start.line > 0).map(({ rule }) => rule))];
}
