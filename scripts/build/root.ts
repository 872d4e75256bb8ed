/** Where the repository is, and where a build keeps what it may use again. */
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Bundles, compressed runtimes and notes on what was built. May be deleted at any time. */
export const BUILD_FOLDER = `${ROOT}.build`;
