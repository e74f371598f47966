/** Reads what a {@link QuarantineStorage} holds, which any version of Bulkhead may have written. Stateless. */
import type { QuarantinedInput, QuarantineStorage } from './types.ts';

export interface QuarantineRecord {
  readonly input: QuarantinedInput;
  readonly key: string;
  readonly version: string | undefined;
}

/** @returns the stored inputs, including those that are no longer in force */
export async function storedInputs(storage: QuarantineStorage, root: string): Promise<readonly QuarantinedInput[]> {
  return [...(await storage.list()).values()].flatMap((value) => recordOf(value, root)?.input ?? []);
}

/** @returns undefined for a record of another format, such as one of another version of Bulkhead */
export function recordOf(value: unknown, root: string): QuarantineRecord | undefined {
  if (!isStored(value)) return undefined;
  const { key, version, ...input } = value;
  return { input: { ...input, root }, key, version };
}

type StoredInput = Omit<QuarantinedInput, 'root'> & { readonly key: string; readonly version?: string };

/** The parts of a stored value that are checked. */
type Shape = {
  readonly [Name in keyof StoredInput]?: unknown;
} & {
  readonly unit?: { readonly id?: unknown } | null;
  readonly reason?: { readonly kind?: unknown; readonly message?: unknown } | null;
};

function isStored(value: unknown): value is StoredInput {
  if (typeof value !== 'object' || value === null) return false;
  const { key, version, detector, file, unit, reason }: Shape = value;
  return (
    [key, detector, file, unit?.id, reason?.kind, reason?.message].every((field) => typeof field === 'string') &&
    (version === undefined || typeof version === 'string')
  );
}
