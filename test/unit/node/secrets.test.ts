import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createAccount, openOrCreateAccount } from "../../../src/accounts/index.ts";
import { openKeystore, parseKeystore } from "../../../src/accounts/keystore.ts";
import { parseNodeOptions } from "../../../src/config/index.ts";
import { initGenesis, runNode } from "../../../src/node/index.ts";
import { toHex } from "../../../src/util/bytes.ts";
import type { Logger } from "../../../src/util/logger.ts";
import { chainConfig, users } from "../support/chain.ts";
import { temporaryFolder } from "../support/database.ts";

/** Makes a logger that collects all lines of any level. */
function listeningLogger(lines: string[]): Logger {
  const log = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const logger: Logger = { debug: log, info: log, warn: log, error: log, child: () => logger };
  return logger;
}

test("no secret of a node is in its log or in what it answers, and its files are its owner's", async () => {
  const folder = await temporaryFolder();
  const passphrase = "correct horse battery staple";
  const passphraseFile = join(folder, "secret.txt");
  writeFileSync(passphraseFile, passphrase);
  const options = parseNodeOptions({
    nodeId: 1,
    dataDir: folder,
    p2pHost: "127.0.0.1",
    p2pPort: 0,
    httpPort: 0,
    mdns: false,
    passphraseFile,
  });
  const paths = options.dataDir;
  const { signer } = await createAccount({ paths, passphraseFile, scrypt: { n: 2, r: 1, p: 1 } });
  const config = { ...chainConfig(0, { periodMs: 100 }), authorities: [signer.publicKey] };
  const coinbase = { balances: [{ address: users[0]!.publicKey, balance: 5n }] };
  await initGenesis({ paths, config, coinbase, signer, now: Date.now() });

  const said: string[] = [];
  const node = await runNode(options, listeningLogger(said));
  try {
    const token = readFileSync(paths.adminToken, "utf8").trim();
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    for (const path of ["/v1/status", "/v1/authorities", "/v1/peers", "/v1/diagnosis", "/metrics"])
      said.push(await (await fetch(node.url + path)).text());
    for (const body of ["{}", "{", JSON.stringify({ candidate: signer.address, kind: "add" })]) {
      const answer = await fetch(`${node.url}/v1/authorities/proposals`, { method: "POST", headers, body });
      said.push(await answer.text());
    }
  } finally {
    await node.stop("test");
  }
  expect(said.some((line) => line.startsWith("node started"))).toBe(true);

  const seed = await openKeystore(parseKeystore(readFileSync(paths.account, "utf8")), passphrase);
  const secrets = {
    passphrase,
    "account key": toHex(seed).slice(2),
    "account key in base64": Buffer.from(seed).toString("base64"),
    "peer key": readFileSync(paths.peerKey, "utf8").trim(),
    "admin token": readFileSync(paths.adminToken, "utf8").trim(),
  };
  const all = said.join("\n");
  for (const [name, secret] of Object.entries(secrets)) {
    expect(secret.length, name).toBeGreaterThan(16);
    expect(all.includes(secret), name).toBe(false);
  }
  for (const file of [paths.account, paths.peerKey, paths.adminToken])
    expect(statSync(file).mode & 0o777, file).toBe(0o600);
});

test("a passphrase that is made has 192 bits and is kept for its owner alone", async () => {
  const folder = await temporaryFolder();
  const { dataDir: paths } = parseNodeOptions({ nodeId: 1, dataDir: folder });
  await openOrCreateAccount({ paths, scrypt: { n: 2, r: 1, p: 1 } });
  expect(statSync(paths.passphrase).mode & 0o777).toBe(0o600);
  expect(Buffer.from(readFileSync(paths.passphrase, "utf8").trim(), "base64url").length).toBe(24);
});
