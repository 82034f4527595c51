import { pino } from "pino";
import { LogFile } from "./log-file.ts";
import { type LogOutput, standardErrorOutput } from "./log-output.ts";

/** The part of pino's interface that the node uses: fields first, then the message. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Logger;
}

export type LogLevel = "silent" | "error" | "warn" | "info" | "debug";
export const logFormats = ["json", "text"] as const;
export type LogFormat = (typeof logFormats)[number];

/** A logger and what it writes to. */
export interface Log {
  logger: Logger;
  /** The file that takes the lines, if it is not standard error. */
  file: LogFile | undefined;
}

const warnLevel = 40;

/**
 * Logs one JSON object, or readable text, per line: to the file, or to standard error, since standard output is for
 * results only. Logging never stops the node: lines that cannot be written are dropped, and a later line counts them.
 * @throws if the file cannot be written
 */
export async function createLog(options: {
  level: LogLevel;
  format: LogFormat;
  colors: boolean;
  file?: string | undefined;
}): Promise<Log> {
  const { level, colors } = options;
  const format = options.format === "text" ? await textFormat(colors) : (line: string) => line;
  const lostLines = (lines: number, reason: string) =>
    format(
      `${JSON.stringify({ level: warnLevel, time: Date.now(), lines, reason, msg: "LOG LINES WERE LOST" })}\n`,
    );
  const file = options.file === undefined ? undefined : await LogFile.open(options.file, lostLines);
  const output: LogOutput = file ?? standardErrorOutput(lostLines);
  const logger: Logger = pino({ level, base: null }, { write: (line: string) => output.write(format(line)) });
  return { logger, file };
}

/** Loaded on demand: the text format needs some thirty modules. */
async function textFormat(colors: boolean): Promise<(line: string) => string> {
  // In the bundle, a CommonJS module has only a default export.
  const { default: pretty } = await import("pino-pretty");
  return pretty.prettyFactory({ colorize: colors, translateTime: "SYS:HH:MM:ss.l" });
}

export const silentLogger: Logger = pino({ level: "silent" });
