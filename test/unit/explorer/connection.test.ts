import { expect, it } from "vitest";
import type { Diagnosis, Status } from "../../../src/client/index.ts";
import { connectionWords } from "../../../src/explorer/connection.ts";

const status = {} as Status;
const diagnosis = (state: Diagnosis["state"]) => ({ state }) as Diagnosis;

it("claims nothing about the chain before the node has answered", () => {
  const unknown = { status: undefined, diagnosis: undefined };
  expect(connectionWords({ connection: "connecting", ...unknown })[1]).toBe("Connecting…");
  // The event stream opens before the first answer comes.
  expect(connectionWords({ connection: "open", ...unknown })[1]).toBe("Connecting…");
});

it("shows a node without a diagnosis as starting, not as live", () => {
  expect(connectionWords({ connection: "open", status, diagnosis: undefined })[1]).toBe("Starting");
});

it("shows the state of the diagnosis unless the node is away", () => {
  const known = { status, diagnosis: diagnosis("ok") };
  expect(connectionWords({ connection: "open", ...known })).toEqual(["good", "Live"]);
  expect(connectionWords({ connection: "open", status, diagnosis: diagnosis("halted") })[1]).toBe("Halted");
  expect(connectionWords({ connection: "lost", ...known })).toEqual(["bad", "No connection"]);
});
