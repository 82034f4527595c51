import { expect, test } from "vitest";
import { Places } from "../../../src/sync/places.ts";

/** Makes work that ends on command. */
function held() {
  const { promise, resolve } = Promise.withResolvers<string>();
  return { work: () => promise, end: () => resolve("done") };
}

test("limits the places of a peer, and returns them", async () => {
  const places = new Places({ each: 1, inAll: 10 });
  const first = held();
  const running = places.run("a", first.work);
  expect(await places.run("a", async () => "second")).toBeUndefined();
  expect(await places.run("b", async () => "other")).toBe("other");
  first.end();
  expect(await running).toBe("done");
  expect(await places.run("a", async () => "again")).toBe("again");
});

test("limits the places of all peers together, and returns them even if the work fails", async () => {
  const places = new Places({ each: 2, inAll: 2 });
  const [first, second] = [held(), held()];
  const running = [places.run("a", first.work), places.run("b", second.work)];
  let begun = false;
  const refused = await places.run("c", async () => {
    begun = true;
  });
  expect([refused, begun]).toEqual([undefined, false]);
  for (const { end } of [first, second]) end();
  await Promise.all(running);
  await expect(places.run("c", () => Promise.reject(new Error("wrong")))).rejects.toThrow("wrong");
  expect(await places.run("c", async () => "third")).toBe("third");
});

test("keeps nothing of causers that come and go", async () => {
  const places = new Places({ each: 1, inAll: 2_000 });
  const { work, end } = held();
  const running = Array.from({ length: 1_000 }, (_, at) => places.run(`peer ${at}`, work));
  expect(places.size).toBe(1_000);
  end();
  await Promise.all(running);
  expect(places.size).toBe(0);
});
