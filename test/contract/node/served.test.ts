import { readFileSync } from "node:fs";
import type { Connection } from "@libp2p/interface";
import { expect, onTestFinished, test } from "vitest";
import { createAccount } from "../../../src/accounts/index.ts";
import { parseNodeOptions } from "../../../src/config/index.ts";
import { initGenesis, runNode } from "../../../src/node/index.ts";
import type { Logger } from "../../../src/util/logger.ts";
import { chainConfig } from "../../unit/support/chain.ts";
import { temporaryFolder } from "../../unit/support/database.ts";
import { until } from "../network/nodes.ts";
import { connect, rawPeer } from "../reqresp/raw-peer.ts";

const page = readFileSync(new URL("../../../protocols/README.md", import.meta.url), "utf8");
const section = (from: string, to: string) => page.slice(page.indexOf(from), page.indexOf(to));
const ids = (text: string) => [...text.matchAll(/`(\/[\w/.-]+)`/g)].map(([, id]) => id!);

/** The page's ids: of the table in section 1, of gossip, and of the protocols for requests. */
const row = (layer: string) =>
  section("## 1. Transport", "### Discovery")
    .split("\n")
    .find((line) => line.startsWith(`| ${layer}`))!;
const [offered, refused] = row("services").split("Ping").map(ids);
const gossip = ids(/^Gossip uses gossipsub \(.*\)/m.exec(page)![0]);
const requests = [...section("## 5. Protocols", "## 6. Penalties").matchAll(/^\| `(\/ccoin\/[^`]+)`/gm)].map(
  ([, id]) => id!,
);

/** Starts a whole node, with a chain or without a genesis block, and connects to it. */
async function reached(hasChain: boolean) {
  const options = parseNodeOptions({
    ...{ nodeId: 1, dataDir: await temporaryFolder(), mdns: false },
    ...{ p2pHost: "127.0.0.1", p2pPort: 0, httpPort: 0 },
  });
  const { signer } = await createAccount({ paths: options.dataDir, scrypt: { n: 2, r: 1, p: 1 } });
  if (hasChain) {
    const config = { ...chainConfig(0), authorities: [signer.publicKey] };
    await initGenesis({
      paths: options.dataDir,
      config,
      coinbase: { balances: [] },
      signer,
      now: Date.now(),
    });
  }
  let addresses: string[] = [];
  const info = (fields: object) => {
    if ("p2p" in fields) addresses = fields.p2p as string[];
  };
  const nothing = () => undefined;
  const logger: Logger = { debug: nothing, info, warn: nothing, error: nothing, child: () => logger };
  const node = await runNode(options, logger);
  onTestFinished(() => node.stop("test"));
  const peer = await rawPeer();
  const connection = await connect(peer, addresses);
  const id = connection.remotePeer;
  const announced = async () => (await peer.peerStore.get(id)).protocols;
  // The stream of identify itself is noted earlier than what it says.
  await until(async () => (await announced()).includes("/ccoin/height/1"));
  return { connection, announced: await announced() };
}

/** Resolves to the ids of those protocols that the node negotiates. */
async function negotiated(connection: Connection, protocols: readonly string[]): Promise<string[]> {
  const taken: string[] = [];
  for (const id of protocols) {
    const stream = await connection.newStream(id).catch(() => undefined);
    if (stream) taken.push(id);
    stream?.abort(new Error("that is all"));
  }
  return taken;
}

test("a node speaks the protocols of the page, and no others", async () => {
  const { connection, announced } = await reached(true);
  expect(new Set(announced)).toEqual(new Set([...offered!, ...gossip, ...requests]));
  expect(await negotiated(connection, requests)).toEqual(requests);
  expect(refused).toHaveLength(1);
  expect(await negotiated(connection, refused!)).toEqual([]);
  expect(ids(row("encryption"))).toEqual([connection.encryption]);
  expect(ids(row("multiplexing"))).toEqual([connection.multiplexer]);
});

test("a node without a genesis block speaks `height` and `genesis`, and negotiates no other protocol", async () => {
  const { connection, announced } = await reached(false);
  const early = ["/ccoin/height/1", "/ccoin/genesis/1"];
  expect(new Set(announced)).toEqual(new Set([...offered!, ...gossip, ...early]));
  expect(await negotiated(connection, requests)).toEqual(early);
});
