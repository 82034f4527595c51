import { expect, test } from "vitest";
import { until } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

const clone = { lesson: "clone", moral: "the cheat has lost its seat" };
/** Lessons whose subject other tests also cover; here only the moral is compared. */
const others = [
  { lesson: "partition", moral: "nothing has become final on any side" },
  { lesson: "vote", moral: "finality is back" },
];

/** The lessons run concurrently because they wait more than they work. */
test.concurrent.for(process.env["E2E_LONG"] ? [clone, ...others] : [clone])(
  "scripts/class.sh $lesson",
  { timeout: 600_000 },
  async ({ lesson, moral }, { onTestFinished }) => {
    const world = createWorld(onTestFinished);
    const given = world.start(lesson, ["scripts/class.sh", lesson, "--period=400"]);
    const page = await until(
      "it has shown where the nodes' pages are",
      () => given.end ?? /^node 2 +(http:\S+)$/m.exec(given.stdout)?.[1],
      { timeoutMs: 120_000 },
    );
    // Requests the page from outside the lesson's network.
    if (typeof page === "string")
      expect(await (await fetch(`${page}/v1/status`)).json()).toMatchObject({ nodeId: 2 });

    // A lesson that hangs is ended by a signal, and then prints the last lines of its nodes.
    await until("the lesson ends", () => given.end, { timeoutMs: 80_000 }).catch(() =>
      given.signal("SIGTERM"),
    );
    const { code, stdout, stderr } = await given.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.replaceAll(/\s+/g, " ")).toContain(moral);
  },
);
