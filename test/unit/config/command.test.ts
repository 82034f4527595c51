import { readdirSync, readFileSync } from "node:fs";
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

it("what a node says has no line to type that is not of its copy's form", () => {
  // A line has options or placeholders. Help has an example's form, which it explains.
  const line = /["`(:] ?ccoin [a-z-]+( [a-z]+)? (-|<|\$)/;
  const folder = new URL("../../../src/", import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const found = files
    .filter((file) => file.endsWith(".ts") && !/^(cli|client|explorer)\//.test(file))
    .filter((file) =>
      line.test(readFileSync(new URL(file, folder), "utf8").replaceAll(/^ *(\/?\*|\/\/).*$/gm, "")),
    );
  // The OpenAPI document, which is the same everywhere.
  expect(found.toSorted()).toEqual(["api/routes/node.ts", "api/schemas/node.ts"]);
});
