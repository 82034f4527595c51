import { createServer, type Socket } from "node:net";
import { Rogue } from "../../e2e/harness/rogue.ts";
import type { Attack } from "../attack.ts";
import { hostAndPort, openSocket } from "../lib/http.ts";

const perNode = 160;

/** Opens more connections than a node has places for, from four addresses that each stay below their limit. */
export const connectionFlood: Attack = {
  name: "connection-flood",
  by: "stranger",
  does: `${perNode} ids from four addresses connect to each of two nodes and to the one that joins, speak the protocols, and come again when they are cut off`,
  async run(site) {
    const places = [...site.places.slice(0, 2), site.joiner];
    // The peers stay idle.
    await site.crowd(
      perNode * places.length,
      { places, rawGossip: true, comeBackMs: 5_000 },
      async ({ rogue }) => {
        await rogue.gossipStream();
        site.count("connected");
        while (rogue.connected && !site.signal.aborted) await site.pause(1_000);
      },
    );
  },
};

const idleEach = 80;

/** Opens sockets that stay silent. */
export const halfOpen: Attack = {
  name: "half-open",
  by: "stranger",
  does: `${idleEach} sockets from each of four addresses at every node's peer port that never begin a handshake, opened again when they are closed, at most 40/s a node`,
  async run(site) {
    const size = idleEach * site.job.addresses.length;
    await Promise.all(
      site.places.map(async (place) => {
        const { host, p2pPort } = hostAndPort(place);
        const sockets = new Array<Socket | undefined>(size).fill(undefined);
        let slot = 0;
        await site.repeat(40, async () => {
          const index = slot++ % size;
          if (sockets[index] && !sockets[index].destroyed) return;
          sockets[index] = await openSocket(host, p2pPort, site.address(index), site.signal).catch(
            () => undefined,
          );
          sockets[index]?.resume();
          site.count("sockets");
        });
      }),
    );
  },
};

const churned = { slots: 8, pauseMs: 400 };

/** Connects with a new id each time, with as much data as identify can carry. */
export const identityChurn: Attack = {
  name: "identity-churn",
  by: "stranger",
  does: `${churned.slots} places, each a new id every ${churned.pauseMs / 1_000} s and a bit, with an agent string of 4 kB and 30 addresses, which leaves once it was identified`,
  async run(site) {
    const announce = Array.from({ length: 30 }, (_, index) => `/ip4/10.77.200.${index + 1}/tcp/1`);
    const options = { rawGossip: true, userAgent: "a".repeat(4_000), announce, comeBackMs: churned.pauseMs };
    await site.crowd(churned.slots, options, async ({ rogue }) => {
      await rogue.gossipStream();
      await site.pause(100);
    });
  },
};

const told = { ids: 20, addresses: 8, firstPort: 20_000 };
/** More dials than this of an address that a passing peer announced are too many. */
const maxKnocksEach = 10;

export const toldAddresses: Attack = {
  name: "told-addresses",
  by: "stranger",
  does: `${told.ids} passing ids tell every node of ${told.addresses} addresses each, where somebody else listens who closes at once; one more id listens itself, and closes every connection`,
  judge: ({ knocks = 0, dials = 0 }, seconds) => {
    const nodes = 5;
    const most = told.ids * told.addresses * maxKnocksEach;
    const minutes = Math.max(1, seconds / 60);
    return [
      ...(knocks > most * minutes ? [`${knocks} knocks at the ports of others`] : []),
      ...(dials > nodes * 20 * minutes ? [`${dials} dials of a peer that closes at once`] : []),
    ];
  },
  async run(site) {
    // Ports of third parties, on which the nodes' dials are counted.
    const servers = Array.from({ length: told.ids * told.addresses }, (_, index) => {
      const server = createServer((socket) => {
        site.count("knocks");
        socket.destroy();
      });
      return server.listen(told.firstPort + index, site.address(index));
    });
    const closing = createServer((socket) => {
      site.count("dials");
      socket.destroy();
    }).listen(told.firstPort - 1, site.address(0));
    const passing = Promise.all(
      Array.from({ length: told.ids }, async (_, index) => {
        const announce = Array.from({ length: told.addresses }, (_unused, place) => {
          const number = index * told.addresses + place;
          return `/ip4/${site.address(number)}/tcp/${told.firstPort + number}`;
        });
        for (const place of site.places) await visit(place, site.address(index), announce);
      }),
    );
    await passing;
    const own = [`/ip4/${site.address(0)}/tcp/${told.firstPort - 1}`];
    await Promise.all(site.places.map((place) => visit(place, site.address(0), own)));
    while (!site.signal.aborted) await site.pause(1_000);
    for (const server of [...servers, closing]) server.close();

    async function visit(place: (typeof site.places)[number], localAddress: string, announce: string[]) {
      try {
        const rogue = await Rogue.connect(place, { rawGossip: true, localAddress, announce });
        site.count("ids");
        await rogue.gossipStream();
        await site.pause(500);
        await rogue.leave();
      } catch {
        site.count("failed");
      }
    }
  },
};
