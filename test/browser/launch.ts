import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { root } from "../e2e/harness/process.ts";

const flags = [
  ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];

/** Launches the browser of this machine; installs Debian's Chromium if there is none. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = execFileSync(join(root, "scripts/browser.sh"), { encoding: "utf8" }).trim();
  return chromium.launch({ executablePath, args: flags });
}
