import * as answers from "./answers.ts";
import * as gossip from "./gossip.ts";
import type { Liar } from "./liar.ts";
import * as restless from "./restless.ts";
import * as signed from "./signed.ts";
import * as statuses from "./statuses.ts";

/** A way to lie, which is applied to a peer once when it connects. */
export type Behaviour = (liar: Liar) => void;

/** Behaviours that need no key. */
export const ofStrangers: Readonly<Record<string, Behaviour>> = { ...statuses, ...answers, ...gossip };

/** Behaviours that need an authority's key. */
export const ofCoalitions: Readonly<Record<string, Behaviour>> = { ...signed, ...restless };

export function behaviour(name: string): Behaviour {
  const found = ofStrangers[name] ?? ofCoalitions[name];
  if (!found) throw new RangeError(`no such behaviour: ${name}`);
  return found;
}
