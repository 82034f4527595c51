import { InvalidArgumentError } from "commander";

/** The first and the last millisecond of what a text names, since the Unix epoch. */
export interface Span {
  first: number;
  last: number;
}

/**
 * A year, a month, a day, or a time of ISO 8601: `2026`, `2026-03`, `2026-03-31`, `2026-03-31T18:00`. The time zone is
 * this machine's, unless a time names another one. @throws {InvalidArgumentError}
 */
export function spanArgument(text: string): Span {
  const span = dateSpan(text) ?? timeSpan(text);
  if (span) return span;
  throw new InvalidArgumentError(
    "must be a date or a time, such as 2026-03, 2026-03-31 or 2026-03-31T18:00:00Z",
  );
}

function dateSpan(text: string): Span | undefined {
  const parts = /^([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?$/.exec(text);
  if (!parts) return undefined;
  const [year, month, day] = parts.slice(1).map((part) => (part === undefined ? undefined : Number(part)));
  const first = new Date(year!, (month ?? 1) - 1, day ?? 1);
  const isReal = first.getMonth() === (month ?? 1) - 1 && first.getDate() === (day ?? 1);
  if (!isReal || first.getTime() < 0) return undefined;
  const end = new Date(first);
  if (day !== undefined) end.setDate(day + 1);
  else if (month !== undefined) end.setMonth(month);
  else end.setFullYear(year! + 1);
  return { first: first.getTime(), last: end.getTime() - 1 };
}

function timeSpan(text: string): Span | undefined {
  if (
    !/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?$/.test(
      text,
    )
  )
    return undefined;
  const time = Date.parse(text);
  return time >= 0 ? { first: time, last: time } : undefined;
}
