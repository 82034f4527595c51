import { expect, test } from "vitest";
import type { AnyProtocol } from "../../../protocols/index.ts";
import { payloads } from "../../frame-payloads.ts";
import { allProtocols } from "../../unit/protocols/all-protocols.ts";
import { ManualClock } from "../../unit/support/clock.ts";
import { startNode, until } from "../network/nodes.ts";
import { connect, rawFrame, rawPeer, readAll } from "./raw-peer.ts";

const invalidRequest = 1;
const end = 5;

test.each(allProtocols.map((protocol): [string, AnyProtocol] => [protocol.id, protocol]))(
  "%s refuses garbage, oversized, wrong and truncated requests, and answers a good one afterwards",
  async (_, protocol) => {
    // The clock stands still, because scores recover with time.
    const server = await startNode(1, { clock: new ManualClock() });
    let asked = 0;
    // biome-ignore lint/correctness/useYield: an empty answer
    server.serve(protocol, async function* () {
      asked++;
    });
    const connection = await connect(await rawPeer(), server.addresses());
    const ask = async (bytes: Uint8Array) => {
      const stream = await connection.newStream(protocol.id);
      const read = readAll(stream);
      stream.send(bytes);
      await stream.close();
      return payloads((await read).bytes).map(([code]) => code);
    };
    const score = () => server.peers()[0]?.score ?? 0;
    const good = rawFrame(protocol.request.serialize(protocol.request.defaultValue()));
    const bad = {
      garbage: new Uint8Array(32).fill(0xff),
      oversized: rawFrame(new Uint8Array(protocol.maxRequestBytes + 1)).subarray(0, 32),
      wrong: rawFrame(new Uint8Array(protocol.request.minSize - 1).fill(0xff)),
      truncated: good.subarray(0, -1),
    };
    for (const [name, bytes] of Object.entries(bad)) {
      const before = score();
      expect([name, await ask(bytes)]).toEqual([name, [invalidRequest]]);
      await until(() => score() <= before - 14);
    }
    expect(asked).toBe(0);
    expect(await ask(good)).toEqual([end]);
    expect(asked).toBe(1);
  },
);
