import { ownTlsCertificate, readTlsCertificate, type TlsCertificate } from "../accounts/index.ts";
import type { NodeOptions } from "../config/index.ts";
import { inBackground } from "../util/background.ts";
import { type Clock, every } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { certificateNames } from "./http-names.ts";

const lookEveryMs = 3_600_000;

type TlsOptions = Pick<NodeOptions, "tls" | "tlsCert" | "tlsKey" | "dataDir" | "httpHost" | "allowHosts">;

/** The certificate that the options ask for, if they ask for HTTPS. @throws {UserError} `BAD_TLS_FILES` */
export async function tlsCertificate(
  options: TlsOptions,
  nowMs: number,
): Promise<TlsCertificate | undefined> {
  const { tls, tlsCert: cert, tlsKey: key, dataDir } = options;
  if (!tls) return undefined;
  if (cert !== undefined && key !== undefined) return readTlsCertificate({ cert, key });
  const files = { cert: dataDir.tlsCert, key: dataDir.tlsKey };
  return ownTlsCertificate(files, certificateNames(options), nowMs);
}

interface Parts {
  clock: Clock;
  logger: Logger;
  /** Uses the certificate for new connections. */
  use(certificate: TlsCertificate): void;
}

/** Keeps the certificate of a running node: renews its own before it ends, reads given files anew on `reload`. */
export class TlsKeeper {
  readonly #options: TlsOptions;
  readonly #parts: Parts;
  readonly #stop: () => void;
  #certificate: TlsCertificate;

  constructor(certificate: TlsCertificate, options: TlsOptions, parts: Parts) {
    this.#certificate = certificate;
    this.#options = options;
    this.#parts = parts;
    this.#say("HTTPS by this certificate");
    const isOwn = options.tlsCert === undefined;
    this.#stop = isOwn ? every(parts.clock, lookEveryMs, () => inBackground(this.reload())) : () => undefined;
  }

  get fingerprint(): string {
    return this.#certificate.fingerprint;
  }

  /** Takes the certificate anew. If that fails, the one from before stays in use. Never rejects. */
  async reload(): Promise<void> {
    const { clock, logger, use } = this.#parts;
    try {
      const certificate = (await tlsCertificate(this.#options, clock.now()))!;
      if (certificate.fingerprint === this.fingerprint) return;
      use(certificate);
      this.#certificate = certificate;
      this.#say("HTTPS by another certificate from now on");
    } catch (error) {
      logger.error({ error: messageOf(error) }, "the HTTPS certificate from before stays in use");
    }
  }

  stop(): void {
    this.#stop();
  }

  #say(message: string): void {
    const { clock, logger } = this.#parts;
    const { fingerprint, endsAtMs } = this.#certificate;
    const fields = { fingerprint, until: new Date(endsAtMs).toISOString() };
    if (endsAtMs <= clock.now()) logger.warn(fields, `${message}, which has ended`);
    else logger.info(fields, message);
  }
}
