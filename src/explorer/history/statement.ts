import { download } from "../wallet/download.ts";

/** One line of a table (RFC 4180); a quoted text may have line breaks. */
const csvLine = /(?:"(?:[^"]|"")*"|[^"\n])+/g;
/** The first cells of a line: time, direction and counterparty, then its name. */
const firstCells = /^([^,]*,[^,]*,(cc1[a-z0-9]+),)("(?:[^"]|"")*"|[^,]*)/;

/** Adds names to the node's table that only this browser knows. */
export function withNames(table: string, nameOf: (address: string) => string | undefined): string {
  return table.replace(csvLine, (line) =>
    line.replace(firstCells, (_, head: string, address: string, name: string) => {
      const own = nameOf(address);
      return head + (own === undefined ? name : cell(own));
    }),
  );
}

/** A spreadsheet would run a text as a formula if it began with one of these characters. */
function cell(text: string): string {
  return `"${/^[=+\-@]/.test(text) ? "'" : ""}${text.replaceAll('"', '""')}"`;
}

/** Saves a table as a file, whose name consists of the `parts` that are defined. */
export function saveTable(parts: readonly (string | undefined)[], table: string): void {
  // Excel reads UTF-8 only after a byte order mark.
  download(parts.filter(Boolean).join(" "), "csv", `\uFEFF${table}`);
}
