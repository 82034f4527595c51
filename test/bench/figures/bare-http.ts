import { fileURLToPath } from "node:url";
import { nodeFlags } from "../../e2e/harness/process.ts";
import { until } from "../../e2e/harness/until.ts";
import { defineFigure } from "../figure.ts";
import { postAll } from "../lib/poster.ts";
import { presign } from "../lib/presign.ts";
import { buildRequests } from "../lib/requests.ts";
import { quantile } from "../lib/statistics.ts";
import { CpuWatch } from "../lib/usage.ts";
import { withVerifyLimit } from "../lib/verify-limit.ts";

type BareHttpSettings = { count: number };

const serverFile = fileURLToPath(new URL("../lib/bare-server.ts", import.meta.url));
const connections = 32;

export const bareHttpFigure = defineFigure<BareHttpSettings>({
  name: "bare-http",
  measures:
    "single JSON posts to a Hono server that reads them and answers, and does nothing else: what `submit-json-single` begins with",
  quick: [{ count: 15_000 }],
  full: [{ count: 60_000 }],
  async run({ world }, { count }) {
    const server = world.start("server", [process.execPath, ...nodeFlags, serverFile]);
    await until("the server listens", () => server.stdout.includes("\n"));
    const presigned = await presign(new Uint8Array(32), 100, count);
    const indexes = Array.from({ length: count }, (_, index) => index);
    const requests = buildRequests(presigned, "json-single", indexes, 1);
    const post = () =>
      postAll({ host: "127.0.0.1", port: Number(server.stdout), connections, requests, maxAhead: count });
    // V8 has compiled the most used code by then.
    await post();
    const { result, limit, verifyCpuMs } = await withVerifyLimit(async () => {
      const startedAt = performance.now();
      const watch = new CpuWatch([server.pid]);
      const { answerMs } = await post();
      return { perSecond: (count / (performance.now() - startedAt)) * 1_000, usage: watch.read(), answerMs };
    });
    const { perSecond, usage, answerMs } = result;
    return {
      value: perSecond,
      unit: "posts/s",
      limit,
      ...usage,
      details: {
        answerP99Ms: quantile(answerMs, 0.99),
        cpuMsPerPost: (usage.cpuSeconds * 1_000) / count,
        loadMsPerPost: (usage.loadCpuSeconds * 1_000) / count,
        cpuPerVerify: (usage.cpuSeconds * 1_000) / count / verifyCpuMs,
      },
    };
  },
});
