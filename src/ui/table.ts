import { padText, textWidth } from './text-width.ts';

/** Rows of cells with aligned columns, two spaces between them, no spaces at the end. Short rows are fine. */
export function alignColumns(
  rows: readonly (readonly string[])[],
  rightAligned: readonly number[] = [],
): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, textWidth(cell));
    }
  }
  const pad = (cell: string, column: number): string => {
    const width = widths[column] ?? 0;
    return rightAligned.includes(column) ? ' '.repeat(width - textWidth(cell)) + cell : padText(cell, width);
  };
  return rows.map((row) => row.map(pad).join('  ').trimEnd());
}
