/** An attacker's process. Its one argument is a `Job`; it says what it does in lines of JSON, and ends with SIGTERM. */
import { attackOf } from "./attacks.ts";
import type { Job, Reports } from "./lib/job.ts";
import { Site } from "./lib/site.ts";

const job = JSON.parse(process.argv[2]!) as Job;
const stop = new AbortController();
const sites = new Map(job.attacks.map((name) => [name, new Site(job, stop.signal)]));
// The attacker survives whatever others do to it.
for (const event of ["uncaughtException", "unhandledRejection"] as const) {
  process.on(event, () => [...sites.values()][0]!.count("errors"));
}
const say = () => {
  const reports: Reports = Object.fromEntries([...sites].map(([name, site]) => [name, site.report()]));
  process.stdout.write(`${JSON.stringify(reports)}\n`);
};
setInterval(say, 1_000).unref();
process.once("SIGTERM", () => {
  say();
  stop.abort();
  // Those that they are connected to shall see them go, but need not answer.
  setTimeout(() => process.exit(), 300);
});
await Promise.all(
  [...sites].map(async ([name, site]) => {
    await attackOf(name)
      .run(site)
      .catch((error) => !stop.signal.aborted && console.error(name, error));
    if (!stop.signal.aborted) console.error(`${name} ended by itself`);
  }),
);
process.exit();
