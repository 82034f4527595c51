import encodeQR from "qr";

/** The rows of a QR code, true for dark modules, with its margin: a script of its own, since few visitors need it. */
function qrRows(text: string): boolean[][] {
  return encodeQR(text, "raw", { ecc: "medium", border: 4 });
}

declare global {
  interface LaterScripts {
    "qr.js": typeof qrRows;
  }
}

globalThis.ccoinLater = { ...globalThis.ccoinLater, "qr.js": qrRows };
