import { expect, test } from "vitest";
import { ccoin } from "./ccoin.ts";

/** Prints the files that were loaded to standard error. */
const listFiles = `
import { registerHooks } from "node:module";
const load = (url, context, next) => {
  if (url.startsWith("file:")) process.stderr.write(url + "\\n");
  return next(url, context);
};
registerHooks({ load });`;

async function loadedBy(...args: string[]): Promise<string[]> {
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(listFiles)}`;
  const { code, stderr } = await ccoin(args, { NODE_OPTIONS });
  expect(code).toBe(0);
  return stderr.trim().split("\n");
}

test("the help loads no command, and of all packages only the one that parses the command line", async () => {
  const files = await loadedBy("--help");
  expect(files.filter((file) => file.includes("/cli/commands/"))).toEqual([]);
  expect(files.filter((file) => /node_modules\/(?!commander\/)/.test(file))).toEqual([]);
  expect(files.length).toBeLessThan(30);
});

test("a command loads no other command, and neither the node nor libp2p", async () => {
  const files = await loadedBy("send", "--help");
  const commands = files.filter((file) => file.includes("/cli/commands/"));
  expect(commands).toEqual([expect.stringMatching(/\/send\.ts$/)]);
  expect(files.filter((file) => /\/src\/node\/|libp2p/.test(file))).toEqual([]);
});
