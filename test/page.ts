import { execFileSync } from "node:child_process";

/** Makes the page that nodes serve, where it is missing or older than its sources: as before each `npm start`. */
export default function makePage(): void {
  execFileSync(process.execPath, ["scripts/setup.mjs"], { stdio: "inherit" });
}
