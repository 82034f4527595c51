import { maxMemoBytes } from "../../../src/types/transaction.ts";
import { fromHex } from "../../../src/util/bytes.ts";
import { sszList } from "../../bench/lib/ssz-list.ts";
import type { Attack } from "../attack.ts";
import { HttpClient, hostAndPort, openSocket } from "../lib/http.ts";
import { signed } from "../lib/transfers.ts";
import { richAccounts } from "../measure/accounts.ts";

const clientsPerAddress = 8;
const perSecond = 40;
const unreadAtOnce = 16;
/** A node closes a connection on which nothing moves after a minute. */
const unreadSeconds = 20;
/** Numbers of accounts that no genesis has (`senderKey`). */
const unknownSenders = 100_000;
const path = "/v1/transactions";
const ssz = "application/octet-stream";

interface Body {
  type: string;
  bytes: Uint8Array;
}

/** Sends bodies as large as may be, whose transactions nobody can pay for, or which are mistakes. */
export const httpBodies: Attack = {
  name: "http-bodies",
  by: "stranger",
  does: `${clientsPerAddress} clients for each of four addresses post bodies to one node as fast as it takes them, at most ${perSecond}/s in all: SSZ lists of 16 MiB of transfers of unknown senders, a quarter of them JSON lists of 4 MiB of mistakes; ${unreadAtOnce} others post lists of 65000 short transfers and read no answer`,
  async run(site) {
    const place = site.places[0]!;
    const genesisId = fromHex(site.job.genesisId);
    const large = transfers(genesisId, 38_000, maxMemoBytes);
    const short = transfers(genesisId, 65_000, 0);
    const wrong = mistakes();
    const clients = site.job.addresses.map((address) => new HttpClient(address, clientsPerAddress));
    const count = clientsPerAddress * clients.length;
    const post = Array.from({ length: count }, async (_, slot) => {
      const client = clients[slot % clients.length]!;
      const body = slot < count / 4 ? wrong : large;
      await site.repeat(perSecond / count, async () => {
        const status = await client.send(place, path, body, site.signal);
        site.count(`answered ${status}`);
      });
    });
    await Promise.all([...post, ...Array.from({ length: unreadAtOnce }, (_, slot) => unread(slot))]);
    for (const client of clients) client.close();

    async function unread(slot: number): Promise<void> {
      const { host, port } = hostAndPort(place);
      await site.repeat(1 / unreadSeconds, async () => {
        const socket = await openSocket(host, port, site.address(slot), site.signal).catch(() => undefined);
        if (!socket) return;
        const headers = [`content-type: ${short.type}`, `content-length: ${short.bytes.length}`];
        socket.pause();
        socket.write([`POST ${path} HTTP/1.1`, `host: ${host}`, ...headers, "", ""].join("\r\n"));
        socket.write(short.bytes);
        site.count("unread");
        setTimeout(() => socket.destroy(), unreadSeconds * 1_000).unref();
      });
    }
  },
};

/** Transfers that are right in everything but that their senders have nothing. */
function transfers(genesisId: Uint8Array, count: number, memoBytes: number): Body {
  const plan = { to: richAccounts.first, amount: 1n, fee: 1_000n, memo: new Uint8Array(memoBytes) };
  const some = signed(
    Array.from({ length: 1_000 }, (_, nonce) => ({ ...plan, from: unknownSenders + (nonce % 10), nonce })),
    genesisId,
  );
  const all = Array.from({ length: count }, (_, index) => some[index % some.length]!.encoded);
  return { type: ssz, bytes: sszList(all) };
}

function mistakes(): Body {
  const wrong = { memo: "€".repeat(1_300), from: 1, to: 2, amount: 3, fee: 4, nonce: -1, signature: 5 };
  return { type: "application/json", bytes: Buffer.from(JSON.stringify(new Array(1_000).fill(wrong))) };
}
