import { expect, test } from "vitest";
import { axes } from "../bench/growth/index.ts";
import { inWorld } from "../bench/lib/in-world.ts";

/** Sizes that take seconds, by the names of the axes. */
const sizes: Readonly<Record<string, number>> = {
  accounts: 1_000,
  "chain length": 50,
  mempool: 1_000,
  peers: 1,
  authorities: 1,
};

test.each(axes)(
  "the benchmark of growth measures all costs of its axis $name",
  async ({ name, costs, measure }) => {
    const values = await inWorld((context) => measure(context, sizes[name]!));
    expect(Object.keys(values).sort()).toEqual(Object.keys(costs).sort());
    for (const value of Object.values(values)) expect(value).toBeGreaterThan(0);
  },
);
