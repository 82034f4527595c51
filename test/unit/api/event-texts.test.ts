import { expect, it } from "vitest";
import { EventTexts, type Piece } from "../../../src/api/event-texts.ts";
import type { LoggedEvent } from "../../../src/storage/event-log.ts";

it("a reader that knows of an event gets it, though another is just being told that there is none", async () => {
  const events: LoggedEvent[] = [];
  const looked: (() => void)[] = [];
  const log = {
    async *read(from: number) {
      // As a database: what it says is what there was when it was asked.
      const found = events.slice(from - 1);
      await new Promise<void>((resolve) => looked.push(resolve));
      for (const [index, event] of found.entries()) yield { number: from + index, event };
    },
  };
  const texts = new EventTexts(log, () => undefined);
  const wanted = new Set(["mode"] as const);
  const early = texts.read(1, wanted);
  await new Promise(setImmediate);
  events.push({ name: "mode", mode: "boot" });
  const late = texts.read(1, wanted);
  const settled: (Piece | undefined)[] = [];
  void early.then((piece) => settled.push(piece));
  void late.then((piece) => settled.push(piece));
  while (settled.length < 2) {
    looked.shift()?.();
    await new Promise(setImmediate);
  }
  expect(await early).toBeUndefined();
  expect((await late)?.text).toContain("event: mode");
});
