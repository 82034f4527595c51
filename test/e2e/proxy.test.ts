import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createNetwork } from "./harness/network.ts";
import { until } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

const name = "ccoin.example.org";
/** A server with the settings of docs/operating.md, and one with those of nginx. */
const ports = { set: 18_080, default: 18_081 };
const hasNginx = !spawnSync("nginx", ["-v"]).error;

const configuration = (folder: string, node: string) => `
daemon off; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;
events {}
http {
  access_log off;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((each) => `${each}_temp_path ${folder}/${each};`).join(" ")}
  server {
    listen 127.0.0.1:${ports.set};
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    location / { proxy_pass ${node}; }
    location /ccoin/ { proxy_pass ${node}/; }
  }
  server {
    listen 127.0.0.1:${ports.default};
    location / { proxy_pass ${node}; }
  }
}`;

test.skipIf(!hasNginx)("a node behind nginx: by name, under a path, payments, events at once", async () => {
  const world = createWorld();
  const { nodes, wallets } = await createNetwork(world, { nodes: 1, periodMs: 300 });
  const node = nodes[0]!.start("--no-mdns", `--allow-host=${name}`, "--trust-proxy=127.0.0.1");
  await node.ready();
  const file = join(world.dataDir, "nginx.conf");
  writeFileSync(file, configuration(world.dataDir, node.url));
  world.start("nginx", ["nginx", "-c", file]);
  const get = (path: string, host = name) => ask(ports.set, path, { headers: { host } });
  await until("nginx answers", async () => (await get("/v1/status").catch(() => undefined))?.status === 200);

  for (const path of ["/v1/status", "/ccoin/v1/status", "/ccoin/", "/ccoin/docs"])
    expect([path, (await get(path)).status]).toEqual([path, 200]);
  expect(await get("/v1/status", "evil.example")).toMatchObject({
    status: 403,
    text: expect.stringContaining("FORBIDDEN_HOST"),
  });

  const { body } = await wallets[0]!.transfer(wallets[0]!.address, 1n);
  const pay = (origin: string) =>
    ask(ports.set, "/ccoin/v1/transactions", {
      method: "POST",
      headers: { host: name, origin, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  expect((await pay("https://evil.example")).status).toBe(403);
  expect((await pay(`https://${name}`)).status).toBe(202);

  // Few bytes come, which a proxy that collects them would keep for good.
  for (const port of Object.values(ports)) {
    const { answer, close } = await open(port, "/v1/events?types=mode", { headers: { host: name } });
    let text = "";
    answer.on("data", (data) => {
      text += data;
    });
    await until("the stream begins", () => text.includes("retry: "), { timeoutMs: 2_000 });
    close();
  }
  expect((await node.stop()).code).toBe(0);
});

interface Sent {
  method?: string;
  headers: Record<string, string>;
  body?: string;
}

/** `fetch` sends no other Host than that of the URL. */
function open(
  port: number,
  path: string,
  { body, ...options }: Sent,
): Promise<{ answer: IncomingMessage; close(): void }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, agent: false, ...options }, (answer) =>
      resolve({ answer, close: () => sent.destroy() }),
    );
    sent.on("error", reject).end(body);
  });
}

async function ask(port: number, path: string, sent: Sent): Promise<{ status: number; text: string }> {
  const { answer } = await open(port, path, sent);
  let text = "";
  for await (const data of answer.setEncoding("utf8")) text += data;
  return { status: answer.statusCode!, text };
}
