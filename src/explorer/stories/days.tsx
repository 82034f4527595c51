import { count, uptime, whole } from "../format.ts";
import { client, nodeTime } from "../live.ts";
import type { Markup } from "../markup.ts";
import { Answer, Section } from "../parts/layout.tsx";
import { Authority } from "../parts/names.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { useLoad } from "../store.ts";
import { type MissedDays, missedByDay } from "./missed-days.ts";

const days = 31;
const cell = 12;

const columns: Column<MissedDays>[] = [
  { head: "Authority", phone: "first", cell: ({ address }) => <Authority address={address} /> },
  { head: "Up", phone: "first-end", numeric: true, cell: ({ missed, turns }) => uptime(missed, turns) },
  { head: "Missed turns a day, today on the right", phone: "second", cell: (row) => <Row row={row} /> },
];

/** Missed turns over the last days, a cell a day. */
export function Days({ addresses }: { addresses: readonly string[] }): Markup {
  const loaded = useLoad(() => client.figures({ limit: 24 * days }), "");
  return (
    <Answer
      loaded={loaded}
      show={({ hours }) => (
        <Section title="Day by day" aside={`the last ${days} days, as far as this node has figures`}>
          <Table
            caption="Missed turns by day"
            columns={columns}
            rows={missedByDay(hours, { addresses, days, nowMs: nodeTime(Date.now()) })}
            rowKey={({ address }) => address}
            empty="There are none."
          />
        </Section>
      )}
    />
  );
}

function Row({ row: { byDay, missed, turns } }: { row: MissedDays }): Markup {
  const aDay = Math.max(1, turns / byDay.filter((each) => each !== undefined).length);
  return (
    <svg
      class="turns"
      viewBox={`0 0 ${days * cell} ${cell}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${count(missed, "missed turn")} in ${days} days`}
    >
      {byDay.map((each, day) =>
        each === undefined ? null : (
          <rect
            class={each > 0 ? "missed" : "none"}
            x={day * cell + 1}
            y="0"
            width={cell - 2}
            height={cell}
            style={each > 0 ? { opacity: 0.35 + 0.65 * Math.min(1, each / aDay) } : undefined}
          >
            <title>
              {day === days - 1 ? "today" : `${days - 1 - day} d ago`}: {whole(each)} missed
            </title>
          </rect>
        ),
      )}
    </svg>
  );
}
