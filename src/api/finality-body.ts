import type { ProvedCertificate, ProvedFinality } from "../chain/finality-proof.ts";
import { encodeAddress } from "../crypto/address.ts";
import { type Certificate, type Checkpoint, FinalityProof, type SignedFinalityVote } from "../types/index.ts";
import { toHex } from "../util/bytes.ts";
import type { CertificateBody, CheckpointBody, FinalityBody, FinalityVoteBody } from "./services.ts";
import { signedHeaderView } from "./views.ts";

export function checkpointBody({ round, height, block }: Checkpoint): CheckpointBody {
  return { round, height, id: toHex(block) };
}

export function finalityVoteBody({ message, voter }: SignedFinalityVote): FinalityVoteBody {
  return {
    voter: encodeAddress(voter),
    source: checkpointBody(message.source),
    target: checkpointBody(message.target),
  };
}

export function finalityProofBody(proof: FinalityProof): NonNullable<FinalityBody["proof"]> {
  const { justification, finalization } = proof;
  return {
    justification: justification.voters.length > 0 ? certificateBody(justification) : null,
    finalization: certificateBody(finalization),
    ssz: toHex(FinalityProof.serialize(proof)),
  };
}

function certificateBody({ link, voters, signatures }: Certificate): CertificateBody {
  return {
    source: checkpointBody(link.source),
    target: checkpointBody(link.target),
    voters: voters.map(encodeAddress),
    signatures: signatures.map(toHex),
  };
}

export function provedFinalityBody(evidence: ProvedFinality | undefined) {
  if (!evidence) return null;
  const { headers, justification, finalization } = evidence;
  return {
    headers: headers.map(signedHeaderView),
    justification: provedCertificateBody(justification),
    finalization: provedCertificateBody(finalization),
  };
}

function provedCertificateBody(proved: ProvedCertificate) {
  const { certificate, target, authorities, branch, recovery, parametersRoot } = proved;
  return {
    ...certificateBody(certificate),
    header: signedHeaderView(target),
    authorities: authorities.map(encodeAddress),
    branch: branch.map(toHex),
    recovery: toHex(recovery),
    parametersRoot: toHex(parametersRoot),
  };
}
