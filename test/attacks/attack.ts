import type { Site } from "./lib/site.ts";

/** A stranger has none of the authorities' keys, a coalition one of four. */
export type Adversary = "stranger" | "coalition";

export interface Attack {
  name: string;
  by: Adversary;
  /** The attack and its rate, for docs/attacks.md. */
  does: string;
  /** True if each of its peer ids proves its misbehaviour by itself. */
  provable?: boolean;
  /** True if the tests leave it out, whose time is limited. */
  fullOnly?: boolean;
  /** Returns complaints about the counts of the attack, which ran for `seconds`. */
  judge?(counts: Readonly<Record<string, number>>, seconds: number): string[];
  /** Attacks until the site's signal is aborted. */
  run(site: Site): Promise<void>;
}
