/** The parts of `multicast-dns` that `lan-discovery6.ts` needs; the package has no types. */
declare module "multicast-dns" {
  import type { Socket } from "node:dgram";
  import type { EventEmitter } from "node:events";

  interface Responder extends EventEmitter {
    /** Sends a packet to the group, or to `to`. */
    send(
      packet: { type?: string },
      to: { address: string; port: number } | null,
      sent: (error?: Error | null) => void,
    ): void;
    query(packet: { questions: { name: string; type: string }[] }): void;
    respond(packet: object): void;
    /** Joins the group on interfaces that are new; called every few seconds. */
    update(): void;
    destroy(closed: () => void): void;
  }

  function multicastDns(options: {
    socket: Socket;
    type: "udp6";
    ip: string;
    interface: string;
    bind: string;
    port: number;
  }): Responder;

  export type { Responder };
  export default multicastDns;
}
