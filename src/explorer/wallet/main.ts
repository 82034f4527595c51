import { ReceivePage } from "../pages/receive.tsx";
import { WalletPage } from "../pages/wallet.tsx";

/** The pages of the wallet are a script of their own, which uses parts of the page (`shared.ts`). */
const walletPages = { ReceivePage, WalletPage };

declare global {
  interface LaterScripts {
    "wallet.js": typeof walletPages;
  }
}

globalThis.ccoinLater = { ...globalThis.ccoinLater, "wallet.js": walletPages };
