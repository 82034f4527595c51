import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Hono } from "hono";
import type { EventHub } from "../event-hub.ts";
import { type EventName, eventNames } from "../event-texts.ts";
import { type ApiEnv, route } from "../http.ts";
import { commonHeaders, ProblemError } from "../problem.ts";
import { checkQuery, parseCount } from "../query.ts";

/** `GET /v1/events?types=block,mode`: server-sent events; `Last-Event-ID` resumes. */
export function eventRoutes(app: Hono<ApiEnv>, hub: EventHub): void {
  route(app, "/v1/events", {
    GET: async (context) => {
      checkQuery(context, ["types"]);
      const wanted = parseTypes(context.req.query("types"));
      const after = parseLastEventId(context.req.header("last-event-id"));
      const { incoming, outgoing } = context.env;
      if (incoming.method === "HEAD") {
        return new Response(null, { headers: { ...commonHeaders, "content-type": "text/event-stream" } });
      }
      await hub.open(outgoing, wanted, after);
      return RESPONSE_ALREADY_SENT;
    },
  });
}

/** @throws {ProblemError} `MALFORMED` */
function parseLastEventId(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const number = parseCount(text);
  if (number !== undefined) return number;
  throw new ProblemError("MALFORMED", "Last-Event-ID: must be the id of an event, a whole number");
}

/** @throws {ProblemError} `MALFORMED` */
function parseTypes(text: string | undefined): ReadonlySet<EventName> {
  const names = text?.split(",") ?? eventNames;
  const unknown = names.find((name) => !(eventNames as readonly string[]).includes(name));
  if (unknown === undefined) return new Set(names as EventName[]);
  throw new ProblemError(
    "MALFORMED",
    `types: unknown event ${JSON.stringify(unknown)}, there are ${eventNames.join(", ")}`,
  );
}
