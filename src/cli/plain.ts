/** Control characters, and those that change the direction of text: a terminal would obey them. */
const control = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Returns the answer of a node with texts that are safe to print: every control character in them becomes U+FFFD. */
export function plain<T>(answer: T): T {
  if (typeof answer === "string") return answer.replace(control, "\uFFFD") as T;
  if (Array.isArray(answer)) return answer.map(plain) as T;
  if (answer === null || typeof answer !== "object") return answer;
  return Object.fromEntries(Object.entries(answer).map(([name, value]) => [name, plain(value)])) as T;
}

/** Returns lines of text that are safe to print. */
export function plainLines(text: string): string {
  return text.replace(control, (character) => (/[\r\n]/.test(character) ? character : "\uFFFD"));
}

/** Returns one line of JSON with the same value, in which control characters are escaped. */
export function jsonLine(value: object): string {
  return JSON.stringify(value).replace(
    control,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
