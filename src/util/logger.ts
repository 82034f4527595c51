import { pino } from "pino";

/** The part of pino's interface that the node uses: fields first, then the message. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Logger;
}

export type LogLevel = "silent" | "error" | "warn" | "info" | "debug";

/**
 * Logs one JSON object per line, or text if `pretty`, always to standard error: standard output is for results only.
 */
export async function createLogger(options: {
  level: LogLevel;
  pretty: boolean;
  colors: boolean;
}): Promise<Logger> {
  const { level, pretty, colors } = options;
  // These are some thirty modules, loaded only if a person reads the log.
  const { default: prettyStream } = pretty ? await import("pino-pretty") : { default: undefined };
  const destination = prettyStream
    ? prettyStream({ destination: 2, sync: true, colorize: colors, translateTime: "SYS:HH:MM:ss.l" })
    : pino.destination({ fd: 2, sync: true });
  const logger: Logger = pino({ level, base: null }, destination);
  return logger;
}

export const silentLogger: Logger = pino({ level: "silent" });
