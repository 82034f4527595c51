import { Client } from "ccoin/client";
import { expect, it } from "vitest";
import * as client from "../../../src/client/index.ts";

it("is exported as ccoin/client", () => {
  expect(Client).toBe(client.Client);
});
