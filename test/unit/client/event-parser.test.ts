import { describe, expect, it } from "vitest";
import { EventParser, type RawEvent } from "../../../src/client/event-parser.ts";

/** Parses the pieces of a stream; returns the events, the last id and the delay. */
function parse(pieces: readonly string[], lastEventId?: string) {
  const parser = new EventParser(lastEventId);
  const events = pieces.flatMap((piece) => [...parser.push(piece)]);
  return { events, lastEventId: parser.lastEventId, retryMs: parser.retryMs };
}
const event = (data: string, type = "message", id: string | undefined = undefined): RawEvent => ({
  id,
  type,
  data,
});

const nul = "\0";
const cases: [string, string, ReturnType<typeof parse>["events"], (string | undefined)?, number?][] = [
  ["joins the lines of data", "data: a\ndata: b\n\n", [event("a\nb")]],
  ["takes CR, LF and CR LF for ends of lines", "data: a\rdata: b\ndata: c\r\n\r\n", [event("a\nb\nc")]],
  [
    "removes one space after the colon only",
    "data:a\n\ndata: a\n\ndata:  a\n\n",
    [event("a"), event("a"), event(" a")],
  ],
  [
    "takes a line without a colon for a field without a value",
    "data\n\ndata\ndata\n\ndata:",
    [event(""), event("\n")],
  ],
  ["passes over comments and unknown fields", ": no\nother: no\ndata: a\n:\n\n", [event("a")]],
  ["names the type of one event only", "event: x\ndata: 1\n\ndata: 2\n\n", [event("1", "x"), event("2")]],
  [
    "keeps the id for the events that follow",
    "id: 7\ndata: 1\n\ndata: 2\n\n",
    [event("1", "message", "7"), event("2", "message", "7")],
    "7",
  ],
  ["takes the id of an event without data, which is no event", "retry: 9\nid: 5\nevent: x\n\n", [], "5", 9],
  ["takes no id before the event is whole", "id: 5\n", [], undefined],
  ["refuses an id with NUL", `id: 5${nul}\ndata: 1\n\n`, [event("1")], undefined],
  ["refuses a delay that is no whole number", "retry: 1.5\nretry: x\nretry: -1\n\n", []],
  ["keeps colons in values", 'data: {"a":1}\n\n', [event('{"a":1}')]],
];

describe("EventParser", () => {
  it.each(cases)("%s", (_, text, events, lastEventId, retryMs) => {
    const expected = { events, lastEventId, retryMs };
    expect(parse([text])).toEqual(expected);
    expect(parse([...text]), "one character at a time").toEqual(expected);
    expect(parse([...text].flatMap((each) => ["", each])), "with empty pieces").toEqual(expected);
  });

  it("keeps the last id and discards the unfinished event of a broken stream", () => {
    const parser = new EventParser("3");
    expect([...parser.push("id: 4\ndata: 1\n\nid: 5\ndata: 2\nda")]).toEqual([event("1", "message", "4")]);
    parser.reset();
    expect([...parser.push("data: 3\n\n")]).toEqual([event("3", "message", "4")]);
    expect(parser.lastEventId).toBe("4");
  });

  it.each([
    ["a line", "data: ", "x".repeat(2 ** 16)],
    ["an event", "", `data: ${"x".repeat(2 ** 16)}\n`],
  ])("rejects a stream in which %s never ends", (_, first, piece) => {
    const parser = new EventParser(undefined);
    expect([...parser.push(first)]).toEqual([]);
    expect(() => {
      for (let count = 0; count < 17; count++) expect([...parser.push(piece)]).toEqual([]);
    }).toThrow(expect.objectContaining({ code: "NOT_A_NODE" }));
  });
});
