import encodeQR from "qr";
import type { Markup } from "../markup.ts";

/** Modules of white around the code, which readers need. */
const margin = 4;

/** The text as a QR code. It is dark on light in every theme, since some cameras read nothing else. */
export function QrCode({ text, label }: { text: string; label: string }): Markup {
  const rows = encodeQR(text, "raw", { ecc: "medium", border: margin });
  const dark = rows.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : [])));
  return (
    <svg class="qr" viewBox={`0 0 ${rows.length} ${rows.length}`} role="img" aria-label={label}>
      <path d={dark.join("")} />
    </svg>
  );
}
