import type { TestNode } from "../../test/e2e/harness/node.ts";
import type { Lesson } from "./lesson.ts";

export const vote: Lesson = {
  about: "Authorities vote a new one in; two fail, finality waits, and a vote brings it back",
  sides: [1, 1, 1, 1, 1],
  authorities: 4,
  async run(room) {
    const { story, nodes, wallets } = room;
    const [first, second, third, fourth, newcomer] = nodes as [
      TestNode,
      TestNode,
      TestNode,
      TestNode,
      TestNode,
    ];
    await story.say(
      `Four authorities, and a fifth node that only follows. Authorities vote in the blocks they sign; when more than half of them (3 of 4) have
      voted for an account, it is one of them.`,
    );
    newcomer.start();
    const { address } = await room.ready(newcomer);
    // By then each authority has signed one: a set is not enlarged beyond those that are known to be alive.
    await room.finalizes(newcomer, 8);
    await room.board();

    story.title("Two of four vote for node 5");
    for (const node of [first, second]) await room.ccoin(node, "propose", "add", address);
    await room.until("both votes are in blocks", async () => {
      const { openVotes } = await third.authorities();
      return openVotes.filter(({ candidate }) => candidate === address).length === 2;
    });
    await room.height(first, (await first.status()).head!.height + 2);
    if ((await authorities(first)).includes(address)) throw new Error("two of four were enough");
    await story.say(
      "Both votes are in the chain, for everybody to see, and nothing has changed: two are not more than half.",
    );

    story.title("The third votes too");
    await room.ccoin(third, "propose", "add", address);
    for (const node of nodes) {
      await room.until("node 5 is an authority", async () => (await authorities(node)).includes(address));
    }
    const own = await room.until("node 5 makes a block", async () => {
      const { blocks } = await first.get<{ blocks: { height: number; proposer: string }[] }>("/v1/blocks");
      return blocks.find(({ proposer }) => proposer === address);
    });
    await room.board();
    await story.say(
      `Every node has come to the same set at the same block, since the votes are in the blocks. Node 5 has taken its turn: block
      ${own.height} is its own.`,
    );

    story.title("Nodes 4 and 5 break down");
    await fourth.kill();
    await newcomer.kill();
    const cut = (await first.status()).finalized!.height;
    const waiting = await room.until("finality waits", async () =>
      (await first.diagnosis()).findings.find(({ code }) => code === "FINALITY_WAITING"),
    );
    await room.board();
    await story.say(
      `Three of five are a majority: blocks go on, slower, for two turns in five are missed. But votes of four are needed to make one final. The nodes
      say so:`,
    );
    await story.facts([[waiting.code, waiting.detail]]);

    story.title("Node 4 is gone for good, and is voted out");
    const gone = wallets[3]!.address;
    for (const node of [first, second, third]) await room.ccoin(node, "propose", "remove", gone, "--force");
    for (const node of [first, second, third]) {
      await room.until("node 4 is no authority", async () => !(await authorities(node)).includes(gone));
      await room.finalizes(node, cut + 5);
    }
    await room.board();
    await story.say(
      `Three of the four that are left are more than two thirds: finality is back, and has caught up with all blocks made meanwhile. Had one more node
      failed before the vote, there would have been no majority to sign blocks, and so none to vote in: change the set while it is sound. Node 5 may
      come back whenever it likes: it is still an authority.`,
    );
    newcomer.start();
    await room.finalizes(newcomer, (await first.status()).head!.height);
    await room.board();
  },
};

async function authorities(node: TestNode): Promise<string[]> {
  return (await node.authorities()).authorities.map(({ address }) => address);
}
