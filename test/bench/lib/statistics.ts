/** Returns the value below which `part` of the numbers lie (nearest rank). @throws {RangeError} without numbers */
export function quantile(numbers: Iterable<number>, part: number): number {
  const sorted = Float64Array.from(numbers).sort();
  if (sorted.length === 0) throw new RangeError("a quantile of nothing");
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * part) - 1))]!;
}

export function median(numbers: Iterable<number>): number {
  return quantile(numbers, 0.5);
}

export function mean(numbers: readonly number[]): number {
  if (numbers.length === 0) throw new RangeError("a mean of nothing");
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

/** Fits the exponent b of `cost = a * size^b`: 0 for a constant cost, 1 for one in proportion to the size. */
export function growthExponent(points: readonly { size: number; cost: number }[]): number {
  const logs = points.map(({ size, cost }) => ({ x: Math.log(size), y: Math.log(cost) }));
  const [x, y] = [mean(logs.map((log) => log.x)), mean(logs.map((log) => log.y))];
  const covariance = mean(logs.map((log) => (log.x - x) * (log.y - y)));
  return covariance / mean(logs.map((log) => (log.x - x) ** 2));
}
