import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { installPrograms, type Run } from "../../bench/peers/install.ts";
import { type Call, checkRpcAnswer, rpcBody, rpcPosts, rpcResults } from "../../bench/peers/json-rpc.ts";
import { rlpList, signLegacy } from "../../bench/peers/legacy-transaction.ts";
import { importedKey, unsignedTransaction, witnessAddress } from "../../bench/peers/litecoin-transaction.ts";
import type { Round } from "../../bench/peers/measure.ts";
import { openPrograms } from "../../bench/peers/open-programs.ts";
import { comparisonPlot } from "../../bench/peers/plot.ts";
import { parseCpuWithChildren, parseGroup } from "../../bench/peers/process-group.ts";
import { type Compared, comparisonTable } from "../../bench/peers/table.ts";

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const text = (data: Uint8Array) => Buffer.from(data).toString("hex");

describe("JSON-RPC", () => {
  test("one call is an object, several are an array; the answers are in the order of the calls", () => {
    expect(JSON.parse(rpcBody([["a", 1]]))).toEqual({ jsonrpc: "2.0", id: 0, method: "a", params: [1] });
    expect(JSON.parse(rpcBody([["a"], ["b"]]))).toHaveLength(2);
    expect(rpcResults('[{"id":1,"result":"b"},{"id":0,"result":"a","error":null}]')).toEqual(["a", "b"]);
    expect(() => rpcResults('{"id":0,"error":{"code":-28,"message":"Loading"}}')).toThrow("Loading");
    const calls = Array.from({ length: 150 }, (_, n): Call => ["a", n]);
    const posts = rpcPosts({ port: 1, authorization: "Basic x" }, "batch", calls);
    expect(posts.map(({ transactions }) => transactions)).toEqual([100, 50]);
    const [head, body] = posts[1]!.bytes.toString().split("\r\n\r\n");
    expect(head).toContain("\r\nauthorization: Basic x");
    expect(JSON.parse(body!)[49].params).toEqual([149]);
    expect(rpcPosts({ port: 1 }, "single", calls)).toHaveLength(150);
  });

  test("an answer that refuses one of its calls ends the run with its reason", () => {
    const answer = (body: string, status = "200 OK") => Buffer.from(`HTTP/1.1 ${status}\r\n\r\n${body}`);
    expect(() => checkRpcAnswer(answer('[{"result":"0x","error":null,"id":0}]'))).not.toThrow();
    expect(() => checkRpcAnswer(answer('[{"id":0,"result":"0x"},{"id":1,"error":{"code":-1}}]'))).toThrow(
      "-1",
    );
    expect(() => checkRpcAnswer(answer("busy", "503 Busy"))).toThrow("503");
  });
});

