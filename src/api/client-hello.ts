/** The content type of a TLS record (RFC 8446, 5.1), and the type of a handshake message (4). */
const handshakeRecord = 22;
const clientHello = 1;
const recordHeaderBytes = 5;
const messageHeaderBytes = 4;
/** Browsers send less than 2 KiB, with post-quantum key shares too. */
const maxHelloBytes = 16 * 1024;

/**
 * Tells whether the first bytes of a connection are those of TLS. The last byte of a ClientHello causes the work of a
 * handshake, so it is passed on only in the client's turn. For this the ClientHello must be `complete` in one record,
 * as every client sends it; one in several records is `refused`.
 */
export function helloState(bytes: Buffer): "incomplete" | "complete" | "refused" | "other" {
  if (bytes.length === 0) return "incomplete";
  if (bytes[0] !== handshakeRecord) return "other";
  if (bytes.length < recordHeaderBytes + messageHeaderBytes) return "incomplete";
  const recordBytes = bytes.readUInt16BE(3);
  const messageBytes = messageHeaderBytes + bytes.readUIntBE(recordHeaderBytes + 1, 3);
  if (recordBytes > maxHelloBytes || bytes[recordHeaderBytes] !== clientHello || messageBytes > recordBytes)
    return "refused";
  return bytes.length < recordHeaderBytes + recordBytes ? "incomplete" : "complete";
}
