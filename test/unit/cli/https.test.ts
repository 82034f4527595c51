import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createPlainServer, type RequestListener, type Server } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { selfMadeCertificate } from "../../../src/accounts/self-made-certificate.ts";
import { defaultHttpPort, nodePaths } from "../../../src/config/index.ts";
import { encodeAddress } from "../../../src/crypto/address.ts";
import { testAddresses } from "../support/addresses.ts";
import { type CliResult, ccoinHere, oneLine } from "./ccoin.ts";

const address = encodeAddress(testAddresses(1)[0]!);
/** A node whose default port no other test uses. */
const nodeId = 987;
let folder: string;
const open: Server[] = [];

/** A certificate for this address alone, and its key. */
function identity(ip: string) {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const cert = selfMadeCertificate(privateKey, { dns: [], ip: [ip] }, Date.now());
  const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return { cert, key, fingerprint: new X509Certificate(cert).fingerprint256 };
}

const answer: RequestListener = ({ url }, response) => {
  const body =
    url === "/v1/status"
      ? { address, mode: "ready", head: { height: 1 } }
      : { address, balance: "7", nonce: 0, pendingNonce: 0 };
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
};
const refuse: RequestListener = (_request, response) => {
  const problem = { code: "HTTPS_REQUIRED", detail: "this port speaks HTTPS" };
  response.writeHead(400, { "content-type": "application/problem+json" }).end(JSON.stringify(problem));
};

async function listen(server: Server, port = 0): Promise<number> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

const own = identity("127.0.0.1");
const foreign = identity("192.0.2.1");
let file: string;
let url: string;
let foreignUrl: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ccoin-https-"));
  file = join(folder, "cert.pem");
  writeFileSync(file, own.cert);
  url = `https://127.0.0.1:${await listen(createServer(own, answer))}`;
  foreignUrl = `https://127.0.0.1:${await listen(createServer(foreign, answer))}`;
});
afterAll(() => {
  for (const server of open) server.close();
  rmSync(folder, { recursive: true });
});

const ask = (...args: string[]) => ccoinHere(["account", "--json", "--datadir", folder, ...args]);
const balance = { code: 0, stdout: expect.stringContaining('"balance":"7"'), stderr: "" };
const errorOf = ({ stderr }: CliResult) =>
  (oneLine(stderr) as { error: { code: string; message: string } }).error;

describe("a node with a certificate of its own making", () => {
  it("does not trust a node's own certificate, and says what to do", async () => {
    const { code, message } = errorOf(await ask(`--url=${url}`));
    expect(code).toBe("CERTIFICATE");
    expect(message).toBe(
      `the certificate of ${url} is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT): if it is the node's own, give its fingerprint, which the node prints, by --tls-fingerprint, or its tls-cert.pem by --tls-ca`,
    );
  });

  it("trusts a certificate by its file, under the names in it", async () => {
    expect(await ask(`--url=${url}`, `--tls-ca=${file}`)).toEqual(balance);
    expect(await ccoinHere(["account", "--json", `--url=${url}`], { CCOIN_TLS_CA: file })).toEqual(balance);
    writeFileSync(join(folder, "foreign.pem"), foreign.cert);
    const refused = errorOf(await ask(`--url=${foreignUrl}`, `--tls-ca=${join(folder, "foreign.pem")}`));
    expect(refused).toMatchObject({
      code: "CERTIFICATE",
      message: expect.stringContaining("ERR_TLS_CERT_ALTNAME_INVALID"),
    });
    expect(errorOf(await ask(`--url=${foreignUrl}`, `--tls-ca=${file}`)).code).toBe("CERTIFICATE");
  });

  it("trusts a certificate by its fingerprint, under any name", async () => {
    const { fingerprint } = foreign;
    expect(await ask(`--url=${foreignUrl}`, `--tls-fingerprint=${fingerprint}`)).toEqual(balance);
    const digits = fingerprint.replaceAll(":", "").toLowerCase();
    expect(await ask(`--url=${foreignUrl}`, `--tls-fingerprint=${digits}`)).toEqual(balance);
    expect(errorOf(await ask(`--url=${url}`, `--tls-fingerprint=${fingerprint}`))).toMatchObject({
      code: "OTHER_CERTIFICATE",
      message: expect.stringContaining(own.fingerprint),
    });
  });

  it("names the URL where nobody listens", async () => {
    const nobody = "https://127.0.0.1:9";
    for (const option of [`--tls-ca=${file}`, `--tls-fingerprint=${own.fingerprint}`])
      expect(errorOf(await ask(`--url=${nobody}`, option))).toMatchObject({
        code: "UNREACHABLE",
        message: expect.stringContaining(`cannot reach ${nobody} (ECONNREFUSED)`),
      });
  });

  it.each([
    [["--tls-fingerprint=abcd"], "--tls-fingerprint: must be a SHA-256 fingerprint: 64 hex digits"],
    [["--tls-ca=/nowhere.pem"], "--tls-ca: /nowhere.pem holds no certificate in PEM: there is no such file"],
    [["--tls-ca=/dev/null"], "--tls-ca: /dev/null holds no certificate in PEM"],
    [
      ["--url=http://127.0.0.1:1", `--tls-fingerprint=${"ab".repeat(32)}`],
      "need an address with https:// in --url",
    ],
  ])("refuses %j", async (args, message) => {
    const result = await ask("--url=https://127.0.0.1:9", ...args);
    expect(result.code).toBe(2);
    expect(errorOf(result).message).toContain(message);
  });
});

describe("the node on this machine", () => {
  afterEach(async () => {
    for (const server of open.splice(2)) await new Promise((resolve) => server.close(resolve));
  });

  const askLocal = () => ask(`--nodeid=${nodeId}`);

  it("asks the node on this machine by HTTPS if it speaks that, and trusts the certificate in its folder", async () => {
    const paths = nodePaths(folder, nodeId);
    mkdirSync(paths.folder, { recursive: true });
    writeFileSync(paths.tlsCert, own.cert);
    // It runs without --tls now.
    await listen(createPlainServer(answer), defaultHttpPort(nodeId));
    expect(await askLocal()).toEqual(balance);
    await new Promise((resolve) => open.pop()!.close(resolve));

    const secure = createServer(own, answer);
    const plain = createPlainServer(refuse);
    const both = createPlainServer();
    // One port for both, like a node's.
    both.removeAllListeners("connection").on("connection", (socket) =>
      socket.once("data", (data: Buffer) => {
        socket.pause();
        socket.unshift(data);
        (data[0] === 22 ? secure : plain).emit("connection", socket);
        if (data[0] !== 22) socket.resume();
      }),
    );
    await listen(both, defaultHttpPort(nodeId));
    expect(await askLocal()).toEqual(balance);
    rmSync(paths.tlsCert);
    expect(errorOf(await askLocal())).toMatchObject({
      code: "HTTPS_REQUIRED",
      message: "this port speaks HTTPS, in --url",
    });
  });

  it("does not ask the node on this machine if its certificate cannot be read", async () => {
    const { tlsCert } = nodePaths(folder, nodeId);
    mkdirSync(tlsCert, { recursive: true });
    expect(errorOf(await askLocal()).message).toContain("EISDIR");
  });
});
