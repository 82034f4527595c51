import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keyFromSeed, signingRoot, signTransfer, toHex, transferRoot } from "../../../src/client/index.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { uint32Bytes } from "../../../src/util/bytes.ts";
import { finalize } from "../api/finalize.ts";
import { alice, authority, bob, type Fixture, startFixture } from "../api/fixture.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
/** Returns the code blocks of a language. */
const blocks = (file: string, language: string) =>
  [
    ...readFileSync(`${root}/${file}`, "utf8").matchAll(
      new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"),
    ),
  ].map(([, code]) => code!);

const readme = blocks("README.md", "ts");
const guide = blocks("docs/client.md", "ts");

describe("the examples of the documentation", () => {
  let node: Fixture;

  beforeAll(async () => {
    node = await startFixture();
    await node.produce();
    await finalize(node.chain, 1, [authority]);
  });
  afterAll(() => node.close());

  /** Runs code as a file while the chain grows and is finalized; resolves to the output. */
  async function run(code: string, beforeBlock = async () => {}): Promise<string> {
    const child = spawn(process.execPath, ["--input-type=module-typescript", "--eval", code], {
      cwd: root,
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        CCOIN_URL: node.server.url,
        CCOIN_GENESIS: node.chain.genesis.idHex,
        CCOIN_SEED: toHex(sha256(uint32Bytes(2))),
        CCOIN_TO: bob.address,
      },
    });
    let printed = "";
    child.stdout.on("data", (data) => {
      printed += data;
    });
    const ended = once(child, "close");
    while (child.exitCode === null) {
      await beforeBlock();
      await node.produce();
      const { height } = node.chain.head;
      await finalize(node.chain, height, [authority]);
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 50))]);
    }
    expect((await ended)[0]).toBe(0);
    return printed;
  }

  it("README", async () => {
    expect(readme).toHaveLength(1);
    const printed = await run(readme[0]!);
    expect(printed).toMatch(
      /^0x[0-9a-f]{64} is final in block \d+\nby the authorities' signatures: final\n$/,
    );
    expect(node.chain.state.get(bob.publicKey)?.balance).toBe(5n);
  });

  it("docs/client.md: read, the history, follow, prove", async () => {
    expect(guide).toHaveLength(4);
    const [read, history, follow, prove] = guide as [string, string, string, string];
    expect(await run(read)).toMatch(/^block \d+, final up to \d+\n(\d+ \d+\n)+$/);
    const rent = { from: alice, to: authority.publicKey, amount: 9n, memo: new TextEncoder().encode("Rent") };
    await node.mempool.add(node.mempool.records([await node.sign(rent)]), "local");
    await node.produce();
    const printed = await run(history);
    expect(printed).toMatch(
      new RegExp(`^${alice.address} has paid 9, which made \\d+\n\\d+ after block \\d+\n$`),
    );
    expect(await run(follow, pay)).toBe(`${alice.address} has paid 7 to ${bob.address}\n`);
    expect(await run(prove)).toMatch(/^(ok {3}\w+ .*\n){6,7}\d+ after block \d+\n$/);
  });

  async function pay() {
    await node.mempool.add(node.mempool.records([await node.sign({ amount: 7n })]), "local");
  }

  it("docs/client.md: the test vector", async () => {
    const [text, ...others] = blocks("docs/client.md", "json");
    expect(others).toEqual([]);
    const { seed, genesisId, transferRoot: root, signingRoot: signedRoot, ...expected } = JSON.parse(text!);
    const key = await keyFromSeed(Buffer.from(seed.slice(2), "hex"));
    const { to, amount, fee, nonce, validUntil, memo } = expected;
    const signed = await signTransfer(key, genesisId, {
      to,
      amount: BigInt(amount),
      fee: BigInt(fee),
      nonce,
      validUntil,
      memo,
    });
    expect(signed).toEqual(expected);
    expect(toHex(transferRoot(signed))).toBe(root);
    expect(toHex(signingRoot(transferRoot(signed), "transaction", genesisId))).toBe(signedRoot);
  });
});
