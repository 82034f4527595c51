import { setTimeout as sleep } from "node:timers/promises";
import { styled, table } from "../../src/cli/output.ts";

const width = 100;

/** Prints the lesson at a reader's pace. */
export class Story {
  readonly #pauseMs: number;

  constructor(pauseMs: number) {
    this.#pauseMs = pauseMs;
  }

  title(text: string): void {
    console.log(`\n${styled("bold", text)}\n${"-".repeat(text.length)}`);
  }

  /** Prints a paragraph and leaves time to read it. */
  async say(text: string): Promise<void> {
    console.log(wrap(text));
    await sleep(this.#pauseMs);
  }

  /** Leaves time to look around in the pages. */
  async linger(): Promise<void> {
    const pauseMs = 10 * this.#pauseMs;
    if (pauseMs > 0) console.log(`The nodes run for ${pauseMs / 1000} s more; Ctrl-C stops them.`);
    await sleep(pauseMs);
  }

  /** Shows a command as a person would type it. */
  command(text: string): void {
    console.log(styled("cyan", `$ ${text}`));
  }

  async facts(rows: readonly (readonly [string, string])[]): Promise<void> {
    console.log(`\n${table(rows)}\n`);
    await sleep(this.#pauseMs / 2);
  }
}

function wrap(text: string): string {
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1)!;
    if (line !== "" && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines.join("\n");
}
