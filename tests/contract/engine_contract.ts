/** The Engine port's contract: one suite that every engine passes. */
import type { EngineContract } from "./engine_fixture.ts";
import { deadlineContract } from "./engine_deadlines.ts";
import { fingerprintContract } from "./engine_fingerprints.ts";
import { mutationContract } from "./engine_mutations.ts";
import { schemaContract } from "./engine_schema.ts";
import { sensitivityContract } from "./engine_sensitivity.ts";
import { standInContract } from "./engine_stand_ins.ts";
import { statementContract } from "./engine_statements.ts";
import { streamContract } from "./engine_streams.ts";
import { booksContract } from "./engine_books.ts";
import { togetherContract } from "./engine_together.ts";
import { transactionContract } from "./engine_transactions.ts";
import { typeContract } from "./engine_types.ts";
import { workloadContract } from "./engine_workload.ts";

export function engineContract(contract: EngineContract): void {
  statementContract(contract);
  transactionContract(contract);
  deadlineContract(contract);
  booksContract(contract);
  togetherContract(contract);
  streamContract(contract);
  schemaContract(contract);
  fingerprintContract(contract);
  sensitivityContract(contract);
  mutationContract(contract);
  workloadContract(contract);
  typeContract(contract);
  standInContract(contract);
}
