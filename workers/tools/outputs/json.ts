/** Reads JSON that another program printed: nothing of it can be relied on. Pure. */
import { isRecord, jsonOf } from '../../reading/config-file.ts';
import { UnreadableOutput } from '../../runtime/tool-finding.ts';

export type Json = Readonly<Record<string, unknown>>;

/**
 * The JSON in an output. Programs print before and after it, such as warnings of Node.js or of a package manager.
 * @throws UnreadableOutput when there is none
 */
export function jsonIn(output: string, isWanted: (value: unknown) => boolean): unknown {
  const whole = jsonOf(output);
  if (isWanted(whole)) return whole;
  const lines = output.split('\n');
  for (const [index, line] of lines.entries()) {
    if (!/^\s*[[{]/.test(line)) continue;
    const own = jsonOf(line);
    if (isWanted(own)) return own;
    const end = lines.findLastIndex((last) => /[\]}]\s*$/.test(last));
    const rest = jsonOf(lines.slice(index, end + 1).join('\n'));
    if (isWanted(rest)) return rest;
    break;
  }
  throw new UnreadableOutput();
}

export function recordsOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

export function recordOf(value: unknown): Json {
  return isRecord(value) ? value : {};
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
