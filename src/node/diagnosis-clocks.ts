import { signedDuration } from "./diagnosis-text.ts";
import type { DiagnosisInput, Finding, PeerInput } from "./diagnosis-types.ts";

/** A clock that is off by half a period costs blocks; on slow chains a second is still a sign of a wrong clock. */
const minClockMs = 100;
const maxClockMs = 1_000;
/** As many addresses are needed to doubt this node's clock: with one, either may be wrong. */
const leastWitnesses = 2;
const maxListed = 8;

interface Measured extends PeerInput {
  clockOffsetMs: number;
}

export function clockFindings({ peers, chain }: DiagnosisInput): Finding[] {
  const thresholdMs = Math.min(Math.max((chain?.periodMs ?? maxClockMs) / 2, minClockMs), maxClockMs);
  const measured = peers.filter((peer): peer is Measured => peer.clockOffsetMs !== undefined);
  const off = measured.filter((peer) => certainOffsetMs(peer) > thresholdMs);
  if (off.length === 0) return [];
  const own = ownClock(witnesses(measured), thresholdMs);
  if (own) return [own];
  const list = [...off]
    .sort((a, b) => Number(b.chosen) - Number(a.chosen))
    .slice(0, maxListed)
    .map(({ id, clockOffsetMs }) => `${id} by ${signedDuration(clockOffsetMs)}`)
    .join(", ");
  return [
    {
      code: "PEER_CLOCKS",
      detail: `clocks differ from this node's: ${list}`,
      remedy:
        measured.length === 1
          ? "set the clocks of both machines by NTP: one of them is wrong"
          : "set the clocks of these machines by NTP: their blocks arrive late, or have to wait for their time",
    },
  ];
}

/**
 * One peer of each address that may doubt this node's clock: its claim is not checked, and ids cost nothing. If this
 * node has chosen peers of enough addresses itself, others have no say.
 */
function witnesses(measured: readonly Measured[]): Measured[] {
  const chosen = ofAddresses(measured.filter((peer) => peer.chosen));
  return chosen.length >= leastWitnesses ? chosen : ofAddresses(measured);
}

/** The peer with the median offset of each address. */
function ofAddresses(peers: readonly Measured[]): Measured[] {
  const offset = ({ clockOffsetMs }: Measured) => clockOffsetMs;
  return [...Map.groupBy(peers, ({ host }) => host).values()].map((those) => median(those, offset));
}

function ownClock(witnesses: readonly Measured[], thresholdMs: number): Finding | undefined {
  const off = witnesses.filter((peer) => certainOffsetMs(peer) > thresholdMs);
  if (witnesses.length < leastWitnesses || off.length === 0) return undefined;
  const { clockOffsetMs: medianMs } = median(off, ({ clockOffsetMs }) => clockOffsetMs);
  const agreeing = off.filter(({ clockOffsetMs }) => Math.abs(clockOffsetMs - medianMs) <= thresholdMs);
  if (agreeing.length * 2 <= witnesses.length) return undefined;
  const side = medianMs > 0 ? "behind" : "ahead of";
  return {
    code: "OWN_CLOCK",
    detail: `this node's clock is ${signedDuration(Math.abs(medianMs)).slice(1)} ${side} those of peers at ${agreeing.length} of ${witnesses.length} addresses`,
    remedy: "set this machine's clock by NTP: blocks from the future have to wait until their time has come",
  };
}

/** The part of the offset that the round trip cannot explain. */
function certainOffsetMs({ clockOffsetMs, roundTripMs }: Measured): number {
  return Math.abs(clockOffsetMs) - (roundTripMs ?? 0) / 2;
}

function median<T>(all: readonly T[], value: (one: T) => number): T {
  return [...all].sort((a, b) => value(a) - value(b))[Math.floor(all.length / 2)]!;
}
