/**
 * The process of an attacker. Its argument is a `Job`; it reports its actions in lines of JSON, and ends with SIGTERM.
 */
import { attackOf } from "./attacks.ts";
import type { Job, Reports } from "./lib/job.ts";
import { Site } from "./lib/site.ts";

const job = JSON.parse(process.argv[2]!) as Job;
const stop = new AbortController();
const sites = new Map(job.attacks.map((name) => [name, new Site(job, stop.signal)]));
// The attacker survives all errors that others cause.
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
  // Leaves time for the connected nodes to notice the end, but not to answer.
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
