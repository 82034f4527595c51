import type { Adversary, Attack } from "./attack.ts";
import { earlyBlocks, equivocation, lyingBlocks, wrongShortIds } from "./coalition/lies.ts";
import { sideBlocks } from "./coalition/side-blocks.ts";
import { doubleVotes, surroundVotes, unknownVotes, voteSplit } from "./coalition/votes.ts";
import { withheldBodies } from "./coalition/withheld-bodies.ts";
import { badSignatures } from "./stranger/bad-signatures.ts";
import { connectionFlood, halfOpen, identityChurn, toldAddresses } from "./stranger/connections.ts";
import { falseCertificates } from "./stranger/false-certificates.ts";
import { genesisLies } from "./stranger/genesis-lies.ts";
import { controlFlood, iwantFlood } from "./stranger/gossip-floods.ts";
import { eventStreams, httpHistory, httpSlow } from "./stranger/http-abuse.ts";
import { httpBodies } from "./stranger/http-bodies.ts";
import { httpDear } from "./stranger/http-dear.ts";
import { malformed } from "./stranger/malformed.ts";
import { mempoolFill } from "./stranger/mempool-fill.ts";
import { requestFloods } from "./stranger/request-floods.ts";
import { stalledRequests } from "./stranger/stalled-requests.ts";
import { statusLies } from "./stranger/status-lies.ts";
import { strangerBodies } from "./stranger/stranger-bodies.ts";
import { strangerVotes } from "./stranger/stranger-votes.ts";
import { tlsFloods } from "./stranger/tls-floods.ts";

/** All attacks, those of strangers first. */
export const attacks: readonly Attack[] = [
  statusLies,
  stalledRequests,
  falseCertificates,
  genesisLies,
  iwantFlood,
  controlFlood,
  badSignatures,
  strangerVotes,
  strangerBodies,
  requestFloods,
  malformed,
  connectionFlood,
  halfOpen,
  identityChurn,
  toldAddresses,
  httpHistory,
  httpBodies,
  httpDear,
  httpSlow,
  tlsFloods,
  eventStreams,
  mempoolFill,
  withheldBodies,
  lyingBlocks,
  equivocation,
  earlyBlocks,
  wrongShortIds,
  unknownVotes,
  doubleVotes,
  surroundVotes,
  voteSplit,
  sideBlocks,
];

export interface Mix {
  name: string;
  by: Adversary;
  attacks: readonly Attack[];
}

/** Mixes of five attacks at once. */
export const mixes: readonly Mix[] = [
  {
    name: "five-strangers",
    by: "stranger",
    attacks: [statusLies, controlFlood, badSignatures, httpHistory, connectionFlood],
  },
  {
    name: "five-coalition",
    by: "coalition",
    attacks: [withheldBodies, equivocation, unknownVotes, iwantFlood, mempoolFill],
  },
];

export function attackOf(name: string): Attack {
  const attack = attacks.find((each) => each.name === name);
  if (!attack) throw new Error(`there is no attack ${name}`);
  return attack;
}
