import { copyFile, readFile, writeFile } from "node:fs/promises";
import { expect, it } from "vitest";
import type { TlsCertificate } from "../../../src/accounts/index.ts";
import { parseNodeOptions } from "../../../src/config/index.ts";
import { TlsKeeper, tlsCertificate } from "../../../src/node/tls-keeper.ts";
import type { Clock } from "../../../src/util/clock.ts";
import type { Logger } from "../../../src/util/logger.ts";
import { temporaryFolder } from "../support/database.ts";

/** A clock that jumps: its timers fire when they are told to. */
function jumpingClock() {
  const timers = new Set<() => void>();
  const clock: Clock & { nowMs: number } = {
    nowMs: Date.parse("2030-01-01T00:00:00Z"),
    now: () => clock.nowMs,
    after(_delayMs, callback) {
      timers.add(callback);
      return () => timers.delete(callback);
    },
  };
  const fire = () => {
    const due = [...timers];
    timers.clear();
    for (const callback of due) callback();
  };
  return { clock, timers, fire };
}

async function keep(given?: { tlsCert: string; tlsKey: string }) {
  const options = parseNodeOptions({ nodeId: 1, dataDir: await temporaryFolder(), tls: true, ...given });
  const { clock, timers, fire } = jumpingClock();
  const certificate = (await tlsCertificate(options, clock.now()))!;
  const used: TlsCertificate[] = [];
  const said: string[] = [];
  const log = (fields: object, message: string) => void said.push(`${message} ${JSON.stringify(fields)}`);
  const logger: Logger = { debug: log, info: log, warn: log, error: log, child: () => logger };
  const keeper = new TlsKeeper(certificate, options, { clock, logger, use: (next) => void used.push(next) });
  return { options, clock, timers, fire, certificate, used, said, keeper };
}

it("makes the certificate anew before it ends, while the node runs", async () => {
  const { clock, timers, fire, certificate, used, said, keeper, options } = await keep();
  expect(said[0]).toContain(certificate.fingerprint);
  fire();
  await keeper.reload();
  expect(used).toEqual([]);
  clock.nowMs = certificate.endsAtMs - 20 * 24 * 3_600_000;
  fire();
  await expect.poll(() => used.length).toBe(1);
  expect(used[0]!.endsAtMs).toBeGreaterThan(certificate.endsAtMs);
  expect(keeper.fingerprint).toBe(used[0]!.fingerprint);
  expect(said.at(-1)).toContain(keeper.fingerprint);
  expect(await readFile(options.dataDir.tlsCert, "utf8")).toBe(used[0]!.cert);
  keeper.stop();
  expect(timers.size).toBe(0);
});

it("reads given files when it is told to, and keeps the certificate from before if they are wrong", async () => {
  const [one, other] = [await keep(), await keep()];
  const { tlsCert, tlsKey } = one.options.dataDir;
  const { keeper, used, said, timers } = await keep({ tlsCert, tlsKey });
  await copyFile(other.options.dataDir.tlsCert, tlsCert);
  await keeper.reload();
  expect(said.at(-1)).toMatch(/from before stays in use.*is not that of the certificate/);
  expect(used).toEqual([]);
  await copyFile(other.options.dataDir.tlsKey, tlsKey);
  await keeper.reload();
  expect(used.map(({ fingerprint }) => fingerprint)).toEqual([other.certificate.fingerprint]);
  expect(keeper.fingerprint).toBe(other.certificate.fingerprint);
  await writeFile(tlsCert, "");
  await keeper.reload();
  expect(keeper.fingerprint).toBe(other.certificate.fingerprint);
  expect(timers.size).toBe(0);
});
