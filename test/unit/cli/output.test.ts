import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { progressLine } from "../../../src/cli/output.ts";
import { ManualClock } from "../support/clock.ts";

const main = fileURLToPath(new URL("../../../src/cli/main.js", import.meta.url));

describe("progress", () => {
  const show = async (isTTY: boolean) => {
    const clock = new ManualClock();
    let text = "";
    const stream = { isTTY, write: (part: string) => (text += part) } as unknown as NodeJS.WriteStream;
    const progress = progressLine("imported block", { stream, clock });
    for (let done = 1; done <= 400; done++) {
      await clock.advance(10);
      progress.update(done, 1_000);
    }
    progress.end();
    return text;
  };

  it("rewrites one line of a terminal with rate and remaining time, at most ten times a second", async () => {
    const shown = (await show(true)).split("\r\u001b[K");
    expect(shown.length).toBeLessThanOrEqual(42);
    expect(shown.at(-2)).toBe("imported block 391 of 1000, 100 a second, 6 s left");
    // The line is cleared at the end.
    expect(shown.at(-1)).toBe("");
  });

  it("shows no progress without a terminal", async () => {
    expect(await show(false)).toBe("");
  });
});

/** `script` of util-linux gives a command a terminal. */
describe.skipIf(!existsSync("/usr/bin/script") || process.platform !== "linux")("colours", () => {
  const args = ["status", "--url=http://127.0.0.1:1"];
  const environment = (extra: Record<string, string>) => {
    // Node checks these variables before the terminal; the log of a CI is not a terminal.
    const { NO_COLOR: _, FORCE_COLOR: __, CI: ___, ...others } = process.env;
    return { ...others, TERM: "xterm-256color", ...extra };
  };
  const inTerminal = (extra: Record<string, string> = {}) => {
    const command = [process.execPath, main, ...args].join(" ");
    return spawnSync("/usr/bin/script", ["-qec", command, "/dev/null"], {
      env: environment(extra),
    }).stdout.toString();
  };

  it("uses colours on terminals", () => {
    expect(inTerminal()).toContain("\u001b[31merror:\u001b[39m cannot reach");
  });

  it("uses no colours if NO_COLOR is set", () => {
    expect(inTerminal({ NO_COLOR: "1" })).toMatch(/^error: cannot reach/);
  });

  it("uses no colours in files and pipes", () => {
    const { stderr } = spawnSync(process.execPath, [main, ...args], { env: environment({}) });
    expect(stderr.toString()).toMatch(/^error: cannot reach/);
    expect(
      execFileSync(process.execPath, [main, "--help"], { env: environment({}) }).toString(),
    ).not.toContain("\u001b");
  });
});
