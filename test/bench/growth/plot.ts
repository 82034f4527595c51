import type { AxisResult } from "./axis.ts";

const panel = { width: 380, height: 300, left: 52, right: 12, top: 34, bottom: 92 };
const colours = ["#1f6feb", "#d1242f", "#1a7f37", "#9a6700"];
const columns = 2;

/** Draws each axis as a panel with logarithmic scales: the cost at each size relative to that at the smallest. */
export function growthPlot(results: readonly AxisResult[]): string {
  const width = columns * panel.width;
  const height = Math.ceil(results.length / columns) * panel.height;
  const panels = results.map((result, index) => {
    const [x, y] = [(index % columns) * panel.width, Math.floor(index / columns) * panel.height];
    return `<g transform="translate(${x} ${y})">${drawPanel(result)}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">
<title>How costs grow</title>
<rect width="${width}" height="${height}" fill="#fff"/>
${panels.join("\n")}
</svg>
`;
}

function drawPanel({ axis, points }: AxisResult): string {
  const first = points[0]!;
  const last = points.at(-1)!;
  const lines = Object.entries(axis.costs).map(([key, cost], index) => ({
    label: `${cost.name} (${cost.unit})`,
    colour: colours[index % colours.length]!,
    ratios: points.map(({ size, values }) => ({ size, ratio: values[key]! / first.values[key]! })),
  }));
  const decades = Math.log10(last.size / first.size);
  const ratios = lines.flatMap((line) => line.ratios.map(({ ratio }) => Math.log10(ratio)));
  const lowest = Math.min(-0.5, ...ratios);
  const highest = Math.max(decades, ...ratios);
  const right = panel.width - panel.right;
  const bottom = panel.height - panel.bottom;
  const x = (size: number) =>
    round(panel.left + (Math.log10(size / first.size) / decades) * (right - panel.left));
  const y = (ratio: number) =>
    round(bottom - ((Math.log10(ratio) - lowest) / (highest - lowest)) * (bottom - panel.top));
  const powers = range(Math.ceil(lowest), Math.floor(highest)).map((power) => 10 ** power);
  return [
    `<text x="${panel.left}" y="18" font-size="13" font-weight="bold">${axis.name}</text>`,
    ...powers.map(
      (ratio) =>
        `<path d="M${panel.left} ${y(ratio)}H${right}" stroke="#ddd"/><text x="${panel.left - 6}" y="${y(ratio) + 4}" text-anchor="end">x${ratio}</text>`,
    ),
    ...points.map(
      ({ size }) =>
        `<text x="${x(size)}" y="${bottom + 16}" text-anchor="middle">${size.toLocaleString("en")}</text>`,
    ),
    // The line of a cost proportional to the size.
    `<path d="M${x(first.size)} ${y(1)}L${x(last.size)} ${y(last.size / first.size)}" stroke="#999" stroke-dasharray="4 4"/>`,
    ...lines.map(({ label, colour, ratios: line }, index) => {
      const path = line.map(({ size, ratio }) => `${x(size)} ${y(ratio)}`).join("L");
      const at = bottom + 34 + index * 14;
      return `<path d="M${path}" fill="none" stroke="${colour}" stroke-width="2"/><text x="${panel.left}" y="${at}" fill="${colour}">${label}</text>`;
    }),
  ].join("\n");
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
