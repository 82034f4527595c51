import type { Turns } from "../../client/index.ts";
import { count, uptime, whole } from "../format.ts";
import { client, live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { Answer, Section } from "../parts/layout.tsx";
import { Authority } from "../parts/names.tsx";
import { Table } from "../parts/table.tsx";
import { useLoad, useStore } from "../store.ts";

const width = 512;
const height = 16;

/** The turns of the newest blocks: a row for each authority, with a cell at the place of each of its turns. */
export function TurnMap(): Markup {
  const { status, polls } = useStore(live);
  const loaded = useLoad(() => client.turns(), polls);
  const head = status?.head?.height ?? 0;
  return (
    <Answer
      loaded={loaded}
      show={({ countedFrom, authorities }) => (
        <Section
          title="Turn by turn"
          aside={`blocks ${whole(countedFrom)} to ${whole(Math.max(head, countedFrom))}`}
        >
          <Table<Turns>
            caption="Turns of each authority"
            columns={[
              { head: "Authority", phone: "first", cell: ({ address }) => <Authority address={address} /> },
              {
                head: "Turns, the newest on the right",
                phone: "second",
                cell: (turns) => (
                  <Cells turns={turns} from={countedFrom} to={head} each={authorities.length} />
                ),
              },
              { head: "Missed", cell: ({ missed }) => <MissedBlocks heights={missed} /> },
            ]}
            rows={authorities}
            rowKey={({ address }) => address}
            empty="There are none."
          />
          <p class="quiet">
            A filled cell is a turn in which the authority made the block, a cell with a cross one in which
            another had to. There is no cell where an authority could not take its turn because it had just
            signed.
          </p>
        </Section>
      )}
    />
  );
}

function Cells({
  turns: { made, missed },
  from,
  to,
  each,
}: {
  turns: Turns;
  from: number;
  to: number;
  /** The number of authorities. */
  each: number;
}): Markup {
  const step = width / Math.max(1, to - from + 1);
  const size = Math.max(2, Math.min(each * step - 1, height));
  const at = (block: number) => Math.min((block - from) * step, width - size);
  const square = (block: number) =>
    `M${at(block).toFixed(1)} 0h${size.toFixed(1)}v${height}h-${size.toFixed(1)}z`;
  const cross = (block: number) => {
    const [left, right] = [at(block).toFixed(1), (at(block) + size).toFixed(1)];
    return `M${left} 0L${right} ${height}M${right} 0L${left} ${height}`;
  };
  const turns = made.length + missed.length;
  return (
    <svg
      class="turns"
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${uptime(missed.length, turns)} of ${count(turns, "turn")} made`}
    >
      <path class="made" d={made.map(square).join("")} />
      <path class="missed" d={missed.map(cross).join("")} />
    </svg>
  );
}

const namedBlocks = 3;

function MissedBlocks({ heights }: { heights: readonly number[] }): Markup {
  if (heights.length === 0) return <span class="quiet">none</span>;
  const others = heights.length - namedBlocks;
  return (
    <>
      {heights.slice(0, namedBlocks).map((block) => (
        <>
          <a href={`#/block/${block}`}>{whole(block)}</a>{" "}
        </>
      ))}
      {others > 0 ? <span class="quiet">and {whole(others)} more</span> : null}
    </>
  );
}
