import type { Genesis } from "../../client/index.ts";
import { duration } from "../format.ts";
import type { Markup } from "../markup.ts";
import { Amount } from "./amount.tsx";
import { Fact } from "./layout.tsx";

/** The times between blocks, as facts. */
export function PeriodFacts(of: Pick<Genesis, "periodMs" | "emptyBlockPeriodMs">): Markup {
  const { periodMs, emptyBlockPeriodMs } = of;
  return (
    <>
      <Fact name="Period">{duration(periodMs)}</Fact>
      <Fact name="Empty blocks">
        {emptyBlockPeriodMs === 0 ? "none" : `every ${duration(emptyBlockPeriodMs)}`}
      </Fact>
    </>
  );
}

/** The fee of a transfer and the reward of a block, as facts. */
export function PriceFacts({ minFee, blockReward }: Pick<Genesis, "minFee" | "blockReward">): Markup {
  return (
    <>
      <Fact name="Least fee">
        <Amount of={minFee} />
      </Fact>
      <Fact name="Block reward">
        <Amount of={blockReward} />
      </Fact>
    </>
  );
}
