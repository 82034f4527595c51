import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { selfMadeCertificate } from "../../src/accounts/self-made-certificate.ts";
import { stopWithinMs } from "./harness/checks.ts";
import { Lab } from "./harness/lab.ts";
import { createNetwork } from "./harness/network.ts";
import { until } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

/** Makes handshakes without end, 20 at a time, and as many connections that send nothing. */
const flood = `
  import { connect } from "node:net";
  import { connect as connectTls } from "node:tls";
  const [host, port] = process.argv.slice(1);
  const handshake = () => {
    const socket = connectTls({ host, port, rejectUnauthorized: false }, () => socket.destroy());
    socket.on("error", () => undefined).on("close", () => setImmediate(handshake));
  };
  const silent = () => connect({ host, port }).on("error", () => undefined).on("close", () => setTimeout(silent, 10));
  for (let count = 0; count < 20; count++) { handshake(); silent(); }
  console.log("floods");
`;

/** Asks once a moment, each time over a new connection. */
const ask = `
  import { Agent, get } from "node:https";
  const [url, count] = process.argv.slice(1);
  for (let asked = 0; asked < Number(count); asked++) {
    await new Promise((resolve, reject) => {
      get(url, { agent: new Agent(), rejectUnauthorized: false }, (answer) =>
        answer.resume().on("end", () => (answer.statusCode === 200 ? resolve() : reject(new Error(answer.statusCode)))),
      ).on("error", reject);
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  console.log("answered");
`;

const script = (text: string, ...args: string[]) => [
  process.execPath,
  "--input-type=module",
  "--eval",
  text,
  ...args,
];

test("a node takes renewed files of its certificate on SIGHUP, and keeps those from before if they are wrong", async () => {
  const world = createWorld();
  const { nodes } = await createNetwork(world, { nodes: 1, periodMs: 300 });
  const node = nodes[0]!;
  const files = { cert: join(world.dataDir, "cert.pem"), key: join(world.dataDir, "key.pem") };
  const renew = () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const cert = selfMadeCertificate(privateKey, { dns: [], ip: ["127.0.0.1"] }, Date.now());
    writeFileSync(files.cert, cert);
    writeFileSync(files.key, privateKey.export({ type: "pkcs8", format: "pem" }));
    return new X509Certificate(cert).fingerprint256;
  };
  const url = node.url.replace("http:", "https:");
  const status = (...more: string[]) => world.ccoin(["status", "--json", `--url=${url}`, ...more]);
  const isTrusted = async (fingerprint: string) =>
    (await status(`--tls-fingerprint=${fingerprint}`)).code === 0;

  const first = renew();
  node.start("--no-mdns", `--tls-cert=${files.cert}`, `--tls-key=${files.key}`);
  await node.logs("HTTPS by this certificate", { fingerprint: first });
  await until("it is asked by its fingerprint", () => isTrusted(first));
  expect((await status(`--tls-ca=${files.cert}`)).code).toBe(0);
  expect((await status()).stderr).toContain("--tls-fingerprint");
  expect((await world.ccoin(["status", `--url=${node.url}`])).stderr).toContain("this port speaks HTTPS");

  writeFileSync(files.key, "no key");
  node.process.signal("SIGHUP");
  await node.logs("the HTTPS certificate from before stays in use");
  expect(await isTrusted(first)).toBe(true);

  const second = renew();
  node.process.signal("SIGHUP");
  await node.logs("HTTPS by another certificate from now on", { fingerprint: second });
  expect(await isTrusted(second)).toBe(true);
  expect((await status(`--tls-fingerprint=${first}`)).stderr).toContain("another fingerprint");
  expect((await node.stop()).code).toBe(0);
});

test("commands on the node's machine find its own certificate", async () => {
  const world = createWorld();
  const { nodes, wallets } = await createNetwork(world, { nodes: 1, periodMs: 300 });
  const node = nodes[0]!.start("--no-mdns", "--tls");
  const { stdout } = await until("the node is asked", async () => {
    const asked = await world.ccoin(["status", "--nodeid=1", "--json"]);
    return asked.code === 0 && (JSON.parse(asked.stdout) as { mode: string }).mode === "ready" && asked;
  });
  expect(stdout).toContain('"mode":"ready"');
  const sent = await world.ccoinJson<{ status: string }>([
    ...["send", "--nodeid=1", `--to=${wallets[0]!.address}`, "--amount=1", "--wait"],
  ]);
  expect(sent.status).toMatch(/included|finalized/);
  expect(node.process.stdout).toMatch(/^page +https:.*\n.*\nSHA-256 +(?:[0-9A-F]{2}:){31}[0-9A-F]{2}\n/);
  expect(node.process.stdout).not.toContain("█");
  expect((await node.stop()).code).toBe(0);
});

test("a stranger's handshakes are for its own account: another machine is answered, blocks come, and the node ends", async () => {
  const world = createWorld();
  const lab = new Lab(world);
  const [machine, stranger, guest] = await Promise.all(([1, 1, 2] as const).map((side) => lab.machine(side)));
  const { nodes } = await createNetwork(world, { nodes: [machine!], periodMs: 500 });
  const node = nodes[0]!.start("--no-mdns", "--tls");
  await node.logs("node started");
  const url = node.url.replace("http:", "https:");
  const flooding = world.start("the stranger", script(flood, node.machine.address, String(node.httpPort)), {
    enter: stranger!.enter,
  });
  await until("the stranger floods", () => flooding.stdout.includes("floods"));
  const asked = await world.start("the guest", script(ask, `${url}/v1/status`, "40"), { enter: guest!.enter })
    .ended;
  // A handshake that is not done within 5 s is cut off, and an answer that is missing ends the guest.
  expect(asked).toMatchObject({ code: 0, stderr: "", stdout: "answered\n" });
  const made = node.timesLogged("block produced");
  await until("blocks come", () => node.timesLogged("block produced") > made + 4);
  const { code, stopMs } = await node.stop();
  expect({ code, inTime: stopMs < stopWithinMs() }).toEqual({ code: 0, inTime: true });
});
