import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import * as z from "zod";
import type { EventHub } from "../event-hub.ts";
import { eventStreamHeaders } from "../event-stream.ts";
import { type EventName, eventNames } from "../event-texts.ts";
import type { Api } from "../operation.ts";
import { parseCount } from "../query.ts";
import { eventSchemas } from "../schemas/events.ts";

/** Names separated by commas. */
const typesSchema = z.string().transform((text, context): ReadonlySet<EventName> => {
  const names = text.split(",");
  const unknown = names.find((name) => !(eventNames as readonly string[]).includes(name));
  if (unknown === undefined) return new Set(names as EventName[]);
  const message = `unknown event ${JSON.stringify(unknown)}, there are ${eventNames.join(", ")}`;
  context.addIssue({ code: "custom", message });
  return z.NEVER;
});

const lastEventIdSchema = z.string().transform((text, context) => {
  if (text === "") return undefined;
  const number = parseCount(text);
  if (number !== undefined) return number;
  context.addIssue({ code: "custom", message: "must be the id of an event, a whole number" });
  return z.NEVER;
});

export function eventRoutes(api: Api, hub: EventHub): void {
  api.serveResponse(
    {
      id: "followEvents",
      method: "GET",
      path: "/v1/events",
      tag: "Events",
      summary: "Blocks, finality, transactions and modes as they happen",
      description:
        "Server-sent events (WHATWG HTML, 9.2), numbered by `id` without gaps, even across restarts. docs/http.md says how to resume.",
      query: z.strictObject({
        types: typesSchema
          .optional()
          .describe(`The wanted events, separated by commas, of ${eventNames.join(", ")}; by default all.`),
      }),
      headers: z.object({
        "Last-Event-ID": lastEventIdSchema
          .optional()
          .describe("Resumes after this event; without it the stream begins now."),
      }),
      answer: z.string().describe("The `id`, `event` and `data` (JSON) of each event."),
      mediaType: "text/event-stream",
      events: eventSchemas,
      problems: ["EVENTS_TOO_OLD", "EVENTS_UNKNOWN", "OVERLOADED"],
    },
    async ({ query, headers, context }) => {
      const { incoming, outgoing } = context.env;
      if (incoming.method === "HEAD") {
        return new Response(null, { headers: eventStreamHeaders });
      }
      await hub.open(outgoing, query.types ?? new Set(eventNames), headers["Last-Event-ID"]);
      return RESPONSE_ALREADY_SENT;
    },
  );
}
