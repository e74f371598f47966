/** Tables for people. Pure. */

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/**
 * The lines of a table, the head first. Columns that do not fit are left out from the right; the first is shortened.
 * @param width characters
 */
export function tableLines({ head, rows }: Table, width: number): readonly string[] {
  let columns = head.length;
  const widthOf = (column: number): number =>
    Math.max(head[column]?.length ?? 0, ...rows.map((row) => row[column]?.length ?? 0));
  const widths = head.map((_, column) => widthOf(column));
  const total = (): number => widths.slice(0, columns).reduce((sum, each) => sum + each + 2, -2);
  while (columns > 2 && total() > width) columns -= 1;
  const excess = total() - width;
  if (excess > 0) widths[0] = Math.max(12, (widths[0] ?? 0) - excess);
  return [head, ...rows].map((row) =>
    row
      .slice(0, columns)
      .map((cell, column) => {
        const room = widths[column] ?? 0;
        // Numbers are aligned to the right.
        return isNumber(cell) ? cell.padStart(room) : shortened(cell, room).padEnd(room);
      })
      .join('  ')
      .trimEnd(),
  );
}

/** Leaves out the middle, because names differ at their ends. */
export function shortened(text: string, length: number): string {
  if (text.length <= length) return text;
  const kept = Math.max(1, length - 1);
  const end = Math.ceil(kept / 2);
  return `${text.slice(0, kept - end)}…${text.slice(text.length - end)}`;
}

function isNumber(cell: string): boolean {
  return /^(?:-|[\d.]+(?: \w+)?)$/.test(cell);
}
