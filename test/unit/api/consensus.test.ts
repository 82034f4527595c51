import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { DiagnosisBody, EvidenceBody, FinalityBody } from "../../../src/api/index.ts";
import { finalityProofBody } from "../../../src/api/index.ts";
import type { Proposals } from "../../../src/chain/proposals.ts";
import { genesisSnapshot } from "../../../src/consensus/index.ts";
import { encodeAddress } from "../../../src/crypto/address.ts";
import type { FinalityProof } from "../../../src/types/index.ts";
import { toHex } from "../../../src/util/bytes.ts";
import { testChainConfig } from "../../chain-config.ts";
import { alice, authority, bob, type Fixture, signer, startFixture } from "./fixture.ts";

/** A certificate without signatures. */
const noCertificate = {
  link: {
    source: { round: 0, height: 0, block: new Uint8Array(32) },
    target: { round: 0, height: 0, block: new Uint8Array(32) },
  },
  voters: [],
  signatures: [],
};

const adminToken = "test-token-of-the-node";
const path = "/v1/authorities/proposals";
let node: Fixture;
let proposals: Proposals;
const inSync = { is: undefined as boolean | undefined };
const evidence: EvidenceBody = {
  id: "0x01",
  offender: bob.address,
  offence: "doubleVote",
  round: 7,
  conflicting: ["0x02", "0x03"],
  receivedAt: 1_700_000_000_000,
  proposal: { candidate: bob.address, kind: "remove" },
};
const diagnosis: DiagnosisBody = { state: "ok", summary: "fine", findings: [] };
const checkpoint = { round: 0, height: 0, id: toHex(new Uint8Array(32)) };
const finality: FinalityBody = {
  justified: checkpoint,
  finalized: checkpoint,
  votes: { round: 1, quorum: 1, heard: [] },
};

beforeAll(async () => {
  node = await startFixture({
    consensus: () => ({
      adminToken,
      mines: true,
      isKnownInSync: (address) => (encodeAddress(address) === authority.address ? true : inSync.is),
      listEvidence: () => [evidence],
      diagnosis: () => diagnosis,
    }),
    finality: async () => finality,
  });
  proposals = node.proposals;
});
afterAll(() => node.close());

