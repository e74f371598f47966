/** The noted result of comparing TypeScript 7 with the workspace's own version on a project. Pure. */
import { createHash } from 'node:crypto';

export interface Comparison {
  readonly outcome: 'equal' | 'different';
  /** Memory of TypeScript 7 after a complete check of the project, in megabytes. */
  readonly megabytes: number;
}

/** A hash of everything that can change the result of the comparison. */
export function fingerprintOf(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

export function formatComparison({ outcome, megabytes }: Comparison, fingerprint: string): string {
  return `${outcome} ${String(megabytes)} ${fingerprint}`;
}

/** @returns undefined: the text is invalid or about another fingerprint */
export function parseComparison(text: string | undefined, fingerprint: string): Comparison | undefined {
  const [, outcome, megabytes, about] = /^(equal|different) (\d{1,6}) ([0-9a-f]{32})$/.exec(text ?? '') ?? [];
  if (about !== fingerprint || (outcome !== 'equal' && outcome !== 'different')) return undefined;
  return { outcome, megabytes: Number(megabytes) };
}
