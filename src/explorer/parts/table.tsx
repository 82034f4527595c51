// biome-ignore-all lint/a11y/noRedundantRoles: table elements that CSS shows as blocks lose their roles.
import type { Markup } from "../markup.ts";

export interface Column<Row> {
  head: string;
  cell(row: Row): Markup;
  /** True aligns the column to the right. */
  numeric?: boolean;
}

interface TableProps<Row> {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey(row: Row): string | number;
  /** Contents that replace a table without rows. */
  empty: Markup;
}

/** A table whose rows become cards on a narrow screen; the roles keep it a table for screen readers. */
export function Table<Row>({ caption, columns, rows, rowKey, empty }: TableProps<Row>): Markup {
  if (rows.length === 0) return <p class="empty">{empty}</p>;
  return (
    <table role="table">
      <caption class="unseen">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ head, numeric }) => (
            <th role="columnheader" scope="col" class={numeric ? "numeric" : ""} key={head}>
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr role="row" key={rowKey(row)}>
            {columns.map(({ head, cell, numeric }) => (
              <td role="cell" data-head={head} class={numeric ? "numeric" : ""} key={head}>
                <span class="cell">{cell(row)}</span>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
