import { expect, test } from "vitest";
import { cloneProject } from "../e2e/harness/clone.ts";
import { until } from "../e2e/harness/until.ts";
import { createWorld } from "../e2e/harness/world.ts";
import { openPage, payNewKey, useBrowser } from "./browser.ts";

const browser = useBrowser();

test("a new user gets from two commands to a final transfer with what the page offers", async () => {
  const world = createWorld();
  const cwd = cloneProject(world);
  const started = world.start("npm start", ["npm", "start"], { cwd });
  const link = await until(
    "it prints the explorer's address",
    () => started.end ?? /http:\/\/\S+#\/wallet\?key=\S+/.exec(started.stdout)?.[0],
    { timeoutMs: 60_000 },
  );
  if (typeof link !== "string") throw new Error(`npm start ended with ${started.end?.code}`);

  const { origin, hash } = new URL(link);
  const { page, troubles } = await openPage(browser(), origin, hash);
  await page.getByRole("button", { name: "Use this key" }).click();
  await payNewKey(page);
  await page.getByLabel("Amount").fill("5");
  await page.getByRole("button", { name: "Review" }).click();
  await page.getByRole("button", { name: "Sign and send" }).click();
  await page.getByText(/^Final after/).waitFor();

  // The node gives the coins of a development chain to a key of one's own.
  await page.getByText("Another key", { exact: true }).click();
  const make = page.getByRole("region", { name: "Make a key" });
  await make.getByLabel("Name").fill("Mine");
  await make.getByRole("button", { name: "Only for this tab" }).click();
  await page.getByRole("button", { name: "Get coins" }).click();
  await page.locator(".headline", { hasText: "1,000 CC" }).waitFor();
  expect(troubles).toEqual([]);
});
