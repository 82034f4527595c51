import { blocksById, height } from "../../../protocols/index.ts";
import { voteSigningRoot } from "../../../src/chain/vote-check.ts";
import {
  EncodedBlock,
  encodeRecords,
  type FinalityVote,
  Header,
  rootOf,
  SignedFinalityVote,
} from "../../../src/types/index.ts";
import { concatBytes, fromHex, uint64Bytes } from "../../../src/util/bytes.ts";
import { topicOf } from "../../e2e/harness/rogue.ts";
import type { Attack } from "../attack.ts";
import { statusOf, tell, watchChain } from "../lib/claims.ts";
import type { Site } from "../lib/site.ts";
import { answering, bytes32, give, publication } from "../lib/wire.ts";
import { eachHead, insider } from "./insider.ts";

const perSecond = 100;

async function voteWriter(site: Site): Promise<(message: FinalityVote) => Promise<Uint8Array>> {
  const signer = await site.authority();
  const genesisId = fromHex(site.job.genesisId);
  return async (message) => {
    const signature = await signer.sign(voteSigningRoot(message, genesisId));
    return SignedFinalityVote.serialize({ message, voter: signer.publicKey, signature });
  };
}

/** Sends signed votes for blocks that do not exist. */
export const unknownVotes: Attack = {
  name: "unknown-votes",
  by: "coalition",
  does: `an authority signs ${perSecond} votes/s for blocks that nobody has, in rounds ahead; each goes to one node, from three ids`,
  async run(site) {
    const view = await watchChain(site);
    const write = await voteWriter(site);
    const { id } = await site.genesis();
    const topic = topicOf("votes", site.job.genesisId);
    let turn = 0;
    const size = site.places.length;
    await site.crowd(size, { rawGossip: true }, async ({ rogue }) => {
      const stream = await rogue.gossipStream();
      await site.repeat(
        perSecond / size,
        async () => {
          const ahead = 1 + (turn++ % 20);
          const target = { round: view.justifiedRound + ahead, height: view.height + 1, block: bytes32() };
          const vote = await write({ source: { round: 0, height: 0, block: id }, target });
          await give(stream, publication(topic, vote));
          site.count("votes");
        },
        () => rogue.connected,
      );
    });
  },
};

/**
 * Sends a side block to some of the nodes only, and votes for it with a wrong height to a node that lacks it, which
 * would forward them to nodes that know that they are wrong.
 */
export const voteSplit: Attack = {
  name: "vote-split",
  by: "coalition",
  does: "an authority shows a block beside the head to two of three nodes, and sends six votes for it with a wrong height to the third, which cannot know; on every head",
  judge: ({ served = 0 }) => (served > 0 ? [] : ["no node asked for a side block"]),
  async run(site) {
    const view = await watchChain(site);
    const write = await voteWriter(site);
    const { id: genesisId } = await site.genesis();
    const topic = topicOf("votes", site.job.genesisId);
    let side: { id: Uint8Array; bytes: Uint8Array; height: number; totalDifficulty: number } | undefined;
    let served = 0;
    const liar = await insider(site);
    const status = () => {
      // A side block at or below the final block would contradict the rest of the status.
      const shown = side && side.height > view.finalizedHeight ? side : undefined;
      return statusOf(view, site.job.genesisId, {
        ...(shown && { height: shown.height, headId: shown.id, totalDifficulty: shown.totalDifficulty }),
        justifiedRound: view.justifiedRound + 3,
      });
    };
    const answers = {
      [height.id]: answering(() => [status()]),
      [blocksById.id]: answering(() => {
        served++;
        site.count("served");
        return side ? [side.bytes] : [];
      }),
    };
    const knowing = new Set<() => Promise<unknown>>();
    let say: ((bytes: Uint8Array) => Promise<void>) | undefined;
    await Promise.all([
      site.crowd(2, { answers, rawGossip: true, places: site.places.slice(1) }, async ({ rogue }) => {
        const claim = () => tell(site, rogue, status());
        knowing.add(claim);
        while (rogue.connected && !site.signal.aborted) await site.pause(200);
        knowing.delete(claim);
      }),
      site.crowd(1, { rawGossip: true, places: site.places.slice(0, 1) }, async ({ rogue }) => {
        const stream = await rogue.gossipStream();
        say = (bytes) => give(stream, publication(topic, bytes));
        while (rogue.connected && !site.signal.aborted) await site.pause(200);
      }),
      eachHead(site, liar, async (head) => {
        if (!liar.maySign) return;
        const block = await liar.makeBlock();
        if (!block) return;
        const { message } = block.header;
        side = {
          id: rootOf(Header, message),
          bytes: EncodedBlock.serialize({ header: block.header, body: encodeRecords([]) }),
          height: message.height,
          totalDifficulty: head.totalDifficulty + message.difficulty,
        };
        served = 0;
        for (const claim of knowing) void claim().catch(() => undefined);
        for (let wait = 0; wait < 20 && served < 2; wait++) await site.pause(10);
        for (let ahead = 1; ahead <= 6; ahead++) {
          const target = {
            round: view.justifiedRound + 1 + ahead,
            height: message.height + 1_000,
            block: side.id,
          };
          await say?.(await write({ source: { round: 0, height: 0, block: genesisId }, target }));
          site.count("votes");
        }
      }),
    ]);
  },
};

