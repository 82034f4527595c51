import { pino } from "pino";

/** The part of pino that the node uses: fields first, then the message. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Logger;
}

export type LogLevel = "silent" | "error" | "warn" | "info" | "debug";

/** One JSON object a line, or text where `pretty`; always on standard error, so that results stay alone on standard output. */
export async function createLogger(options: {
  level: LogLevel;
  pretty: boolean;
  colors: boolean;
}): Promise<Logger> {
  const { level, pretty, colors } = options;
  // Some thirty modules, loaded only where somebody reads along.
  const { default: prettyStream } = pretty ? await import("pino-pretty") : { default: undefined };
  const destination = prettyStream
    ? prettyStream({ destination: 2, sync: true, colorize: colors, translateTime: "SYS:HH:MM:ss.l" })
    : pino.destination({ fd: 2, sync: true });
  const logger: Logger = pino({ level, base: null }, destination);
  return logger;
}

export const silentLogger: Logger = pino({ level: "silent" });
