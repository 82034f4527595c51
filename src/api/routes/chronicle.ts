import * as z from "zod";
import { hourMs } from "../../chain/chronicle.ts";
import { encodeAddress } from "../../crypto/address.ts";
import type { EnactedChange, HourFigures } from "../../storage/chronicle.ts";
import type { Api } from "../operation.ts";
import { maxCount } from "../query.ts";
import { requireLedger } from "../require-ledger.ts";
import { changesSchema, figuresSchema } from "../schemas/chronicle.ts";
import { countQuery } from "../schemas/values.ts";
import type { ApiServices, LedgerServices } from "../services.ts";
import { subjectView } from "../views.ts";

/** Routes for what the node remembers of the chain's past: hourly figures, and changes by vote. */
export function chronicleRoutes(api: Api, services: ApiServices): void {
  api.serve(
    {
      id: "listFigures",
      method: "GET",
      path: "/v1/figures",
      tag: "Blocks",
      summary: "Figures of the chain by the hour, newest first",
      description:
        "The hour under way is the first. The node keeps a year. Times to finality are those that this node has seen. Send `next` as `before` for the next page.",
      query: z.strictObject({
        before: countQuery(0, maxCount)
          .optional()
          .describe("Returns hours that begin before this time in ms."),
        limit: countQuery(1, 744).default(168).describe("The largest number of results."),
      }),
      answer: figuresSchema,
      problems: ["NO_GENESIS"],
      dear: true,
    },
    async ({ query: { before = maxCount, limit } }) => {
      const { chronicle } = requireLedger(services);
      const found = await chronicle.hoursBefore(Math.ceil(before / hourMs), limit);
      const hours = found.map(hourView);
      return { hours, next: hours.length === limit ? hours.at(-1)!.start : null };
    },
  );
  api.serve(
    {
      id: "listChanges",
      method: "GET",
      path: "/v1/changes",
      tag: "Authorities",
      summary: "Changes of the authorities and the parameters by vote, newest first",
      description: "Of the canonical chain. Send `next` as `before` for the next page.",
      query: z.strictObject({
        before: countQuery(0, maxCount).optional().describe("Returns changes by blocks below this height."),
        limit: countQuery(1, 100).default(50).describe("The largest number of results."),
      }),
      answer: changesSchema,
      problems: ["NO_GENESIS"],
      dear: true,
    },
    async ({ query: { before = maxCount, limit } }) => {
      const ledger = requireLedger(services);
      const found = await ledger.chronicle.changesBelow(before, limit);
      const views = await Promise.all(found.map((change) => changeView(ledger, change)));
      const changes = views.filter((view) => view !== undefined);
      return { changes, next: found.length === limit ? found.at(-1)!.height : null };
    },
  );
}

function hourView({ hour, figures }: { hour: number; figures: HourFigures }) {
  const { sinceMs, untilMs, longestMs, finalized, finalityMs, missed, ...rest } = figures;
  return {
    start: hour * hourMs,
    ...rest,
    since: sinceMs,
    until: untilMs,
    longest: longestMs,
    finality: finalized === 0 ? null : Math.round(finalityMs / finalized),
    missed: missed.map(({ authority, turns }) => ({ address: encodeAddress(authority), turns })),
  };
}

async function changeView({ chain }: LedgerServices, { height, voters }: EnactedChange) {
  const id = await chain.reader.canonicalId(height);
  const block = id && (await chain.tree.get(id));
  if (!block) return undefined;
  const { timestamp, vote } = block.header.message;
  return {
    block: { height, id: block.idHex, timestamp },
    vote: subjectView(vote),
    voters: voters.map(encodeAddress),
  };
}
