import { pino } from "pino";
import { default as pretty } from "pino-pretty";

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
export function createLogger(options: { level: LogLevel; pretty: boolean; colors: boolean }): Logger {
  const destination = options.pretty
    ? pretty({ destination: 2, sync: true, colorize: options.colors, translateTime: "SYS:HH:MM:ss.l" })
    : pino.destination({ fd: 2, sync: true });
  return pino({ level: options.level, base: null }, destination);
}

export const silentLogger: Logger = pino({ level: "silent" });
