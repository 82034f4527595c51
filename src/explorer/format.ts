/** Formats numbers, times and names for people. */

/** Formats a whole number, or an amount in base units, as `1,234,567`. */
export function whole(value: number | bigint | string): string {
  return String(typeof value === "number" ? Math.round(value) : value).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/** Formats a number with its significant digits: `0.42`, `12.3`, `1,230`. */
export function rounded(value: number): string {
  const size = Math.abs(value);
  return size < 1000 ? String(Number(value.toPrecision(size < 1 ? 2 : 3))) : whole(value);
}

export function count(value: number, singular: string, plural = `${singular}s`): string {
  return `${whole(value)} ${value === 1 ? singular : plural}`;
}

/** Formats a duration as `420 ms`, `4.2 s`, `12 s`, `3 min`, `5 h` or `12 d`. */
export function duration(ms: number): string {
  const size = Math.abs(ms);
  if (size < 1000) return `${Math.round(ms)} ms`;
  if (size < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  if (size < 99_500) return `${Math.round(ms / 1000)} s`;
  if (size < 5_970_000) return `${Math.round(ms / 60_000)} min`;
  if (size < 172_800_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}

/** Formats how long ago something was, in whole seconds so that the text does not flicker. */
export function age(ms: number): string {
  if (ms < 1000) return "now";
  return `${ms < 99_500 ? `${Math.floor(ms / 1000)} s` : duration(ms)} ago`;
}

/** Formats the share of turns that were not missed, as `98.4 %`: never `100 %` if one was. */
export function uptime(missed: number, turns: number): string {
  if (turns <= 0) return "–";
  const share = Math.max(0, 1 - missed / turns);
  const tenths = Math.floor(share * 1000) / 10;
  return `${tenths === 100 ? 100 : tenths.toFixed(1)} %`;
}

export function byteSize(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  return bytes < 1e6 ? `${rounded(bytes / 1e3)} kB` : `${rounded(bytes / 1e6)} MB`;
}

/** Formats a time as `2 Mar 2027, 14:05:09`. `Intl` would delay the first screen by some 20 ms. */
export function dateTime(ms: number): string {
  const [, month, day, year] = new Date(ms).toDateString().split(" ");
  return `${Number(day)} ${month} ${year}, ${timeOfDay(ms)}`;
}

export function timeOfDay(ms: number): string {
  return new Date(ms).toTimeString().slice(0, 8);
}

/** Shortens a name to `cc1qwert…6789` or `0x12345…cdef`, enough to tell a few of them apart. */
export function short(name: string, head = 8, tail = 5): string {
  return name.length <= head + tail + 1 ? name : `${name.slice(0, head)}…${name.slice(-tail)}`;
}
