import type { ProtectedSigner } from "../accounts/index.ts";
import { Finalizer } from "../chain/finalizer.ts";
import { Voter } from "../chain/voter.ts";
import type { EvidenceInbox } from "../sync/evidence-inbox.ts";
import type { Outbox } from "../sync/outbox.ts";
import type { ChainSetup } from "./chain-setup.ts";
import type { OpenedChain } from "./open-chain.ts";
import { type FinalityAnswers, followOwnSignatures, openSigning } from "./signing.ts";

export interface Voting {
  finalizer: Finalizer;
  /** Present, like the voter, if the node makes blocks and votes on them. */
  signer: ProtectedSigner | undefined;
  voter: Voter | undefined;
  /** Tells the signer of signatures of this account that others show. */
  own: ReturnType<typeof followOwnSignatures> | undefined;
}

/** Counts votes, and casts this node's own while it is ready. */
export async function startVoting(
  setup: ChainSetup,
  opened: OpenedChain,
  outbox: Outbox,
  evidence: EvidenceInbox,
): Promise<Voting> {
  const { clock, logger, peerLog, modes, closers } = setup;
  const { chain } = opened;
  const answers: FinalityAnswers = { heard: false };
  const signer = await openSigner(setup, opened, answers);
  const finalizer = new Finalizer({ chain, logger: peerLog });
  const voter = signer && new Voter({ chain, finalizer, clock, logger, signer });
  if (voter) closers.push("voter", () => voter.stop());
  const own = signer && followOwnSignatures(signer, { chain, finalizer, logger, answers });
  if (own) closers.push("own signatures", own.stop);
  finalizer.events.on("signed", (vote) => evidence.seenVote(vote));
  voter?.events.on("vote", (vote) => outbox.publishVote(vote));
  modes.events.on("mode", (mode) => {
    if (voter) voter.enabled = mode === "ready";
  });
  return { finalizer, signer, voter, own };
}

async function openSigner(
  { account, database, genesis, clock, logger }: ChainSetup,
  { chain }: OpenedChain,
  answers: FinalityAnswers,
): Promise<ProtectedSigner | undefined> {
  if (!account) return undefined;
  const isAlone = () => chain.snapshot.authorities.length === 1;
  return openSigning({ ...account, database, genesis, clock, logger, isAlone, answers });
}
