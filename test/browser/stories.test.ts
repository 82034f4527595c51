import { expect, test } from "vitest";
import { until } from "../e2e/harness/until.ts";
import { axeViolations, useStage, waitMs } from "./browser.ts";

const stage = useStage({ nodes: 4, periodMs: 500, name: "stories" });

test("the page of the authorities shows missed turns, by turn and by day, and which vote changed what", async () => {
  const { network, open } = stage();
  const [first, second, third, last] = network.nodes;
  const { address } = network.wallets[3]!;
  await last!.stop();
  for (const { id } of [first!, second!, third!])
    await network.world.ccoinJson(["propose", "set", "minFee=7", `--nodeid=${id}`]);
  const changes = () => first!.get<{ changes: object[] }>("/v1/changes");
  await until("the fee is set", async () => (await changes()).changes.length > 0, { timeoutMs: waitMs });

  const { page, troubles } = await open("#/authorities");
  const row = (region: string) =>
    page
      .getByRole("region", { name: region })
      .getByRole("row")
      .filter({ has: page.getByTitle(address) });
  await row("Turn by turn")
    .getByRole("link", { name: /^[\d,]+$/ })
    .first()
    .waitFor();
  await row("Turn by turn")
    .getByRole("img", { name: /^[\d.]+ % of [\d,]+ turns? made$/ })
    .waitFor();
  await row("Day by day")
    .getByRole("img", { name: /^[1-9]\d* missed turns? in 31 days$/ })
    .waitFor();
  await page
    .getByRole("listitem")
    .filter({ hasText: /^set minFee = 7 .*at block [\d,]+ .+, by 3 votes/ })
    .waitFor();
  expect(await axeViolations(page)).toEqual([]);
  expect(troubles).toEqual([]);
});
