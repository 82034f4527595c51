import { useEffect, useState } from "preact/hooks";
import { dateTime } from "../format.ts";
import { client, live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { nameOf, shownAddress } from "../names.ts";
import { Amount, amountText } from "../parts/amount.tsx";
import { Answer, Problem, Section } from "../parts/layout.tsx";
import { Plot } from "../parts/plot.tsx";
import { useLoad, useSelected } from "../store.ts";
import { FilterForm } from "./filter-form.tsx";
import { loadAll, loadPage, type Page, totalsOf, withFinality } from "./load.ts";
import { type Cursor, cursorOf, type FilterTexts, filterTexts, historyHash, nodeFilter } from "./query.ts";
import { saveTable, withNames } from "./statement.ts";
import { HistoryTable } from "./table.tsx";

interface HistoryProps {
  address: string;
  /** The filter and the position, from the page's address. */
  query: URLSearchParams;
  /** Changes whenever the account does. */
  version: string;
}

/** The history of an account: newest first, filtered, page by page. */
export function HistorySection({ address, query, version }: HistoryProps): Markup {
  const filter = filterTexts(query);
  const cursor = cursorOf(query);
  const wanted = nodeFilter(filter);
  const finalized = useSelected(live, ({ status }) => status?.finalized?.height ?? 0);
  const ask = (part: Parameters<typeof client.history>[1]) => client.history(address, part);
  const page = useLoad(() => loadPage(ask, wanted, cursor), `${address} ${query} ${version}`);
  const [printed, setPrinted] = useState<Page>();
  const [making, setMaking] = useState<{ error?: Error } | "busy">({});
  const make = (what: () => Promise<void>) => {
    setMaking("busy");
    void what().then(
      () => setMaking({}),
      (error: Error) => setMaking({ error }),
    );
  };
  useEffect(() => {
    if (!printed) return;
    addEventListener("afterprint", () => setPrinted(undefined), { once: true });
    print();
  }, [printed]);
  const save = async () => {
    const table = await new Response(await client.historyTable(address, wanted)).text();
    saveTable([shownAddress(address), filter.from, filter.to], withNames(table, nameOf));
  };
  return (
    <Section
      title="History"
      aside={
        <span class="actions">
          <button type="button" class="small" disabled={making === "busy"} onClick={() => make(save)}>
            CSV
          </button>
          <button
            type="button"
            class="small"
            disabled={making === "busy"}
            onClick={() => make(async () => setPrinted(await loadAll(ask, wanted)))}
          >
            Print
          </button>
        </span>
      }
    >
      {making !== "busy" && making.error ? <Problem error={making.error} /> : null}
      <FilterForm address={address} filter={filter} />
      {Object.keys(filter).length > 0 ? (
        <p class="on-paper">
          Only:{" "}
          {Object.entries(filter)
            .map(([name, text]) => `${name} ${/^(min|max)$/.test(name) ? amountText(text) : text}`)
            .join(", ")}
        </p>
      ) : null}
      <Answer
        loaded={page}
        show={(data) => <Shown {...{ address, filter, cursor, finalized }} page={printed ?? data} />}
      />
    </Section>
  );
}

interface ShownProps {
  address: string;
  filter: FilterTexts;
  cursor: Cursor;
  /** The height of the finalized block. */
  finalized: number;
  page: Page;
}

function Shown({ address, filter, cursor, finalized, page }: ShownProps): Markup {
  const { next, previous } = page;
  const rows = withFinality(page.rows, finalized);
  const to = (place: Cursor) => historyHash(address, filter, place);
  return (
    <>
      <Totals rows={rows} />
      <HistoryTable
        rows={rows}
        empty={
          next !== null
            ? "Nothing was found so far. Older transactions have not been searched."
            : Object.keys(filter).length > 0
              ? "No transaction passes this filter."
              : "No block holds a transaction of this account."
        }
      />
      {next === null && previous === null ? null : (
        <p class="on-paper">There are more transactions than these.</p>
      )}
      <nav class="pager" aria-label="More of this list">
        {(cursor.before ?? cursor.after) ? <a href={to({})}>Newest</a> : null}
        {previous === null ? null : <a href={to({ after: previous })}>Newer</a>}
        {next === null ? null : <a href={to({ before: next })}>Older</a>}
      </nav>
      {rows.length > 1 ? (
        <Plot
          title="Balance"
          samples={rows
            .map(({ balance, block }) => ({ label: dateTime(block?.timestamp ?? 0), value: Number(balance) }))
            .reverse()}
          format={(value) => amountText(BigInt(Math.round(value)))}
          empty=""
        />
      ) : null}
    </>
  );
}

/** The sums of what is shown. */
function Totals({ rows }: { rows: Page["rows"] }): Markup {
  if (rows.length === 0) return null;
  const { received, sent, fees } = totalsOf(rows);
  return (
    <dl class="totals">
      {(
        [
          ["Received", received],
          ["Sent", sent],
          ["Fees", fees],
        ] as const
      ).map(([name, sum]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <Amount of={sum} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
