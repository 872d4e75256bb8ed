/** CRC-32 (IEEE), as MySQL's CRC32() computes it, of bytes or of a string's UTF-8 bytes. */
import CRC32 from "crc-32";

/** The checksum as an unsigned 32-bit number. */
export function crc32(data: string | Uint8Array): number {
  // The package reads half of a surrogate pair as something that UTF-8 does not have.
  return (typeof data === "string" ? CRC32.str(data.toWellFormed()) : CRC32.buf(data)) >>> 0;
}

/** The checksum as eight lower-case hexadecimal digits. */
export function crc32Hex(data: string | Uint8Array): string {
  return crc32(data).toString(16).padStart(8, "0");
}
