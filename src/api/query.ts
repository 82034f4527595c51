/** The highest possible count. */
export const maxCount = Number.MAX_SAFE_INTEGER;

/** Parses decimal digits that are a safe integer. */
export function parseCount(text: string): number | undefined {
  if (!/^(0|[1-9][0-9]{0,15})$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}
