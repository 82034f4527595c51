import { blocksById, blockTransactions } from "../../../protocols/index.ts";
import { EncodedBlock, encodeRecords, Header, rootOf } from "../../../src/types/index.ts";
import { equalBytes } from "../../../src/util/bytes.ts";
import { type Lie, lies } from "../../e2e/harness/liar.ts";
import type { Attack } from "../attack.ts";
import { answering, bytes32, unavailable } from "../lib/wire.ts";
import { eachHead, insider } from "./insider.ts";

/** `npm run faults -- --only lying-authority` does the same a thousand times. */
export const lyingBlocks: Attack = {
  name: "lying-blocks",
  by: "coalition",
  does: "an authority publishes a wrong block on each head, in turn: two in one slot, one without its transactions, a bad state root, out of turn, ahead of time",
  async run(site) {
    const liar = await insider(site);
    let turn = 0;
    await eachHead(site, liar, async () => {
      const possible: readonly Lie[] = liar.maySign ? lies : ["wrong turn"];
      const lie = possible[turn++ % possible.length]!;
      if (await liar.tell(lie)) site.count(lie);
    });
  },
};

const twins = 20;

/** Signs two blocks in a slot with valid headers. */
export const equivocation: Attack = {
  name: "equivocation",
  by: "coalition",
  does: `an authority publishes ${twins} headers for its slot on each head that it may sign on, ${twins} on each of the last eight blocks, and ${twins} on parents that there are not`,
  async run(site) {
    const liar = await insider(site);
    await eachHead(site, liar, async (head) => {
      const slot = liar.draft();
      const publish = async (changes: Partial<Header>) => {
        await liar.publish(await liar.sign({ ...changes, stateRoot: bytes32() }));
        site.count("headers");
        await site.pause(5);
      };
      if (liar.maySign) for (let twin = 0; twin < twins; twin++) await publish({});
      for (let twin = 0; twin < twins && head.height > 10; twin++) {
        const parent = await liar.shadow.chain.tree.get(head.header.message.parent);
        if (parent)
          await publish({ height: parent.height + 1, parent: parent.id, timestamp: slot.timestamp - twin });
      }
      for (let twin = 0; twin < twins; twin++) await publish({ parent: bytes32() });
    });
  },
};

export const earlyBlocks: Attack = {
  name: "early-blocks",
  by: "coalition",
  does: "an authority publishes 20 headers on each head that are 5 ms to 29 s ahead of their time",
  async run(site) {
    const liar = await insider(site);
    await eachHead(site, liar, async () => {
      for (let count = 0; count < 20; count++) {
        const timestamp = Date.now() + Math.round(5 * 5_800 ** (count / 19));
        await liar.publish(await liar.sign({ timestamp, stateRoot: bytes32() }));
        site.count("headers");
      }
    });
  },
};

/** Sends blocks with wrong short ids, which honest relays forward unchanged because they are not signed. */
export const wrongShortIds: Attack = {
  name: "wrong-short-ids",
  by: "coalition",
  does: "an authority publishes a valid block in its turn, with short ids that are not those of its transactions, and delivers the block itself to whoever asks",
  async run(site) {
    let current: { id: Uint8Array; bytes: Uint8Array } | undefined;
    const liar = await insider(site, {
      // A node asks for the block itself once the short ids have led nowhere.
      [blockTransactions.id]: unavailable,
      [blocksById.id]: answering((request) => {
        const { ids } = blocksById.request.deserialize(request);
        site.count("asked");
        return current && ids.some((id) => equalBytes(id, current!.id)) ? [current.bytes] : [];
      }),
    });
    await eachHead(site, liar, async () => {
      if (!liar.maySign) return;
      const block = await liar.makeBlock();
      if (!block) return;
      const id = rootOf(Header, block.header.message);
      current = { id, bytes: EncodedBlock.serialize({ header: block.header, body: encodeRecords([]) }) };
      await liar.publish(block.header, [bytes32().subarray(0, 8), bytes32().subarray(0, 8)]);
      site.count("blocks");
    });
  },
};
