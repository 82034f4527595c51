import { count } from "../format.ts";
import { client, live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { Answer, Section } from "../parts/layout.tsx";
import { FullName } from "../parts/names.tsx";
import { maxDrawn, PeerGraph, PeerTable } from "../parts/peers.tsx";
import { useLoad, useStore } from "../store.ts";

export function PeersPage(): Markup {
  const { status } = useStore(live);
  const loaded = useLoad(
    () => client.peers(),
    `${status?.head?.id} ${status?.peers} ${status?.mempool.count}`,
  );
  return (
    <>
      <h1>Peers</h1>
      <Answer
        loaded={loaded}
        show={(peers) => (
          <>
            <Section
              title={count(peers.length, "connection")}
              aside={peers.length <= maxDrawn ? "nearer peers answer faster" : null}
            >
              {status ? (
                <>
                  <PeerGraph status={status} peers={peers} />
                  <PeerTable status={status} peers={peers} />
                </>
              ) : null}
            </Section>
            {status ? (
              <Section title="This node">
                <FullName text={status.peerId} what="peer id" />
              </Section>
            ) : null}
          </>
        )}
      />
    </>
  );
}
