/** Whether TypeScript 7 says of a project what the workspace's own version says, as it is remembered. Pure. */
import { createHash } from 'node:crypto';

export interface Comparison {
  readonly outcome: 'equal' | 'different';
  /** Of TypeScript 7 after a check of the whole project, megabytes. */
  readonly megabytes: number;
}

/** All that can make the two differ in kind, in one outcome. */
export function fingerprintOf(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

export function formatComparison({ outcome, megabytes }: Comparison, fingerprint: string): string {
  return `${outcome} ${String(megabytes)} ${fingerprint}`;
}

/** @returns undefined: it is about something else, or no verdict at all */
export function parseComparison(text: string | undefined, fingerprint: string): Comparison | undefined {
  const [, outcome, megabytes, about] = /^(equal|different) (\d{1,6}) ([0-9a-f]{32})$/.exec(text ?? '') ?? [];
  if (about !== fingerprint || (outcome !== 'equal' && outcome !== 'different')) return undefined;
  return { outcome, megabytes: Number(megabytes) };
}
