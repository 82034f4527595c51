import { expect, test } from "vitest";
import { authorityVote } from "../../../src/types/index.ts";
import { authorities, testChain, testGenesis } from "../support/chain.ts";

test("a reorganization across a vote switches to the other branch's set, and back", async () => {
  const node = await testChain({ genesis: await testGenesis(4) });
  const { chain, maker } = node;
  const vote = authorityVote("add", authorities[4]!.publicKey);
  const voted = await maker.extend(maker.start(), 3, { edit: { vote } });
  await node.addAll(voted);
  expect(chain.snapshot.authorities).toHaveLength(5);

  const plain = await maker.extend(maker.start(), 4);
  await node.addAll(plain);
  expect(chain.head.idHex).toBe(plain.idHex);
  expect(chain.snapshot).toEqual(plain.snapshot);
  expect(chain.snapshot.authorities).toHaveLength(4);
  expect((await node.reopen()).chain.snapshot).toEqual(plain.snapshot);
  // An authority that joined on the other branch is a stranger on this one.
  const by = authorities[4]!;
  const stranger = await maker.block(plain, { by });
  await expect(node.add(stranger.blocks[4]!)).rejects.toMatchObject({ code: "NOT_AN_AUTHORITY" });

  const back = await maker.extend(await maker.block(voted, { by }), 3);
  await node.addAll(back);
  expect(chain.head.idHex).toBe(back.idHex);
  expect(chain.snapshot).toEqual(back.snapshot);
  expect(chain.snapshot.authorities).toHaveLength(5);
});

test("after the last authority has voted itself out, blocks are refused with the reason, also after a restart", async () => {
  const node = await testChain({ genesis: await testGenesis(1) });
  const { maker } = node;
  const [last] = authorities;
  const vote = authorityVote("remove", last!.publicKey);
  const ended = await maker.block(maker.start(), { edit: { vote } });
  await node.addAll(ended);
  const again = await node.reopen();
  for (const { chain, add } of [node, again]) {
    expect(chain.snapshot.authorities).toEqual([]);
    const next = await maker.block(ended, { by: last! });
    await expect(add(next.blocks[1]!)).rejects.toMatchObject({
      code: "NOT_AN_AUTHORITY",
      message: expect.stringContaining("no authority is left"),
    });
    expect(chain.head.idHex).toBe(ended.idHex);
  }
});
