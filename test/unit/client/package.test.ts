import { Client } from "ccoin/client";
import { expect, it } from "vitest";
import * as client from "../../../src/client/index.ts";

it("the package exports the client as ccoin/client", () => {
  expect(Client).toBe(client.Client);
});
