import type { Attack } from "../attack.ts";
import { HttpClient, hostAndPort, openSocket } from "../lib/http.ts";
import { addressOf, richAccounts } from "../measure/accounts.ts";

const readers = 40;
const perSecond = 400;
const replaysPerSecond = 20;

/** Asks for what one token does not pay for. */
export const httpDear: Attack = {
  name: "http-dear",
  by: "stranger",
  does: `${readers} clients, from four addresses, ask one node for authorities, finality, forks, peers, metrics, the API's documents, and proofs of an account after the first block and the final one, as fast as it answers, at most ${perSecond}/s in all; ${replaysPerSecond} event streams/s resume after the first event and want none that there is`,
  async run(site) {
    const place = site.places[0]!;
    const clients = site.job.addresses.map((address) => new HttpClient(address, readers));
    const proof = `/v1/accounts/${addressOf(richAccounts.first)}/proof?block=`;
    const paths = [
      "/v1/authorities",
      "/v1/finality",
      "/v1/forks",
      "/v1/peers",
      "/metrics",
      "/openapi.json",
      "/docs",
      `${proof}1`,
      `${proof}finalized`,
    ];
    const ask = Array.from({ length: readers }, async (_, reader) => {
      const client = clients[reader % clients.length]!;
      let next = reader;
      await site.repeat(perSecond / readers, async () => {
        const status = await client.send(place, paths[next++ % paths.length]!, undefined, site.signal);
        site.count(`answered ${status}`);
      });
    });
    await Promise.all([...ask, replay()]);
    for (const client of clients) client.close();

    async function replay(): Promise<void> {
      const { host, port } = hostAndPort(place);
      let slot = 0;
      await site.repeat(replaysPerSecond, async () => {
        const socket = await openSocket(host, port, site.address(slot++), site.signal).catch(() => undefined);
        socket
          ?.resume()
          .write(`GET /v1/events?types=retracted HTTP/1.1\r\nhost: ${host}\r\nlast-event-id: 1\r\n\r\n`);
        site.count("replays");
        setTimeout(() => socket?.destroy(), 1_000);
      });
    }
  },
};
