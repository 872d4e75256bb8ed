/** MD5 as MySQL's MD5() gives it, of bytes or of a string's UTF-8 bytes. */
import { createHash } from "node:crypto";

/** 32 lower-case hexadecimal digits. Given several parts, the digest of them put together. */
export function md5Hex(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("md5");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}
