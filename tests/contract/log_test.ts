/** The log on files and in memory. */
import { fileFixture, memoryFixture } from "../support/logs.ts";
import { logCheckpointContract } from "./log_checkpoint_contract.ts";
import { logContract } from "./log_contract.ts";
import { logDamageContract } from "./log_damage_contract.ts";
import { logRecoveryContract } from "./log_recovery_contract.ts";

for (const [name, make] of [["files", fileFixture], ["memory", memoryFixture]] as const) {
  logContract(`Log on ${name}`, make);
  logCheckpointContract(`Log on ${name}`, make);
  logDamageContract(`Log on ${name}`, make);
  logRecoveryContract(`Log on ${name}`, make);
}
