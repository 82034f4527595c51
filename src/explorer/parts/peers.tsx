import type { Peer, Status } from "../../client/index.ts";
import { duration, short, whole } from "../format.ts";
import type { Markup } from "../markup.ts";
import { shownAddress } from "../names.ts";
import { Tag } from "./layout.tsx";
import { Age, Authority } from "./names.tsx";
import { type Column, Table } from "./table.tsx";

const size = { width: 340, height: 280 };
const lineHeight = 15;
const middle = { x: size.width / 2, y: size.height / 2 };
/** Distances of the nearest and of the farthest peer from this node, in pixels. */
const [nearest, farthest] = [55, 100];
/** Factors that make the orbits wider than high. */
const [wide, high] = [1.3, 0.9];
/** Latency of the outermost ring in ms, that of a peer across the world. */
const maxLatencyMs = 300;
/** A node asks its peers for their height every 5 s; they may have grown by a few blocks since. */
const askedEveryMs = 5_000;
/** A larger offset of a clock delays blocks on fast chains (docs/operating.md). */
const maxClockOffsetMs = 500;

/** No more peers are drawn: their names would cover each other. */
export const maxDrawn = 10;

interface PeersProps {
  status: Status;
  peers: readonly Peer[];
}

/** A drawing of this node and its peers, in which faster peers are nearer. The table says the same in words. */
export function PeerGraph({ status, peers }: PeersProps): Markup {
  if (peers.length === 0 || peers.length > maxDrawn) return null;
  const label = `This node at height ${status.head?.height ?? 0} with ${peers.length} peers`;
  return (
    <svg class="graph" viewBox={`0 0 ${size.width} ${size.height}`} role="img" aria-label={label}>
      {[nearest, farthest].map((radius) => (
        <ellipse
          class="orbit"
          cx={middle.x}
          cy={middle.y}
          rx={wide * radius}
          ry={high * radius}
          key={radius}
        />
      ))}
      {peers.map((peer, index) => {
        const { x, y } = placeOf(peer, index, peers.length);
        const lines = [nameOf(peer), heightAndLatency(peer), clock(peer)].filter((line) => line !== "");
        const firstY = y < middle.y ? y + 1 - lines.length * lineHeight : y + 9 + lineHeight;
        return (
          <g key={peer.id} class={isBehind(peer, status) ? "behind" : ""}>
            <title>{lines.join(", ")}</title>
            <line class={`edge ${peer.direction}`} x1={middle.x} y1={middle.y} x2={x} y2={y} />
            <circle class="peer" cx={x} cy={y} r="6" />
            {lines.map((line, place) => (
              <text class={place === 0 ? "" : "quiet"} x={x} y={firstY + place * lineHeight} key={place}>
                {line}
              </text>
            ))}
          </g>
        );
      })}
      <circle class="own" cx={middle.x} cy={middle.y} r="9" />
      <text x={middle.x} y={middle.y + 26}>
        this node
      </text>
    </svg>
  );
}

/** Names a peer by the authority whose node it is, or by its id if it is none's. */
function nameOf({ id, authority }: Peer): string {
  return authority === null ? shortPeer(id) : shownAddress(authority);
}

function shortPeer(id: string): string {
  return short(id, 4, 6);
}

function heightAndLatency({ height, latency }: Peer): string {
  return [height === null ? "" : whole(height), latency === null ? "" : duration(latency)]
    .filter(Boolean)
    .join(" · ");
}

function clock({ clockOffset: offset }: Peer): string {
  return offset === null ? "" : `clock ${signed(offset)}`;
}

function signed(ms: number): string {
  return `${ms > 0 ? "+" : ""}${duration(ms)}`;
}

function placeOf({ latency }: Peer, index: number, count: number): { x: number; y: number } {
  const angle = (index / count) * 2 * Math.PI - Math.PI / 2 + Math.PI / Math.max(count, 3);
  const far = Math.min(Math.log1p(latency ?? maxLatencyMs) / Math.log1p(maxLatencyMs), 1);
  const radius = nearest + far * (farthest - nearest);
  return { x: middle.x + wide * radius * Math.cos(angle), y: middle.y + high * radius * Math.sin(angle) };
}

function isBehind({ height }: Peer, { head, periodMs }: Status): boolean {
  if (height === null || head === null || periodMs === null) return true;
  return height < head.height - 2 - askedEveryMs / periodMs;
}

/** A table of the peers; `brief` leaves out the columns that few people need. */
export function PeerTable({ status, peers, brief = false }: PeersProps & { brief?: boolean }): Markup {
  const columns: Column<Peer>[] = [
    {
      head: "Peer",
      phone: "first",
      cell: ({ id }) => (
        <code class="whole" title={id}>
          {shortPeer(id)}
        </code>
      ),
    },
    {
      head: "Authority",
      phone: "none",
      cell: ({ authority }) => (authority === null ? "–" : <Authority address={authority} />),
    },
    {
      head: "Height",
      numeric: true,
      phone: "first-end",
      cell: (peer) => (
        <>
          {peer.height === null ? "–" : whole(peer.height)}
          {isBehind(peer, status) && peer.height !== null ? (
            <>
              {" "}
              <Tag tone="warn">behind</Tag>
            </>
          ) : null}
        </>
      ),
    },
    {
      head: "Latency",
      numeric: true,
      cell: ({ latency }) => (latency === null ? "–" : duration(latency)),
    },
    { head: "Clock offset", numeric: true, cell: clockOffset },
  ];
  const more: Column<Peer>[] = [
    { head: "Rules", phone: "none", cell: rules },
    {
      head: "Address",
      phone: "none",
      cell: ({ address }) => <code>{address.replace(/\/p2p\/.*/, "")}</code>,
    },
    { head: "Direction", phone: "none", cell: ({ direction }) => direction },
    { head: "Score", numeric: true, phone: "none", cell: ({ score }) => whole(score) },
    { head: "Connected", phone: "none", cell: ({ connectedAt }) => <Age atMs={connectedAt} /> },
  ];
  return (
    <Table
      caption="Peers"
      columns={brief ? columns : [...columns, ...more]}
      rows={peers}
      rowKey={({ id }) => id}
      empty="No peer is connected."
    />
  );
}

/** The version of the rules after a peer's head, with the version that the peer knows if it differs. */
function rules({ rules: version, knownRules, followed }: Peer): Markup {
  if (version === null || knownRules === null) return "–";
  if (!followed) return <Tag tone="warn">other recovery</Tag>;
  if (version > knownRules)
    return (
      <>
        {version} <Tag tone="warn">must be upgraded</Tag>
      </>
    );
  return version === knownRules ? String(version) : `${version}, knows ${knownRules}`;
}

function clockOffset({ clockOffset: offset }: Peer): Markup {
  if (offset === null) return "–";
  return Math.abs(offset) > maxClockOffsetMs ? <Tag tone="warn">{signed(offset)}</Tag> : signed(offset);
}
