import type { Lesson } from "./lesson.ts";

/** A lesson in which three of five authorities are a majority but not a quorum. */
export const partition: Lesson = {
  about: "A network is cut in two: who goes on, what is final, and what happens when it is whole again",
  sides: [1, 1, 1, 2, 2],
  authorities: 5,
  async run(room) {
    const { story, nodes, pages, wallets, lab } = room;
    const [left, right] = [nodes.slice(0, 3), nodes.slice(3)];
    await story.say(
      `Five authorities take turns to sign a block. Nodes 1 to 3 hang on a switch on the left, 4 and 5 on one on the right, and a
      cable joins the switches. More than half of the authorities (3 of 5) must be there to make blocks; more than two thirds
      (4 of 5) must vote for a block to make it final.`,
    );
    await room.board();

    // Both on the right may sign a block after the cut if neither has signed one of the last two.
    const rightAccounts = wallets.slice(3).map(({ address }) => address);
    await room.until("the left has signed two blocks in a row", async () => {
      const { blocks } = await right[0]!.get<{ blocks: { proposer: string }[] }>("/v1/blocks?limit=2");
      return !blocks.some(({ proposer }) => rightAccounts.includes(proposer));
    });
    story.title("The cable is pulled");
    lab.cut();
    const onLeft = await room.pay(wallets[0]!, wallets[4]!.address, 100n, left[0]!);
    const onRight = await room.pay(wallets[3]!, wallets[0]!.address, 70n, right[0]!);
    await story.say(
      `Somebody on the left pays 100 to the account of node 5, and somebody on the right pays 70 to that of node 1. Neither side
      knows of the other's payment. What do you expect of each?`,
    );
    // Waits for messages under way, then until the right side has signed all that it may and the left side has
    // continued.
    const { head } = await room.height(left[0]!, (await left[0]!.status()).head!.height + 2);
    const finalAtCut = (await left[0]!.status()).finalized!;
    await room.height(left[0]!, head!.height + 5);
    const halted = await room.until("the right has halted", async () => {
      const diagnosis = await right[0]!.diagnosis();
      return diagnosis.state === "halted" && diagnosis;
    });
    await room.board();
    const last = (await right[0]!.status()).head!;
    const payment = await room.until("the left has mined its payment", async () => {
      const transaction = await left[0]!.transaction(onLeft);
      return transaction.block && transaction;
    });
    await story.say(
      `The left goes on: three may sign in turn. The right has halted: each of its two may sign one of three blocks in a row, and
      nobody else is there to sign the next. Its nodes know what they wait for:`,
    );
    story.command("ccoin status --nodeid=4");
    await story.facts([
      [halted.state, halted.summary],
      ...halted.findings.map(({ code, remedy }) => [code, `-> ${remedy}`] as const),
    ]);
    await story.say(
      `The payment on the left is in block ${payment.block!.height}, but it is "${payment.status}", not final: three votes are fewer
      than two thirds of five. But nothing has become final on any side, so no side can be contradicted by the other. Who has to be sure
      waits; who looks at blocks only may see them go away.`,
    );
    const { finalized } = await left[0]!.status();
    if (finalized!.height !== finalAtCut.height) throw new Error("a block became final without a quorum");

    story.title("The cable is plugged in again");
    lab.heal();
    await room.until("all are on one chain, with both payments final", async () => {
      const statuses = await Promise.all([onLeft, onRight].map((id) => room.statuses(nodes, id)));
      return statuses.flat().every((status) => status === "finalized");
    });
    await room.board();
    const kept = (await right[0]!.block(last.height)).id === last.id;
    const place = (await nodes[0]!.transaction(onRight)).block!;
    const { blocks } = await right[0]!.get<{
      blocks: { id: string; retracted: boolean; returned: number; transactionCount: number }[];
    }>("/v1/forks");
    const retracted = blocks.filter((block) => block.retracted);
    if (!kept && !retracted.some(({ id }) => id === last.id))
      throw new Error("the right does not remember the block that it let go of");
    const withPayment = retracted.filter(({ transactionCount }) => transactionCount > 0);
    const back = withPayment.reduce((sum, { returned }) => sum + returned, 0);
    const fate = kept
      ? "The right has signed no block of its own, and its payment has waited."
      : `The right has let go of its block ${last.height}: the left had the longer chain. Its payment was not lost: it went back
      among those that wait.`;
    await story.say(
      `One chain again, final again. ${fate} It is now in block ${place.height}. Every balance is right, and nobody had to do anything.`,
    );
    const [paid] = withPayment;
    if (!paid) return;
    await story.say(
      `The page of node 4 has the mark "${withPayment.length} retracted, ${back} back" above the strip. It opens Forks, where
      blocks with transactions come first. The block's page tells what became of the payment, and which block is in its place:`,
    );
    await story.facts([["block", `${pages[3]}/#/forks/${paid.id}`]]);
  },
};
