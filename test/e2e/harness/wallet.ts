import type { Signer } from "../../../src/accounts/index.ts";
import { decodeAddress } from "../../../src/crypto/address.ts";
import { computeDomain } from "../../../src/types/index.ts";
import { fromHex, type Hex, toHex } from "../../../src/util/bytes.ts";
import { transactionRecord } from "../../transaction-record.ts";

/** A signed transfer in the form of `POST /v1/transactions`. */
export interface Transfer {
  id: Hex;
  body: Record<string, unknown>;
}

/** An account of the test that counts its own nonces. */
export class Wallet {
  readonly signer: Signer;
  readonly #domain: Uint8Array;
  #nonce = 0;

  constructor(signer: Signer, genesisId: string) {
    this.signer = signer;
    this.#domain = computeDomain("transaction", fromHex(genesisId));
  }

  get address(): string {
    return this.signer.address;
  }

  /** Takes back the last nonce, because its transfer was never accepted. */
  forget(): void {
    this.#nonce--;
  }

  async transfer(to: string, amount: bigint, fee = 0n): Promise<Transfer> {
    const nonce = this.#nonce++;
    const message = {
      from: this.signer.publicKey,
      to: decodeAddress(to),
      amount,
      fee,
      nonce,
      validUntil: 0,
      memo: new Uint8Array(),
    };
    const unsigned = transactionRecord({ message, signature: new Uint8Array(64) }, this.#domain);
    const signature = await this.signer.sign(unsigned.signingRoot);
    return {
      id: transactionRecord({ message, signature }, this.#domain).idHex,
      body: {
        from: this.address,
        to,
        amount: amount.toString(),
        fee: fee.toString(),
        nonce,
        signature: toHex(signature),
      },
    };
  }
}
