import { expect, test } from "vitest";
import { waitingLine } from "../../../src/cli/output.ts";
import { ManualClock } from "../support/clock.ts";

function setUp({ isTTY = true, columns = 200 } = {}) {
  const clock = new ManualClock();
  const written: string[] = [];
  const stream = { isTTY, columns, write: (text: string) => written.push(text) } as never;
  const node = { summary: "at height 12, 4 s old", isAway: false };
  const diagnosis = async () => {
    if (node.isAway) throw new Error("away");
    return { state: "ok", summary: node.summary, findings: [] } as never;
  };
  const end = waitingLine("waits for a block", { diagnosis }, { stream, clock });
  return { clock, node, end, shown: () => written.splice(0).map((text) => text.replace("\r\x1b[K", "")) };
}

test("rewrites one line of a terminal every second, with what the node says, and clears it at the end", async () => {
  const { clock, node, end, shown } = setUp();
  await clock.advance(2_000);
  expect(shown()).toEqual([
    "waits for a block for 1 s; ok: at height 12, 4 s old",
    "waits for a block for 2 s; ok: at height 12, 4 s old",
  ]);
  node.summary = "no\x1b[2Jspoof";
  await clock.advance(1_000);
  node.isAway = true;
  await clock.advance(1_000);
  expect(shown()).toEqual([
    "waits for a block for 3 s; ok: no\ufffd[2Jspoof",
    "waits for a block for 4 s; the node does not answer",
  ]);
  end();
  await clock.advance(5_000);
  expect([shown(), clock.pending]).toEqual([[""], 0]);
});

test("fits the line into the terminal", async () => {
  const { clock, end, shown } = setUp({ columns: 30 });
  await clock.advance(1_000);
  expect(shown()).toEqual(["waits for a block for 1 s; ok"]);
  end();
});

test("shows nothing without a terminal, or when the wait is over at once", async () => {
  const piped = setUp({ isTTY: false });
  const short = setUp();
  await piped.clock.advance(5_000);
  for (const { end } of [piped, short]) end();
  expect([piped.shown(), short.shown()]).toEqual([[], []]);
});
