/** An attacker's process. Its one argument is a `Job`; it says what it does in lines of JSON, and ends with SIGTERM. */
import { attackOf } from "./attacks.ts";
import type { Job } from "./lib/job.ts";
import { Site } from "./lib/site.ts";

const job = JSON.parse(process.argv[2]!) as Job;
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
// What others do to it is not its end.
process.on("uncaughtException", () => site.count("errors"));
process.on("unhandledRejection", () => site.count("errors"));
const site = new Site(job, stop.signal);
const say = () => process.stdout.write(`${JSON.stringify(site.report())}\n`);
const timer = setInterval(say, 1_000);
stop.signal.addEventListener("abort", () => {
  say();
  setTimeout(() => process.exit(), 300);
});
try {
  await attackOf(job.attack).run(site);
} catch (error) {
  if (!stop.signal.aborted) console.error(error);
}
clearInterval(timer);
if (!stop.signal.aborted) {
  console.error(`${job.attack} ended by itself`);
  process.exitCode = 1;
}
process.exit();
