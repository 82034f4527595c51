import { expect, test } from "vitest";
import { Places } from "../../../src/sync/places.ts";

/** Makes work that ends on command. */
function held() {
  const { promise, resolve } = Promise.withResolvers<string>();
  return { work: () => promise, end: () => resolve("done") };
}

const alone = (id: string) => ({ id, host: id });

test("limits the places of a peer, and returns them", async () => {
  const places = new Places({ each: 1, inAll: 10, always: 0 });
  const first = held();
  const running = places.run(alone("a"), first.work);
  expect(await places.run(alone("a"), async () => "second")).toBeUndefined();
  expect(await places.run(alone("b"), async () => "other")).toBe("other");
  first.end();
  expect(await running).toBe("done");
  expect(await places.run(alone("a"), async () => "again")).toBe("again");
});

test("the limits may change while there is work", async () => {
  let each = 1;
  const places = new Places(() => ({ each, inAll: 10, always: 0 }));
  const { work, end } = held();
  void places.run(alone("a"), work);
  expect(await places.run(alone("a"), async () => "second")).toBeUndefined();
  each = 2;
  expect(await places.run(alone("a"), async () => "second")).toBe("second");
  end();
});

test("limits the places of all peers together, and returns them even if the work fails", async () => {
  const places = new Places({ each: 2, inAll: 2, always: 0 });
  const [first, second] = [held(), held()];
  const running = [places.run(alone("a"), first.work), places.run(alone("b"), second.work)];
  let begun = false;
  const refused = await places.run(alone("c"), async () => {
    begun = true;
  });
  expect([refused, begun]).toEqual([undefined, false]);
  for (const { end } of [first, second]) end();
  await Promise.all(running);
  await expect(places.run(alone("c"), () => Promise.reject(new Error("wrong")))).rejects.toThrow("wrong");
  expect(await places.run(alone("c"), async () => "third")).toBe("third");
});

test("keeps nothing of causers that come and go", async () => {
  const places = new Places({ each: 1, inAll: 2_000, always: 1 });
  const { work, end } = held();
  const running = Array.from({ length: 1_000 }, (_, at) => places.run(alone(`peer ${at}`), work));
  expect(places.size).toBe(2_000);
  end();
  await Promise.all(running);
  expect(places.size).toBe(0);
});

test("each address has a place of its own when any number of ids of others have taken all", async () => {
  const places = new Places({ each: 2, inAll: 8, always: 1 });
  const { work, end } = held();
  const ids = Array.from({ length: 100 }, (_, at) => ({ id: `id ${at}`, host: `host ${at % 4}` }));
  const running = ids.flatMap((causer) => [places.run(causer, work), places.run(causer, work)]);
  const others = ["a", "b"].map((host) => places.run({ id: `another of ${host}`, host }, work));
  const refused = await places.run({ id: "new", host: "host 1" }, async () => "one too many");
  const second = await places.run({ id: "a third of a", host: "a" }, async () => "one too many");
  expect([refused, second]).toEqual([undefined, undefined]);
  end();
  const done = (results: unknown[]) => results.filter((result) => result === "done").length;
  expect(done(await Promise.all(running))).toBe(8);
  expect(done(await Promise.all(others))).toBe(2);
  expect(places.size).toBe(0);
});
