import { checkGenesis, createGenesis } from "../../src/chain/genesis.ts";
import { testChainConfig } from "../chain-config.ts";
import { SimDisk } from "./disk.ts";
import { accounts, verify } from "./keys.ts";
import { drained } from "./loop.ts";
import { SimNetwork } from "./network.ts";
import { SimNode, type SimNodeOptions } from "./node.ts";
import { Random } from "./random.ts";
import { epochMs, Timeline } from "./timeline.ts";
import { Trace } from "./trace.ts";

type NodeEvents = Pick<
  SimNodeOptions,
  "onPenalty" | "onPublish" | "onVotes" | "onGossip" | "onError" | "onMode" | "onStarted" | "onRestored"
>;

interface SmallNetworkOptions {
  authorities?: number;
  /** The number of authorities that are nodes. */
  count?: number;
  periodMs?: number;
  mostDelayMs?: number;
  /** True if the nodes know no others, and find none. */
  alone?: boolean;
  seed?: number;
  events?: Partial<NodeEvents>;
}

/** Makes a simulated network without faults, for tests that add their own. */
export async function smallNetwork({
  authorities = 4,
  count = authorities,
  periodMs = 1_000,
  mostDelayMs = 5,
  alone = false,
  seed = 1,
  events = {},
}: SmallNetworkOptions) {
  const random = new Random(seed);
  const timeline = new Timeline();
  const trace = new Trace(timeline, false);
  const conditions = { leastDelayMs: 1, mostDelayMs, lossShare: 0, duplicateShare: 0 };
  const network = new SimNetwork(timeline, random.fork("network"), {
    ...conditions,
    slowShare: 0,
    slowMs: 0,
  });
  const keys = accounts.slice(0, authorities).map(({ publicKey }) => publicKey);
  const config = testChainConfig({ authorities: keys, periodMs });
  const block = await createGenesis(config, { balances: [] }, accounts[0]!, epochMs - 60_000);
  const genesis = await checkGenesis(block, verify);
  const nothing = () => undefined;
  const nodes = Array.from({ length: count }, (_, index) => {
    const name = `a${index}`;
    const speed = { leastMs: 1, mostMs: 3, slowShare: 0, slowMs: 0 };
    return new SimNode({
      name,
      signer: accounts[index],
      genesis,
      disk: new SimDisk(timeline, random.fork(name), speed),
      clockError: { offsetMs: 0, drift: 0, jitterMs: 1 },
      network,
      timeline,
      random: random.fork(`node ${name}`),
      trace,
      alone,
      onStarted: nothing,
      onPenalty: nothing,
      onPublish: nothing,
      onVotes: nothing,
      onGossip: nothing,
      onMode: nothing,
      onRestored: nothing,
      onError: nothing,
      ...events,
    });
  });
  const stored = Promise.all(nodes.map((node) => node.init()));
  await drained();
  while (timeline.step()) await drained();
  await stored;
  return { random, timeline, trace, network, genesis, nodes };
}
