import type { Api } from "../operation.ts";
import { requireLedger } from "../require-ledger.ts";
import { finalitySchema } from "../schemas/finality.ts";
import type { ApiServices } from "../services.ts";

/** Routes for the checkpoints, the proof of the finalized one, and the votes of the round. */
export function finalityRoutes(api: Api, services: ApiServices): void {
  api.serve(
    {
      id: "getFinality",
      method: "GET",
      path: "/v1/finality",
      tag: "Finality",
      summary: "Justified and finalized block with their proof, and the votes of the round",
      description: "docs/consensus.md, section 7, says how to check the certificates.",
      answer: finalitySchema,
      problems: ["NO_GENESIS"],
      dear: true,
    },
    async () => requireLedger(services).finality(),
  );
}
