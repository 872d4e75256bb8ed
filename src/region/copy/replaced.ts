/** What a copy that is made right loses and gets, told before it happens. */
import type { TableSchema } from "../../ports/engine.ts";
import type { Row } from "../../protocol/values.ts";

export interface Replaced {
  readonly schema: TableSchema;
  /** Rows that go, with all their columns in the schema's order. */
  readonly before: readonly Row[];
  /** Rows that come in their stead, or were missing among others that were there. */
  readonly after: readonly Row[];
}

/** The rows go once this resolves; a rejection ends the copying. Told again after a failure. */
export type Quarantine = (replaced: Replaced) => Promise<void>;