describe("signed transfers", () => {
  test("a transfer of Ethereum is the example of EIP-155", () => {
    const signature = bytes(
      "28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276" +
        "67cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83",
    );
    let digest = "";
    const sign = (data: Uint8Array) => {
      digest = text(data);
      return { signature, recoveryId: 0 };
    };
    const to = bytes("35".repeat(20));
    const transfer = {
      nonce: 9n,
      gasPrice: 20n * 10n ** 9n,
      gasLimit: 21_000n,
      to,
      value: 10n ** 18n,
      chainId: 1n,
    };
    expect(signLegacy(transfer, sign).raw).toBe(
      "0xf86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a0" +
        "28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a0" +
        "67cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83",
    );
    expect(digest).toBe("daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53");
  });

  test("long items of RLP have the length of their length", () => {
    expect(text(rlpList([bytes("7f"), bytes("80"), bytes("")]))).toBe("c47f818080");
    expect(text(rlpList([bytes("00".repeat(56))])).slice(0, 8)).toBe("f83ab838");
  });

  test("keys, addresses and transactions of litecoind", () => {
    // The public key of BIP 173's examples, and the secret key 1 that it belongs to.
    const publicKey = bytes("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
    expect(witnessAddress(publicKey)).toMatch(/^rltc1qw508d6qejxtdg4y5r3zarvary0c5xw7k/);
    expect(importedKey(bytes(`${"00".repeat(31)}01`))).toBe(
      "cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87JcbXMTcA",
    );
    const txid = `${"00".repeat(31)}ff`;
    const { hex } = unsignedTransaction({ txid, index: 1 }, [{ script: bytes("0014"), amount: 258n }]);
    expect(hex).toBe(`0200000001ff${"00".repeat(31)}0100000000ffffffff01020100000000000002001400000000`);
  });
});

test("the group of a process, and its CPU time with that of its children", () => {
  const stat = "7 (a) b) S 1 4242 4242 0 -1 4194560 100 0 0 0 100 20 3 4 20 0 11 0 999";
  expect(parseGroup(stat)).toBe(4242);
  expect(parseCpuWithChildren(stat)).toBeCloseTo(1.27, 10);
});

describe("installation", () => {
  const newFolder = () => {
    const folder = mkdtempSync(join(tmpdir(), "ccoin-peers-test-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    return folder;
  };

  test("a program that cannot be installed is left out with the reason, and so is one that lacks the signer", async () => {
    const run: Run = async (command, folder) => {
      if (command[0] !== "npm") throw new Error("apt-get failed: no route");
      const bin = join(folder, "node_modules/@foundry-rs/anvil-x/bin");
      mkdirSync(bin, { recursive: true });
      writeFileSync(join(bin, "anvil"), "");
      return "";
    };
    const installed = await installPrograms(newFolder(), run, () => undefined);
    expect(installed.anvil).toMatchObject({ version: "1.7.1" });
    expect(installed.litecoind).toEqual({ leftOut: "apt-get failed: no route" });
    const { programs, leftOut } = openPrograms(installed);
    expect(programs.map(({ name }) => name.split(" ")[0])).toEqual(["ccoin", "anvil", "Hardhat"]);
    expect(leftOut).toEqual(["litecoind is left out: apt-get failed: no route"]);

    const without = openPrograms({ ...installed, signer: { leftOut: "no signer" } });
    expect(without.programs).toHaveLength(1);
    expect(without.leftOut[0]).toBe("anvil is left out: no signer");
  });

  test("an interruption ends it", async () => {
    const commands: string[] = [];
    const run: Run = async ([name]) => {
      commands.push(name!);
      throw new DOMException("interrupted", "AbortError");
    };
    await expect(installPrograms(newFolder(), run, () => undefined)).rejects.toThrow("interrupted");
    expect(commands).toHaveLength(1);
  });
});

describe("the comparison", () => {
  const does = { mode: "m", work: "w", answer: "on disk", finality: "votes" };
  const round = (perSecond: number): Round => ({
    startMs: 1_000,
    idleMemoryBytes: 120e6,
    rates: { single: { perSecond, cpuMs: 0.25 } },
    kills: 2,
    keptAtOnce: 2,
    keptLater: 1,
  });
  const programs: Compared[] = [
    { name: "ccoin", does, rounds: [round(4_000), round(12_345.6), round(5_000)] },
    { name: "other", does, rounds: [{ ...round(2_500), loneMs: 3.21987 }] },
  ];

  test("the table has the median of the rounds, their range, and the sum of what was kept", () => {
    const table = comparisonTable(programs);
    expect(table).toContain(
      "| single posts, transfers/s | 5,000 (4,000 to 12,346) | 2,500 (2,500 to 2,500) |",
    );
    expect(table).toContain("| a lone transfer until its block, ms | – | 3.22 (3.22 to 3.22) |");
    expect(table).toContain("at once after the answer | 6 of 6 | 2 of 2 |");
    expect(table).toContain("3 s after it | 3 of 6 | 1 of 2 |");
  });

  test("the plot has a panel for what several programs have, with bars in proportion", () => {
    const svg = comparisonPlot(programs);
    const bars = [...svg.matchAll(/<rect x="130" y="\d+" width="(\d+)"/g)].map(([, width]) => Number(width));
    expect(bars).toEqual([180, 90, 180, 180, 180, 180, 180, 180]);
    expect(svg).toContain("more is better");
    expect(svg).not.toContain("SSZ");
  });
});