/** Sends two valid votes in each round to different nodes. */
export const doubleVotes: Attack = {
  name: "double-votes",
  by: "coalition",
  does: "an authority signs ten different votes for each head, in the same round and in old ones, one after the other to different nodes",
  async run(site) {
    const view = await watchChain(site);
    const write = await voteWriter(site);
    const { id } = await site.genesis();
    const topic = topicOf("votes", site.job.genesisId);
    await site.crowd(site.places.length, { rawGossip: true }, async ({ rogue }) => {
      const stream = await rogue.gossipStream();
      let turn = 0;
      await site.repeat(
        10,
        async () => {
          const round = Math.max(1, view.height - (turn++ % 10));
          const target = { round, height: view.height, block: view.head };
          const source = { round: 0, height: 0, block: id };
          await give(stream, publication(topic, await write({ source, target })));
          site.count("votes");
        },
        () => rogue.connected,
      );
    });
  },
};

const outerVotes = 1_500;
const outerPerSecond = 400;
const innerPerSecond = 10;
/** The number of surrounded votes after which a node is asked for the evidence that it has. */
const innerUntilLook = 50;

/** Signs votes each of which thousands of earlier ones surround. */
export const surroundVotes: Attack = {
  name: "surround-votes",
  by: "coalition",
  does: `an authority signs ${outerVotes} votes from one source, none of which contradicts another, sends them to each of three nodes, ${outerPerSecond}/s, and then ${innerPerSecond}/s that all of these surround`,
  // The votes that the others surround come after seconds.
  fullOnly: true,
  judge: ({ shown = 0 }) => (shown > 0 ? [] : ["no node showed evidence of a surround vote"]),
  async run(site) {
    const write = await voteWriter(site);
    const { id } = await site.genesis();
    const topic = topicOf("votes", site.job.genesisId);
    const insideOf = 2_000;
    await site.crowd(site.places.length, { rawGossip: true }, async ({ rogue, place }) => {
      const stream = await rogue.gossipStream();
      const send = async (kind: "outer" | "inner", sourceRound: number, round: number) => {
        const source = { round: sourceRound, height: 0, block: id };
        // The same votes for every node.
        const target = { round, height: 1, block: bytesOf(round) };
        await give(stream, publication(topic, await write({ source, target })));
        site.count(kind);
      };
      let outer = insideOf;
      let inner = 0;
      await site.repeat(
        outerPerSecond,
        async () => {
          if (outer < insideOf + outerVotes) return send("outer", 0, ++outer);
          await site.pause(1_000 / innerPerSecond);
          await send("inner", 1, 2 + (inner++ % (insideOf - 2)));
          if (inner !== innerUntilLook) return;
          const { evidence } = await site.authorities(place);
          site.count("shown", evidence.filter(({ offence }) => offence === "surround").length);
        },
        () => rogue.connected,
      );
    });
  },
};

/** An id that stands for a block that there is not. */
function bytesOf(number: number): Uint8Array {
  return concatBytes(uint64Bytes(number), new Uint8Array(24).fill(1));
}
