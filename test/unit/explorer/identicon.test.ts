import { expect, it } from "vitest";
import { drawn } from "../../../src/explorer/identicon.ts";

const address = "cc1cv883z6wy5vh9v963snfxecpzjavzeu9mmldzju45uy2j6pau67qknk80s";

it("an identicon is the same for an address, mirrored, and another for an address that differs in a letter", () => {
  const { path, hue } = drawn(address);
  expect(drawn(address)).toEqual({ path, hue });
  for (const [, x, y] of path.matchAll(/M(\d) (\d)/g)) expect(path).toContain(`M${4 - Number(x)} ${y}`);
  const others = Array.from(
    { length: 58 },
    (_, at) => `${address.slice(0, at + 3)}?${address.slice(at + 4)}`,
  );
  const shapes = new Set([address, ...others].map((each) => drawn(each).path));
  expect(shapes.size).toBeGreaterThan(55);
});
