import type { Site } from "./lib/site.ts";

/** A stranger has none of the authorities' keys, a coalition one of four. */
export type Adversary = "stranger" | "coalition";

export interface Attack {
  name: string;
  by: Adversary;
  /** The attack and its rate, for docs/attacks.md. */
  does: string;
  /** Each of its peer ids proves by itself that it misbehaves. */
  provable?: boolean;
  /** Complaints about what the attack counted; `seconds`: how long it ran. */
  judge?(counts: Readonly<Record<string, number>>, seconds: number): string[];
  /** Goes on until the site's signal aborts. */
  run(site: Site): Promise<void>;
}
