import { later } from "../later.ts";
import type { Markup } from "../markup.ts";
import { useLoad } from "../store.ts";
import { Problem } from "./layout.tsx";

/** The text as a QR code. It is dark on light in every theme, since some cameras read nothing else. */
export function QrCode({ text, label }: { text: string; label: string }): Markup {
  const { data: qrRows, error } = useLoad(() => later("qr.js"), "");
  if (!qrRows) return error ? <Problem error={error} /> : <div class="qr" />;
  const rows = qrRows(text);
  const dark = rows.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : [])));
  return (
    <svg class="qr" viewBox={`0 0 ${rows.length} ${rows.length}`} role="img" aria-label={label}>
      <path d={dark.join("")} />
    </svg>
  );
}
