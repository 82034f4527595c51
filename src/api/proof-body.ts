import type { ProvedCertificate, ProvedFinality } from "../chain/finality-proof.ts";
import { encodeAddress } from "../crypto/address.ts";
import { toHex } from "../util/bytes.ts";
import { certificateBody } from "./finality-body.ts";
import { signedHeaderView } from "./views.ts";

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
