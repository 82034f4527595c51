import { expect, it } from "vitest";
import { commandLine, isClone } from "../../../src/config/index.ts";

it("a clone runs commands by npm", () => {
  expect(isClone).toBe(true);
  expect(commandLine("start")).toBe("npm start");
  expect(commandLine("start --nodeid=2")).toBe("npm start -- --nodeid=2");
  expect(commandLine("status --nodeid=2")).toBe("npm run -s ccoin -- status --nodeid=2");
});

it("the package and the image bring the command", () => {
  for (const args of ["start", "start --nodeid=2", "status"])
    expect(commandLine(args, false)).toBe(`ccoin ${args}`);
});
