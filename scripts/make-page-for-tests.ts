import { execFileSync } from "node:child_process";
import { isPageFresh } from "./page-is-fresh.mjs";

/** Builds the page that nodes serve if it is missing or older than its sources. */
export default function makePage(): void {
  if (!isPageFresh(".")) execFileSync(process.execPath, ["scripts/make-page.ts"], { stdio: "inherit" });
}
