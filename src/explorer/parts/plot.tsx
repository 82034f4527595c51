import { useState } from "preact/hooks";
import type { Markup } from "../markup.ts";
import type { Sample } from "../shape.ts";

interface PlotProps {
  title: string;
  /** The samples, oldest first. */
  samples: readonly Sample[];
  format(value: number): string;
  kind?: "line" | "bars";
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
export function Plot({ title, samples, format, kind = "line", empty }: PlotProps): Markup {
  const [pointed, setPointed] = useState<number>();
  const index = Math.min(pointed ?? samples.length - 1, samples.length - 1);
  const read = samples[index];
  const top = ceiling(headroom * Math.max(...samples.map(({ value }) => value), 0));
  const onMove = (event: PointerEvent) => {
    const { left, width: shown } = (event.currentTarget as Element).getBoundingClientRect();
    const place = Math.floor(((event.clientX - left) / shown) * samples.length);
    setPointed(Math.max(0, Math.min(place, samples.length - 1)));
  };
  return (
    <figure class="plot">
      <figcaption>
        <span>{title}</span>
        <span>{pointed === undefined ? "" : read?.label}</span>
        <span class="read">{read ? format(read.value) : "–"}</span>
        <span class="axis" aria-hidden="true">
          {read ? format(top) : ""}
        </span>
      </figcaption>
      {samples.length === 0 ? (
        <p class="empty">{empty}</p>
      ) : (
        <div class="canvas" onPointerMove={onMove} onPointerLeave={() => setPointed(undefined)}>
          <svg
            viewBox={`0 0 ${width} ${height}`}
            preserveAspectRatio="none"
            role="img"
            aria-label={summary(title, samples, format)}
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
    .map(({ value }, index) => {
      const size = value === 0 ? 0 : Math.max((value / top) * height, 1);
      return `M${number(index * step + step * 0.12)} ${height}v${number(-size)}h${number(step * 0.76)}V${height}z`;
    })
    .join("");
  return <path class="bars" d={path} />;
}

function line(samples: readonly Sample[], top: number): Markup {
  const points = samples.map(
    ({ value }, index) =>
      `${number(center(index, samples))} ${number(height - margin - (value / top) * (height - 2 * margin))}`,
  );
  const path = `M${points.join("L")}`;
  const [first, last] = [center(0, samples), center(samples.length - 1, samples)];
  return (
    <>
      <path class="area" d={`${path}L${number(last)} ${height}L${number(first)} ${height}z`} />
      <path class="line" d={path} />
    </>
  );
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
