/** What clients ask of tables, and what an answer stands on. */
import type { Receipt } from "../protocol/calls/region.ts";
import type { ReadQuestion } from "./region_history.ts";

/** What an answer says of one of its regions, as if it had been read alone. */
export function partOf(receipt: Receipt | null, region: string): Receipt | null {
  if (receipt === null || receipt.region === region) return receipt;
  const other = receipt.also?.find((each) => each.region === region);
  if (other === undefined) return null;
  const { rid, agree, dissent } = other.gathered ?? receipt;
  return { ...receipt, ...{ region, epoch: other.epoch, seq: other.seq, rid, agree, dissent } };
}

export function questionSql(what: ReadQuestion): string {
  switch (what.kind) {
    case "register":
      return `SELECT n FROM reg WHERE id = ${what.id}`;
    case "list":
      return `SELECT v FROM lst WHERE id = ${what.id}`;
    case "bank":
      return `SELECT SUM(n) FROM reg WHERE id > 20`;
    case "tokens":
      return "SELECT COUNT(*) FROM tok";
  }
}
