// biome-ignore-all lint/a11y/noRedundantRoles: table elements that CSS shows as blocks lose their roles.
import type { Markup } from "../markup.ts";
import { Term, type Word } from "./term.tsx";

export interface Column<Row> {
  head: string;
  cell(row: Row): Markup;
  /** The word of the head that is explained. */
  term?: Word;
  /** True aligns the column to the right. */
  numeric?: boolean;
  /** The place in the two lines of a row on a phone: by default in the second one, after the column's name. */
  phone?: "first" | "first-end" | "second" | "second-end" | "none";
}

interface TableProps<Row> {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey(row: Row): string | number;
  /** Contents that replace a table without rows. */
  empty: Markup;
}

/** A table whose rows have two lines on a phone; the roles keep it a table for screen readers. */
export function Table<Row>({ caption, columns, rows, rowKey, empty }: TableProps<Row>): Markup {
  if (rows.length === 0) return <p class="empty">{empty}</p>;
  return (
    <table role="table">
      <caption class="unseen">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ head, term, numeric }) => (
            <th role="columnheader" scope="col" class={numeric ? "numeric" : ""} key={head}>
              {term ? <Term word={term}>{head}</Term> : head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr role="row" key={rowKey(row)}>
            {columns.map(({ head, cell, numeric, phone = "named" }) => (
              <td role="cell" data-head={head} class={numeric ? `numeric ${phone}` : phone} key={head}>
                <span class="cell">{cell(row)}</span>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
