import type { Status } from "../../client/index.ts";
import { count, whole } from "../format.ts";
import type { Markup } from "../markup.ts";
import { FullName } from "./names.tsx";

type Recovery = Status["recoveries"][number];

/** Says permanently that people have agreed on how the chain continues, and after which block. */
export function RecoveryNote({ recoveries }: { recoveries: readonly Recovery[] }): Markup {
  return (
    <section class="note warn" aria-labelledby="recoveries">
      <h2 id="recoveries">
        {recoveries.length === 1
          ? "This chain was recovered"
          : `This chain was recovered ${recoveries.length} times`}
      </h2>
      <ul class="findings">
        {recoveries.map((recovery) => (
          <li key={recovery.id}>
            <RecoveryText recovery={recovery} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function RecoveryText({ recovery }: { recovery: Recovery }): Markup {
  const { id, block, authorities, reached } = recovery;
  return (
    <>
      <p>
        People agreed that it continues from <a href={`#/block/${block.id}`}>block {whole(block.height)}</a>{" "}
        with {count(authorities, "authority", "authorities")}
        {reached ? "" : "; this node has not reached that block yet"}.
      </p>
      <p>
        Recovery <FullName text={id} what="id" />
      </p>
    </>
  );
}
