import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { TestNode } from "../../test/e2e/harness/node.ts";
import { Wallet } from "../../test/e2e/harness/wallet.ts";
import type { Classroom } from "./classroom.ts";
import { decided } from "./decided.ts";
import type { Lesson } from "./lesson.ts";

/** A lesson in which one of three authorities runs in two places and gives both halves a majority. */
export const clone: Lesson = {
  about: "An authority runs two copies of itself in a divided network, and spends its coins twice",
  sides: [1, 2, 1, 2],
  authorities: 3,
  async run(room) {
    const { story, nodes, wallets, lab, genesisId } = room;
    const [left, right, original, copy] = nodes as [TestNode, TestNode, TestNode, TestNode];
    const honest = [left, right];
    const cheat = wallets[2]!;
    await story.say(
      `Three authorities; the operator of node 3 means to cheat. Two of three are a majority, so each half of the network that has two
      makes blocks. Who can divide the network, and runs one key in both halves, makes both believe that they are the majority: the "attack of
      the clones", published in 2019 against proof-of-authority chains without finality.`,
    );
    await room.board();

    story.title("Node 3 is copied, and the network is cut");
    await original.stop();
    story.command("cp -a data/node-3 data/node-4    # with its key; node 4 is on the right");
    execFileSync("cp", ["-a", original.paths.folder, copy.paths.folder]);
    rmSync(join(copy.paths.folder, "peer.key"));
    original.start();
    await room.ready(original);
    lab.cut();
    copy.start();
    await room.ready(copy);
    await story.say(
      `Nodes 1 and 3 are on the left, node 2 and the copy on the right. The cheat pays all its coins to the account of node 1 on the
      left, and the same coins to that of node 2 on the right. What will each of the two see?`,
    );
    const all = 999_999n;
    // Both payments have the account's first nonce, so a chain can hold only one of them.
    const payments = [
      await room.pay(cheat, wallets[0]!.address, all, left),
      await room.pay(new Wallet(cheat.signer, genesisId), wallets[1]!.address, all, right),
    ];
    for (const [side, node] of honest.entries()) {
      await room.until(
        "the payment is in a block",
        async () => (await node.transaction(payments[side]!)).block,
      );
    }
    // The halves keep time on their own. Until its turns in both fall into one slot, the cheat starts its copy anew.
    const slots = await room.until("the cheat has signed for both halves in one slot", async () => {
      await room.height(copy, (await copy.status()).head!.height + 4);
      const found = await contradictions(room, cheat.address, honest);
      if (found) return found;
      await copy.stop();
      await room.ready(copy.start());
      return undefined;
    });
    await room.board();
    for (const [side, node] of honest.entries()) {
      const { status, block } = await node.transaction(payments[side]!);
      if (status !== "included") throw new Error(`the payment on node ${node.id} is ${status}`);
      await story.say(
        `Node ${node.id} has got ${all} in block ${block!.height}: "${status}", and the chain goes on.`,
      );
    }
    await story.say(
      `Both have been paid with the same coins, and whoever takes a block for a payment has delivered twice. But neither payment is
      final: that takes more than two thirds of three, so all three, and the cheat can be only one of three on each side, however many copies
      run.`,
    );

    story.title("The network is whole again");
    lab.heal();
    const evidence = await room.until("both honest nodes have evidence", async () => {
      const found = await Promise.all(
        honest.map(async (node) =>
          (await node.authorities()).evidence.find(({ offender }) => offender === cheat.address),
        ),
      );
      return found.every(Boolean) && found[0];
    });
    await story.facts([
      ["offender", `${evidence.offender} (node 3)`],
      ["offence", evidence.offence],
      ["slots with a block of it in each half", String(slots.length)],
    ]);
    await story.say(
      `The halves compare what they have: two signatures of one key that no honest node makes. That is evidence which anybody can check, and every
      node keeps it (GET /v1/authorities, and the explorer's page of authorities). The honest two vote the cheat out:`,
    );
    for (const node of honest) await room.ccoin(node, "propose", "remove", cheat.address, "--force");
    for (const node of honest) {
      await room.until(
        "the cheat is no authority any more",
        async () => !(await node.authorities()).authorities.some(({ address }) => address === cheat.address),
      );
    }
    const { kept, lost } = await room.until("one payment is final on both", async () =>
      decided(await Promise.all(payments.map((payment) => room.statuses(honest, payment)))),
    );
    await room.board();
    await story.say(
      `The payment to node ${kept + 1} is final, the one to node ${lost + 1} never was, and is gone. Who delivered on a final payment only has
      lost nothing; the cheat has lost its seat. Without cheating on purpose this does not happen: a node that notices that its folder is a copy, or sees its own
      account sign elsewhere, stops signing (docs/slashing-protection.md).`,
    );
  },
};

/** Resolves to the slots in which the account has signed a block for each half. */
async function contradictions(
  { periodMs }: Classroom,
  address: string,
  honest: readonly TestNode[],
): Promise<number[] | undefined> {
  const [one, other] = await Promise.all(
    honest.map(async (node) => {
      const { blocks } = await node.get<{ blocks: { id: string; proposer: string; timestamp: number }[] }>(
        "/v1/blocks?limit=100",
      );
      const own = blocks.filter(({ proposer }) => proposer === address);
      return new Map(own.map(({ timestamp, id }) => [Math.floor(timestamp / periodMs), id]));
    }),
  );
  const slots = [...one!.keys()].filter((slot) => other!.has(slot) && other!.get(slot) !== one!.get(slot));
  return slots.length > 0 ? slots : undefined;
}
