import type { GossipSub } from "@libp2p/gossipsub";
import { expect, test } from "vitest";
import { limitUnfinished, maxUnfinishedBytes } from "../../../src/network/gossip-unfinished.ts";

const rpcBytes = 4 * 2 ** 20;
/** RPCs that fit, with the bytes before them that tell their lengths. */
const most = Math.floor(maxUnfinishedBytes / rpcBytes);

class Incoming extends EventTarget {
  status = "open";
  readonly complete: number[] = [];
  #wake = () => {};

  receive(bytes: number): void {
    this.dispatchEvent(Object.assign(new Event("message"), { data: { byteLength: bytes } }));
  }

  /** gossipsub takes a whole RPC. */
  async take(bytes: number): Promise<void> {
    this.complete.push(bytes);
    this.#wake();
    await new Promise((resolve) => setImmediate(resolve));
  }

  async *rpcs(): AsyncGenerator<{ byteLength: number; subarray(): Uint8Array }> {
    for (;;) {
      for (const bytes of this.complete.splice(0))
        yield { byteLength: bytes, subarray: () => new Uint8Array() };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  abort(): void {
    this.status = "aborted";
    this.dispatchEvent(new Event("close"));
  }
}

/** Peers are named as their host and a number: "a 1". */
function gossip() {
  const pubsub = {
    createInboundStream: (peer: string, stream: Incoming) =>
      void pubsub.pipePeerReadStream(peer, stream.rpcs()),
    async pipePeerReadStream(_peer: string, stream: AsyncIterable<unknown>) {
      for await (const _ of stream);
    },
  };
  limitUnfinished(pubsub as unknown as GossipSub, (peer) => peer.split(" ")[0]!);
  const open = (peer: string) => {
    const stream = new Incoming();
    pubsub.createInboundStream(peer, stream);
    return stream;
  };
  return { open };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("the address with most loses its largest unfinished RPC, and honest peers none", async () => {
  const { open } = gossip();
  const honest = open("honest 1");
  honest.receive(rpcBytes / 2);
  const crowd = Array.from({ length: 2 * most }, (_, index) => open(`${index % 4} ${index}`));
  for (const stream of crowd) stream.receive(rpcBytes);
  await settled();
  const left = crowd.filter(({ status }) => status === "open");
  expect(left.length * rpcBytes + rpcBytes / 2).toBeLessThanOrEqual(maxUnfinishedBytes);
  expect(left.length).toBeGreaterThanOrEqual(most - 1);
  expect(honest.status).toBe("open");
});

test("does not count complete messages with the length before them, nor those of a stream that closed", async () => {
  const { open } = gossip();
  const busy = open("a 1");
  // A length of this size takes four bytes.
  for (let count = 0; count < 3 * most; count++) {
    busy.receive(4 + rpcBytes);
    await busy.take(rpcBytes);
  }
  expect(busy.status).toBe("open");
  for (let count = 0; count < 3 * most; count++) {
    const stream = open("b 1");
    stream.receive(rpcBytes);
    stream.abort();
  }
  open("c 1").receive(maxUnfinishedBytes);
  await settled();
  expect(busy.status).toBe("open");
});
