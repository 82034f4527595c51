import type { Peer } from "../../client/index.ts";
import { count } from "../format.ts";
import { html, type Markup } from "../html.ts";
import { client, live } from "../live.ts";
import { Answer, Section } from "../parts/layout.ts";
import { FullName } from "../parts/names.ts";
import { PeerGraph, PeerTable } from "../parts/peers.ts";
import { useLoad, useStore } from "../store.ts";

export function PeersPage(): Markup {
  const { status } = useStore(live);
  const loaded = useLoad(
    () => client.peers(),
    `${status?.head?.id} ${status?.peers} ${status?.mempool.count}`,
  );
  return html`
    <h1>Peers</h1>
    <${Answer}
      loaded=${loaded}
      show=${(peers: Peer[]) => html`
        <${Section} title=${count(peers.length, "connection")} aside="the nearer, the quicker it answers">
          ${peers.length > 0 && status ? html`<${PeerGraph} status=${status} peers=${peers} />` : null}
          ${status ? html`<${PeerTable} status=${status} peers=${peers} />` : null}
        </${Section}>
        ${status ? html`<${Section} title="This node"><${FullName} text=${status.peerId} what="peer id" /></${Section}>` : null}
      `}
    />
  `;
}
