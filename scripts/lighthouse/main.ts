/**
 * Has Lighthouse judge the explorer on a development chain. Fails unless accessibility and best practices have 100
 * points on a desktop and on a phone. With --performance it prints those points too, which depend on the machine's
 * load.
 * Usage: npm run lighthouse [-- --performance]
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

interface Audit {
  title: string;
  score: number | null;
}
interface Result {
  categories: Record<string, { score: number; auditRefs: { id: string; weight: number }[] }>;
  audits: Record<string, Audit>;
}
/** Lighthouse has types of its own only where it is installed. */
interface Lighthouse {
  default(
    url: string,
    flags: { port: number; onlyCategories: string[]; logLevel: string },
    config?: object,
  ): Promise<{ lhr: Result }>;
  desktopConfig: object;
}
interface Launcher {
  launch(options: {
    chromePath: string;
    chromeFlags: string[];
    logLevel: string;
  }): Promise<{ port: number; kill(): void }>;
}

const root = join(import.meta.dirname, "../..");
const withPerformance = process.argv.includes("--performance");
const installed = (name: string) => import(join(import.meta.dirname, "node_modules", name));
const lighthouse: Lighthouse = await installed("lighthouse/core/index.js");
const { launch }: Launcher = await installed("chrome-launcher/dist/index.js");

const folder = mkdtempSync(join(tmpdir(), "ccoin-lighthouse-"));
const node = spawn(
  process.execPath,
  ["src/cli/main.js", "start", `--datadir=${folder}`, "--port=0", "--http-port=0", "--no-mdns", "--json"],
  { cwd: root, stdio: ["ignore", "pipe", "inherit"] },
);
const chrome = await launch({
  chromePath: execFileSync(join(root, "scripts/browser.sh"), { encoding: "utf8" }).trim(),
  chromeFlags: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  logLevel: "silent",
});
let isGood = true;
try {
  const url = await urlOf(node);
  isGood = (await judge(url, "", "desktop")) && isGood;
  isGood = (await judge(url, "", "phone")) && isGood;
  isGood = (await judge(url, "#/wallet", "phone")) && isGood;
} finally {
  chrome.kill();
  node.kill();
  await once(node, "exit");
  rmSync(folder, { recursive: true });
}
process.exit(isGood ? 0 : 1);

/** Resolves once the chain has blocks. */
async function urlOf({ stdout }: ChildProcess): Promise<string> {
  let text = "";
  for await (const part of stdout!) {
    text += part;
    const url = /"url":"(http[^"]+)"/.exec(text)?.[1];
    if (!url) continue;
    while (!(await fetch(`${url}/v1/status`).then((answer) => answer.text())).includes('"mode":"ready"'))
      await sleep(100);
    return url;
  }
  throw new Error(`the node ended: ${text}`);
}

/** Prints the points of a page and what takes some; false if they are fewer than they must be. */
async function judge(url: string, page: string, device: "desktop" | "phone"): Promise<boolean> {
  const strict = ["accessibility", "best-practices"];
  const { lhr } = await lighthouse.default(
    `${url}/${page}`,
    {
      port: chrome.port,
      onlyCategories: withPerformance ? [...strict, "performance"] : strict,
      logLevel: "error",
    },
    device === "desktop" ? lighthouse.desktopConfig : undefined,
  );
  const points = Object.entries(lhr.categories).map(
    ([name, { score }]) => `${name} ${Math.round(100 * score)}`,
  );
  console.log(`${device} /${page}: ${points.join(", ")}`);
  for (const { auditRefs } of Object.values(lhr.categories)) {
    for (const { id, weight } of auditRefs) {
      const { title, score } = lhr.audits[id]!;
      if (weight > 0 && score !== null && score < 1) console.log(`  ${id}: ${title}`);
    }
  }
  return strict.every((name) => lhr.categories[name]!.score === 1);
}
