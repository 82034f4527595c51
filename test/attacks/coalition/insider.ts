import type { WeightedHeader } from "../../../src/chain/types.ts";
import { Liar } from "../../e2e/harness/liar.ts";
import { createRandom } from "../../e2e/harness/random.ts";
import { type Answers, Rogue } from "../../e2e/harness/rogue.ts";
import type { Site } from "../lib/site.ts";

/** Makes a liar with the authority's key that follows the chain as a peer of every node. */
export async function insider(site: Site, answers: Answers = {}): Promise<Liar> {
  const liar = await Liar.connect({
    nodes: site.places,
    genesis: await site.genesis(),
    signer: await site.authority(),
    random: createRandom(),
    answers,
    localAddress: site.address(0),
  });
  const reader = await Rogue.connect(site.places[0]!, { localAddress: site.address(1), rawGossip: true });
  await liar.shadow.download(reader);
  await reader.leave();
  site.count("insiders");
  return liar;
}

/** Calls `act` for each new head, once it is time for the next block. Reconnects after bans. */
export async function eachHead(
  site: Site,
  liar: Liar,
  act: (head: WeightedHeader) => Promise<unknown>,
): Promise<void> {
  const { periodMs } = (await site.genesis()).config.parameters;
  let last = 0;
  while (!site.signal.aborted) {
    await site.pause(20);
    await liar.comeBack().catch(() => undefined);
    const { head } = liar.shadow.chain;
    if (head.height <= last) continue;
    last = head.height;
    await site.pause(Math.max(0, head.header.message.timestamp + periodMs - Date.now()));
    if (site.signal.aborted || liar.shadow.chain.head.height !== last) continue;
    await act(head).catch(() => site.count("failed"));
    site.count("heights");
  }
}
