import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createNetwork } from "./harness/network.ts";
import { until } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

const name = "ccoin.example.org";

interface Proxy {
  /** The command, and the file that it reads. */
  command(file: string): string[];
  /** The settings of docs/operating.md. */
  configuration(folder: string, node: string): string;
  port: number;
  /** A server whose settings are the proxy's own. */
  defaultPort: number;
}

const nginx: Proxy = {
  command: (file) => ["nginx", "-c", file],
  port: 18_080,
  defaultPort: 18_081,
  configuration: (folder, node) => `
daemon off; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;
events {}
http {
  access_log off;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((each) => `${each}_temp_path ${folder}/${each};`).join(" ")}
  server {
    listen 127.0.0.1:18080;
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    location / { proxy_pass ${node}; }
    location /ccoin/ { proxy_pass ${node}/; }
  }
  server {
    listen 127.0.0.1:18081;
    location / { proxy_pass ${node}; }
  }
}`,
};

const caddy: Proxy = {
  command: (file) => ["caddy", "run", "--adapter", "caddyfile", "--config", file],
  port: 18_082,
  defaultPort: 18_082,
  configuration: (_folder, node) => `
{
  admin off
  auto_https off
}
:18082 {
  bind 127.0.0.1
  handle_path /ccoin/* {
    reverse_proxy ${node}
  }
  reverse_proxy ${node}
}`,
};

test.skipIf(spawnSync("nginx", ["-v"]).error)(
  "a node behind nginx: by name, under a path, payments, events at once",
  () => isServedBehind(nginx),
);

test.skipIf(spawnSync("caddy", ["version"]).error)(
  "a node behind Caddy: by name, under a path, payments, events at once",
  () => isServedBehind(caddy),
);

async function isServedBehind({ command, configuration, port, defaultPort }: Proxy): Promise<void> {
  const world = createWorld();
  const { nodes, wallets } = await createNetwork(world, { nodes: 1, periodMs: 300 });
  const node = nodes[0]!.start("--no-mdns", `--allow-host=${name}`, "--trust-proxy=127.0.0.1");
  await node.ready();
  const file = join(world.dataDir, "proxy.conf");
  writeFileSync(file, configuration(world.dataDir, node.url));
  world.start("proxy", command(file), { env: { HOME: world.dataDir } });
  const get = (path: string, host = name) => ask(port, path, { headers: { host } });
  await until(
    "the proxy answers",
    async () => (await get("/v1/status").catch(() => undefined))?.status === 200,
  );

  for (const path of ["/v1/status", "/ccoin/v1/status", "/ccoin/", "/ccoin/docs"])
    expect([path, (await get(path)).status]).toEqual([path, 200]);
  expect(await get("/v1/status", "evil.example")).toMatchObject({
    status: 403,
    text: expect.stringContaining("FORBIDDEN_HOST"),
  });

  const { body } = await wallets[0]!.transfer(wallets[0]!.address, 1n);
  const pay = (origin: string) =>
    ask(port, "/ccoin/v1/transactions", {
      method: "POST",
      headers: { host: name, origin, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  expect((await pay("https://evil.example")).status).toBe(403);
  expect((await pay(`https://${name}`)).status).toBe(202);

  // Few bytes come, which a proxy that collects them would keep for good.
  for (const each of [port, defaultPort]) {
    const { answer, close } = await open(each, "/v1/events?types=mode", { headers: { host: name } });
    let text = "";
    answer.on("data", (data) => {
      text += data;
    });
    await until("the stream begins", () => text.includes("retry: "), { timeoutMs: 2_000 });
    close();
  }
  expect((await node.stop()).code).toBe(0);
}

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
