import { useState } from "preact/hooks";
import type { Markup } from "../markup.ts";
import type { Sample } from "../shape.ts";

interface PlotProps {
  title: string;
  /** The samples, oldest first; NaN where nothing could be measured. */
  samples: readonly Sample[];
  format(value: number): string;
  kind?: "line" | "bars";
  /** True if the last sample is that of a halt that has not ended. */
  isHalt?: boolean;
  /** Text that replaces a plot without samples. */
  empty: string;
}

/** Factor above the highest sample, so that a steady value does not fill the plot. */
const headroom = 1.05;
const width = 300;
const height = 80;
/** Pixels of margin, so that lines at the top and at 0 are not cut. */
const margin = 1;

/** A small plot that starts at 0; pointing at it shows a value. */
export function Plot({ title, samples, format, kind = "line", isHalt, empty }: PlotProps): Markup {
  const [pointed, setPointed] = useState<number>();
  const index = Math.min(pointed ?? samples.length - 1, samples.length - 1);
  const read = samples[index];
  const known = samples.filter(isKnown);
  const top = ceiling(headroom * Math.max(...known.map(({ value }) => value), 0));
  const onMove = (event: PointerEvent) => {
    const { left, width: shown } = (event.currentTarget as Element).getBoundingClientRect();
    const place = Math.floor(((event.clientX - left) / shown) * samples.length);
    setPointed(Math.max(0, Math.min(place, samples.length - 1)));
  };
  return (
    <figure class="plot">
      <figcaption>
        <span>{title}</span>
        <span class={isHalt ? "bad" : ""}>
          {pointed !== undefined ? read?.label : isHalt ? "halted" : ""}
        </span>
        <span class="read">{read && isKnown(read) ? format(read.value) : "–"}</span>
        <span class="axis" aria-hidden="true">
          {read ? format(top) : ""}
        </span>
      </figcaption>
      {known.length === 0 ? (
        <p class="empty">{empty}</p>
      ) : (
        <div class="canvas" onPointerMove={onMove} onPointerLeave={() => setPointed(undefined)}>
          <svg
            viewBox={`0 0 ${width} ${height}`}
            preserveAspectRatio="none"
            role="img"
            aria-label={summary(title, known, format)}
          >
            <line class="grid" x1="0" x2={width} y1="0.5" y2="0.5" />
            <line class="grid" x1="0" x2={width} y1={height / 2} y2={height / 2} />
            {kind === "bars" ? bars(samples, top) : line(samples, top)}
            {pointed === undefined ? null : (
              <line class="rule" x1={center(index, samples)} x2={center(index, samples)} y1="0" y2={height} />
            )}
          </svg>
        </div>
      )}
    </figure>
  );
}

function summary(title: string, samples: readonly Sample[], format: (value: number) => string): string {
  const values = samples.map(({ value }) => value);
  const [min, max, now] = [Math.min(...values), Math.max(...values), values.at(-1)!].map(format);
  return `${title}: ${now} now, between ${min} and ${max} in the last ${samples.length}`;
}

function bars(samples: readonly Sample[], top: number): Markup {
  const step = width / samples.length;
  const path = samples
    .map((sample, index) => {
      if (!isKnown(sample)) return "";
      const { value } = sample;
      const size = value === 0 ? 0 : Math.max((value / top) * height, 1);
      return `M${number(index * step + step * 0.12)} ${height}v${number(-size)}h${number(step * 0.76)}V${height}z`;
    })
    .join("");
  return <path class="bars" d={path} />;
}

interface Point {
  x: string;
  y: string;
}

function line(samples: readonly Sample[], top: number): Markup {
  const runs: Point[][] = [];
  for (const [index, sample] of samples.entries()) {
    if (!isKnown(sample)) continue;
    if (index === 0 || !isKnown(samples[index - 1]!)) runs.push([]);
    const y = number(height - margin - (sample.value / top) * (height - 2 * margin));
    runs.at(-1)!.push({ x: number(center(index, samples)), y });
  }
  // A point without neighbours is drawn as a short line.
  const path = (run: readonly Point[]) =>
    `M${run.map(({ x, y }) => `${x} ${y}`).join("L")}${run.length === 1 ? "h2" : ""}`;
  const area = (run: readonly Point[]) => `${path(run)}L${run.at(-1)!.x} ${height}L${run[0]!.x} ${height}z`;
  return (
    <>
      <path class="area" d={runs.map(area).join("")} />
      <path class="line" d={runs.map(path).join("")} />
    </>
  );
}

function isKnown({ value }: Sample): boolean {
  return !Number.isNaN(value);
}

function center(index: number, samples: readonly Sample[]): number {
  return ((index + 0.5) * width) / samples.length;
}

/** Rounds up to the next of 1, 2, 5, 10, 20, … */
function ceiling(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((factor) => factor * power >= value) ?? 10) * power;
}

function number(value: number): string {
  return value.toFixed(2);
}
