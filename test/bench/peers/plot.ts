import { type Compared, middle, type Row, rows, shown } from "./table.ts";

const panel = { width: 380, left: 130, right: 70, top: 30, bottom: 16 };
const bar = { height: 16, gap: 6 };
const colours = { first: "#1f6feb", others: "#8c959f" };
const columns = 2;

/** Draws each measurement as a panel with a bar for each program; the first program, ccoin, stands out. */
export function comparisonPlot(programs: readonly Compared[]): string {
  const drawn = rows.filter((row) => programs.filter((each) => middle(each, row) !== undefined).length > 1);
  const panelHeight = panel.top + programs.length * (bar.height + bar.gap) + panel.bottom;
  const width = columns * panel.width;
  const height = Math.ceil(drawn.length / columns) * panelHeight;
  const panels = drawn.map((row, index) => {
    const [x, y] = [(index % columns) * panel.width, Math.floor(index / columns) * panelHeight];
    return `<g transform="translate(${x} ${y})">${drawPanel(row, programs)}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">
<title>ccoin and others</title>
<rect width="${width}" height="${height}" fill="#fff"/>
${panels.join("\n")}
</svg>
`;
}

function drawPanel(row: Row, programs: readonly Compared[]): string {
  const values = programs.map((each) => middle(each, row));
  const greatest = Math.max(...values.map((value) => value ?? 0));
  const longest = panel.width - panel.left - panel.right;
  const better = row.moreIsBetter ? "more is better" : "less is better";
  return [
    `<text x="12" y="18" font-size="13" font-weight="bold">${row.name}</text>`,
    `<text x="${panel.width - 12}" y="18" text-anchor="end" fill="#59636e">${row.unit}, ${better}</text>`,
    ...programs.flatMap(({ name }, index) => {
      const y = panel.top + index * (bar.height + bar.gap);
      const value = values[index];
      const label = `<text x="${panel.left - 8}" y="${y + 12}" text-anchor="end">${name}</text>`;
      const long = value === undefined ? 0 : Math.round((value / greatest) * longest);
      const colour = index === 0 ? colours.first : colours.others;
      const text = value === undefined ? "–" : shown(value);
      return [
        label,
        `<rect x="${panel.left}" y="${y}" width="${long}" height="${bar.height}" fill="${colour}"/>`,
        `<text x="${panel.left + long + 6}" y="${y + 12}">${text}</text>`,
      ];
    }),
  ].join("\n");
}
