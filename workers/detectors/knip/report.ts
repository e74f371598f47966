/** Reads the output of knip 5 and 6 with `--reporter json` into one list. Pure. */
import { isRecord } from '../../graph/manifests.ts';

/** As printed: knip 6 has everything in `issues`, knip 5 has unused files in `files`. */
export interface KnipReport {
  readonly issues: readonly unknown[];
  readonly files?: unknown;
}

/** One issue that knip reports. */
export interface KnipIssue {
  /** knip's own type: `exports`, `devDependencies`; unknown types are accepted too. */
  readonly type: string;
  /** Relative to the root. */
  readonly file: string;
  readonly name: string;
  /** The enum, class or namespace whose member it is, or the name of the catalog. */
  readonly parent?: string;
  /** Absent: knip does not tell. */
  readonly position?: KnipPosition;
  /** All duplicate names, or all modules of a cycle, in order; `name` is the first. */
  readonly group?: readonly { readonly name: string; readonly position?: KnipPosition }[];
}

export interface KnipPosition {
  /** Zero-based, in UTF-16 characters; knip counts from 1. */
  readonly line: number;
  readonly character: number;
  /** From the start of the text; the more reliable of the two. */
  readonly offset?: number;
}

export function isReport(value: unknown): value is KnipReport {
  return isRecord(value) && Array.isArray(value['issues']);
}

/** Every issue, in knip's order. */
export function issuesOf(report: KnipReport): readonly KnipIssue[] {
  const files = Array.isArray(report.files) ? report.files : [];
  const answers = files.flatMap((file): KnipIssue[] => (typeof file === 'string' ? [{ type: 'files', file, name: file }] : [])); // prettier-ignore
  for (const row of report.issues) {
    if (!isRecord(row)) continue;
    const { file } = row;
    if (typeof file !== 'string') continue;
    for (const [type, items] of Object.entries(row)) {
      // The owners of a file are not issues.
      if (type !== 'file' && type !== 'owners') answers.push(...issuesIn(type, file, items));
    }
  }
  return answers;
}

/** @param items a list; a list of lists if several names make one issue; in knip 5 members are grouped by parent */
function issuesIn(type: string, file: string, items: unknown, parent?: string): readonly KnipIssue[] {
  if (isRecord(items)) return Object.entries(items).flatMap(([name, inner]) => issuesIn(type, file, inner, name));
  if (!Array.isArray(items)) return [];
  return items.flatMap((item: unknown): KnipIssue[] => {
    if (Array.isArray(item)) {
      const group = item.flatMap((one: unknown) => namedIn(one) ?? []);
      const [first] = group;
      return first ? [{ type, file, ...first, group }] : [];
    }
    const named = namedIn(item);
    return named ? [{ type, file, ...(parent === undefined ? {} : { parent }), ...named }] : [];
  });
}

function namedIn(item: unknown): Pick<KnipIssue, 'name' | 'parent' | 'position'> | undefined {
  if (!isRecord(item) || typeof item['name'] !== 'string') return undefined;
  const { name, namespace, line, col, pos } = item;
  const isPlaced = typeof line === 'number' && typeof col === 'number';
  return {
    name,
    ...(typeof namespace === 'string' ? { parent: namespace } : {}),
    ...(isPlaced
      ? { position: { line: line - 1, character: col - 1, ...(typeof pos === 'number' ? { offset: pos } : {}) } }
      : {}),
  };
}
