const quote = 0x22;
const comma = 0x2c;
const openBracket = 0x5b;
const backslash = 0x5c;
const openBrace = 0x7b;

/**
 * The number of values in a JSON text, names aside, without parsing it; no more than `most` and one are counted. A
 * value that is nested in others, or that the text breaks off after, counts, too: parsing makes no more of them.
 */
export function countValues(json: Uint8Array, most: number): number {
  let count = 1;
  for (let at = 0; at < json.length && count <= most; at++) {
    const byte = json[at];
    if (byte === quote) at = endOfString(json, at);
    else if (byte === comma || byte === openBracket || byte === openBrace) count++;
  }
  return count;
}

/** The index of the quote that ends the string that begins at `from`. */
function endOfString(json: Uint8Array, from: number): number {
  let at = from + 1;
  while (at < json.length && json[at] !== quote) at += json[at] === backslash ? 2 : 1;
  return at;
}
