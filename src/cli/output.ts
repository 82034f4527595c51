import { styleText } from "node:util";
import { ClientError } from "../client/bytes.ts";
import type { Client } from "../client/index.ts";
import { commandLine } from "../config/command.ts";
import { inBackground } from "../util/background.ts";
import { type Clock, every, systemClock } from "../util/clock.ts";
import { duration } from "../util/duration.ts";
import { CodedError, messageOf, UserError } from "../util/errors.ts";
import { RateMeter } from "../util/rate-meter.ts";
import { jsonLine, plain } from "./plain.ts";

export const exitCodes = { success: 0, failure: 1, usage: 2 } as const;

/** The command line itself is wrong: exit code 2. */
export class UsageError extends UserError {
  constructor(message: string) {
    super(message, "USAGE");
  }
}

/** Runs checks of options, and adds to their error where the help of the command is. */
export function withHelp<T>(command: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw new UsageError(`${messageOf(error)}: see ${commandLine(`${command} --help`)}`);
  }
}

/** Remedies for errors of the HTTP client, by code. */
const hints: Readonly<Record<string, string>> = {
  UNREACHABLE: `: is the node running? Start it with "${commandLine("start --nodeid=<id>")}", or the development chain with "${commandLine("start")}", or name another with --url`,
  NOT_A_NODE: ": check --url",
  HTTPS_REQUIRED: ", in --url",
  CERTIFICATE:
    ": if it is the node's own, give its fingerprint, which the node prints, by --tls-fingerprint, or its tls-cert.pem by --tls-ca",
};

/** Prints the object as one line of JSON with `json`, else the text. */
export function printResult(json: boolean | undefined, result: object, text: string): void {
  process.stdout.write(`${json ? jsonLine(result) : text}\n`);
}

/** Prints a warning on standard error; the exit code stays 0. */
export function printWarning(json: boolean | undefined, code: string, message: string): void {
  process.stderr.write(
    `${json ? jsonLine({ warning: { code, message } }) : `${styled("yellow", "warning:", process.stderr)} ${plain(message)}`}\n`,
  );
}

/** Prints one line on standard error and returns the exit code. `CCOIN_DEBUG=1` adds the stack. */
export function reportError(error: unknown, json: boolean): number {
  const code = error instanceof CodedError || error instanceof ClientError ? error.code : "INTERNAL";
  const hint = error instanceof ClientError ? (hints[code] ?? "") : "";
  const message = `${messageOf(error)}${hint}`.replace(/\s*\n\s*/g, " ");
  process.stderr.write(
    `${json ? jsonLine({ error: { code, message } }) : `${styled("red", "error:", process.stderr)} ${plain(message)}`}\n`,
  );
  if (process.env["CCOIN_DEBUG"] && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return code === "USAGE" || code === "BAD_OPTIONS" ? exitCodes.usage : exitCodes.failure;
}

/** Formats rows as `name  value` lines whose values are aligned. */
export function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${styled("bold", name.padEnd(width))}  ${value}`).join("\n");
}

/** Styles the text if `stream` is a terminal with colours and NO_COLOR is not set; else returns it unchanged. */
export function styled(
  format: Parameters<typeof styleText>[0],
  text: string,
  stream: NodeJS.WriteStream = process.stdout,
): string {
  return styleText(format, text, { stream });
}

/** Shows progress, rate and remaining time on one line of a terminal, ten times a second at most; else is silent. */
export function progressLine(
  what: string,
  { stream, clock }: { stream: NodeJS.WriteStream; clock: Clock } = {
    stream: process.stderr,
    clock: systemClock,
  },
) {
  let shownAtMs = Number.NEGATIVE_INFINITY;
  const rate = new RateMeter(clock);
  return {
    update(done: number, total: number): void {
      const now = clock.now();
      rate.update(done);
      if (!stream.isTTY || now - shownAtMs < 100) return;
      shownAtMs = now;
      stream.write(`\r\x1b[K${what} ${done} of ${total}${paceText(rate.perSecond, rate.remainingMs(total))}`);
    },
    end(): void {
      if (shownAtMs > 0) stream.write("\r\x1b[K");
    },
  };
}

/** Formats a rate and a remaining time as `, 3400 a second, 26 s left`. */
export function paceText(perSecond: number, remainingMs: number | null | undefined): string {
  const left = typeof remainingMs === "number" ? `, ${duration(remainingMs)} left` : "";
  return perSecond > 0 ? `, ${Number(perSecond.toPrecision(2))} a second${left}` : "";
}

const showEveryMs = 1_000;
/** The width of a terminal that does not report one. */
const usualColumns = 80;

/**
 * Shows on one line of a terminal for how long a command has waited, and what the node says about its chain, until the
 * returned function is called. Silent without a terminal.
 */
export function waitingLine(
  what: string,
  client: Pick<Client, "diagnosis">,
  { stream, clock }: { stream: NodeJS.WriteStream; clock: Clock } = {
    stream: process.stderr,
    clock: systemClock,
  },
): () => void {
  if (!stream.isTTY) return () => undefined;
  const beganAtMs = clock.now();
  let hasEnded = false;
  let isShown = false;
  const show = async () => {
    const summary = await client.diagnosis().then(
      ({ state, summary }) => `${state}: ${summary}`,
      () => "the node does not answer",
    );
    if (hasEnded) return;
    const line = plain(`${what} for ${duration(clock.now() - beganAtMs)}; ${summary}`);
    // A line that wraps could not be rewritten.
    stream.write(`\r\x1b[K${line.slice(0, (stream.columns ?? usualColumns) - 1)}`);
    isShown = true;
  };
  const stop = every(clock, showEveryMs, () => inBackground(show()));
  return () => {
    hasEnded = true;
    stop();
    if (isShown) stream.write("\r\x1b[K");
  };
}
