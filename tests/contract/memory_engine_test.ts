/** The Engine contract on the small engine of the simulator, as far as its SQL goes. */
import { MemoryDatabase } from "../../src/adapters/memory_engine/database.ts";
import { MemoryEngine } from "../../src/adapters/memory_engine/engine.ts";
import { SystemClock } from "../../src/adapters/system_clock.ts";
import { SystemRandom } from "../../src/adapters/system_random.ts";
import type { EngineContract } from "./engine_fixture.ts";
import { fingerprintContract } from "./engine_fingerprints.ts";
import { lookupContract } from "./engine_lookups.ts";
import { sensitivityContract } from "./engine_sensitivity.ts";
import { standInVisibility } from "./engine_stand_ins.ts";
import { booksContract } from "./engine_books.ts";
import { togetherContract } from "./engine_together.ts";
import { transactionContract } from "./engine_transactions.ts";
import { workloadContract } from "./engine_workload.ts";

const CONTRACT: EngineContract = {
  name: "MemoryEngine",
  can: { slowSql: null, rowLocks: false, refusedTypes: [] },
  open() {
    const database = new MemoryDatabase({ clock: new SystemClock(), random: new SystemRandom() });
    const engine = new MemoryEngine(database);
    return Promise.resolve({ engine, close: () => engine.close() });
  },
};

transactionContract(CONTRACT);
booksContract(CONTRACT);
togetherContract(CONTRACT);
lookupContract(CONTRACT);
fingerprintContract(CONTRACT);
sensitivityContract(CONTRACT);
workloadContract(CONTRACT);
standInVisibility(CONTRACT);