const authorized = { authorization: `Bearer ${adminToken}` };
const propose = (body: unknown, headers: Record<string, string> = authorized) =>
  node.get(path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
const drop = (address: string, headers: Record<string, string> = authorized) =>
  node.get(`${path}/${address}`, { method: "DELETE", headers });
const add = { candidate: alice.address, kind: "add" };
/** The same proposal with force, after which the only authority would wait for an account without a known node. */
const forced = { ...add, force: true };

describe("the admin routes", () => {
  it.each<[string, Record<string, string>]>([
    ["no token", {}],
    ["a wrong one", { authorization: "Bearer test-token-of-the-nodf" }],
    ["a longer one", { authorization: `Bearer ${adminToken}x` }],
    ["another scheme", { authorization: `Basic ${adminToken}` }],
    ["a token without a scheme", { authorization: adminToken }],
  ])("refuses an admin request with %s", async (_name, headers) => {
    for (const answer of [await propose(add, headers), await drop(alice.address, headers)]) {
      expect(answer).toMatchObject({ status: 401, body: { code: "UNAUTHORIZED", status: 401 } });
      expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    }
    expect(proposals.list()).toEqual([]);
  });

  it("accepts the authorization scheme in any case", async () => {
    expect((await propose(forced, { authorization: `bearer ${adminToken}` })).status).toBe(202);
    expect((await drop(alice.address)).status).toBe(200);
  });

  it.each<[string, unknown, number, string]>([
    ["no JSON", "{", 400, "MALFORMED"],
    ["a list", [add], 400, "MALFORMED"],
    ["no candidate", { kind: "add" }, 400, "MALFORMED"],
    ["an unknown kind", { ...add, kind: "keep" }, 400, "MALFORMED"],
    ["an unknown member", { ...add, keep: true }, 400, "MALFORMED"],
    ["the zero address", { ...add, candidate: encodeAddress(new Uint8Array(32)) }, 400, "MALFORMED"],
    ["too much", { ...add, x: "x".repeat(5000) }, 413, "BODY_TOO_LARGE"],
    ["an unknown parameter", { kind: "set", parameter: "name", value: "1" }, 400, "MALFORMED"],
    ["a value beyond the limits", { kind: "set", parameter: "rules", value: "3" }, 400, "MALFORMED"],
    ["a value that is no amount", { kind: "set", parameter: "minFee", value: 3 }, 400, "MALFORMED"],
    ["a change that could halt the chain", add, 409, "UNSAFE_PROPOSAL"],
    [
      "rules that its program does not know",
      { kind: "set", parameter: "rules", value: "2" },
      409,
      "UNSAFE_PROPOSAL",
    ],
    ["a value that is so", { kind: "set", parameter: "minFee", value: "1" }, 409, "NOTHING_TO_CHANGE"],
    ["what is so", { candidate: authority.address, kind: "add" }, 409, "NOTHING_TO_CHANGE"],
    ["what is so, too", { candidate: bob.address, kind: "remove" }, 409, "NOTHING_TO_CHANGE"],
  ])("refuses to propose %s", async (_name, body, status, code) => {
    expect(await propose(body)).toMatchObject({ status, body: { code } });
  });

  it("refuses other types and unknown proposals", async () => {
    expect(await propose(add, { ...authorized, "content-type": "text/plain" })).toMatchObject({
      status: 415,
    });
    expect(await drop(bob.address)).toMatchObject({ status: 404, body: { code: "PROPOSAL_NOT_FOUND" } });
    expect(await drop("cc1x")).toMatchObject({ status: 400, body: { code: "MALFORMED" } });
    const answer = await node.get(`${path}/${bob.address}`);
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe("DELETE");
  });
});

describe("a proposal", () => {
  it("accepts a proposal with a warning, lists it, votes for it and drops it", async () => {
    const answer = await propose(forced);
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({
      proposal: { ...add, votes: 0, needed: 1, enacted: false, proposedAt: expect.any(Number) },
      warnings: [{ code: "CANDIDATE_NOT_IN_SYNC", detail: expect.stringContaining("not known to be") }],
    });
    expect((await propose(forced)).body.proposal).toEqual(answer.body.proposal);
    const { body } = await node.get("/v1/authorities");
    expect(body).toMatchObject({ proposals: [answer.body.proposal], evidence: [evidence] });
    const { head, snapshot } = node.chain;
    const vote = proposals.voteFor(snapshot, head.height + 1, authority.publicKey);
    expect(encodeAddress(vote.candidate)).toBe(alice.address);
    expect(await drop(alice.address)).toMatchObject({ status: 200, body: { proposal: add, warnings: [] } });
    expect((await node.get("/v1/authorities")).body.proposals).toEqual([]);
  });

  it("warns if the candidate's node is not in sync", async () => {
    inSync.is = true;
    expect((await propose(add)).body.warnings).toEqual([]);
    inSync.is = false;
    expect((await propose(forced)).body.warnings).toMatchObject([
      { detail: expect.stringContaining("is not in sync") },
    ]);
    await drop(alice.address);
    inSync.is = undefined;
  });

  it("warns if few authorities are left", async () => {
    const { body } = await propose({ candidate: authority.address, kind: "remove" });
    expect(body.warnings.map(({ code }: { code: string }) => code)).toEqual([
      "NO_FAULT_TOLERANCE",
      "LAST_AUTHORITY",
    ]);
    await drop(authority.address);
  });

  it("accepts a proposal of unknown rules only with force, and only for the next version", async () => {
    const set = (value: string) => ({ kind: "set", parameter: "rules", value });
    expect(await propose(set("2"))).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining("would stop at the block that enacts 2") },
    });
    expect(await propose({ ...set("2"), force: true })).toMatchObject({
      status: 202,
      body: { proposal: { ...set("2"), votes: 0, needed: 1 } },
    });
    expect(await propose({ ...set("3"), force: true })).toMatchObject({
      status: 400,
      body: { code: "MALFORMED" },
    });
    expect((await drop("rules")).status).toBe(200);
  });

  it("refuses a proposal while there is no chain", async () => {
    node.hasLedger.yes = false;
    expect(await propose(add)).toMatchObject({ status: 503, body: { code: "NO_GENESIS" } });
    expect((await node.get("/v1/diagnosis")).body).toEqual(diagnosis);
    node.hasLedger.yes = true;
  });
});

describe("finality and diagnosis", () => {
  it("serves finality and the diagnosis", async () => {
    expect(await node.get("/v1/finality")).toMatchObject({ status: 200, body: finality });
    expect(await node.get("/v1/diagnosis")).toMatchObject({ status: 200, body: diagnosis });
  });

  it("shows a proof with its votes", () => {
    const { authorities } = genesisSnapshot(
      testChainConfig({ authorities: [signer(1).publicKey, signer(2).publicKey] }),
    );
    const at = (round: number) => ({ round, height: round, block: new Uint8Array(32).fill(round) });
    const finalization = {
      link: { source: at(1), target: at(2) },
      voters: authorities,
      signatures: authorities.map(() => new Uint8Array(64)),
    };
    const proof: FinalityProof = { justification: noCertificate, finalization };
    expect(finalityProofBody(proof)).toMatchObject({
      justification: null,
      finalization: {
        source: { round: 1, height: 1, id: `0x${"01".repeat(32)}` },
        target: { round: 2 },
        voters: authorities.map(encodeAddress),
      },
      ssz: expect.stringMatching(/^0x[0-9a-f]+$/),
    });
  });
});

it("the authorities are those of one head, also if the next block is imported meanwhile", async () => {
  await node.produce();
  const { reader } = node.chain;
  const idsDown = reader.idsDown.bind(reader);
  const counting = vi.spyOn(reader, "idsDown").mockImplementationOnce(async (height, count) => {
    await node.produce();
    return idsDown(height, count);
  });
  const heights = async () => {
    const { head, authorities } = (await node.get("/v1/authorities")).body;
    return [head.height, authorities[0].lastBlock.height];
  };
  expect(await heights()).toEqual([1, 1]);
  expect(await heights()).toEqual([2, 2]);
  counting.mockRestore();
});
