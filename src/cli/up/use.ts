/** What a cluster is for once it runs: a shell with `\demo`, or to be there until it is to end. */
import { SystemRandom } from "../../adapters/system_random.ts";
import { TcpNetwork } from "../../adapters/tcp_network.ts";
import { invariant } from "../../base/assert.ts";
import type { Client } from "../../client/api.ts";
import { connect } from "../../client/connect.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ShellCommand } from "../../shell/commands/command.ts";
import { DEFAULT_OPTIONS } from "../../shell/options.ts";
import { runShell } from "../../shell/run_shell.ts";
import { buildInfo } from "../build_info.ts";
import type { CommandContext } from "../command.ts";
import { formatAddress } from "../../cluster/address.ts";
import { realShellPort } from "../shell_port.ts";
import { Demo, DEMO_ARGS, DEMO_DOES } from "./demo/demo.ts";
import type { EmbeddedCluster } from "./embedded_cluster.ts";
import { loadShop } from "./sample_shop.ts";
import { self } from "./self.ts";

export interface Use {
  readonly context: CommandContext;
  readonly clock: Clock;
  readonly hasShell: boolean;
  readonly sample: "none" | "shop";
  /** Told once the cluster can be used, tables to play with included. */
  readonly ready: () => Promise<void>;
}

const GREETING: readonly string[] = [
  "",
  "SQL ends with ;  \\? lists commands, \\demo shows what happens when a server dies or lies.",
  "exit or Ctrl-D leaves the shell and ends the cluster.",
];

/** Resolves when whoever uses the cluster has had enough of it. */
export async function useCluster(cluster: EmbeddedCluster, use: Use): Promise<void> {
  const { context, clock, hasShell, sample, ready } = use;
  const { out, process } = context;
  const client = connect({ clock, random: new SystemRandom(), network: new TcpNetwork() }, {
    masters: cluster.masterAddresses,
    cluster: cluster.options.cluster,
    name: "minisql up",
  });
  try {
    if (sample === "shop") {
      await loadShop(client);
      await out.line("The sample shop is open: tables customers, products and orders.");
    }
    for (const line of waysIn(cluster, context)) await out.line(line);
    await ready();
    if (!process.stop.aborted) {
      if (hasShell) await openShell(cluster, client, use);
      else await process.stopped();
    }
  } finally {
    await client.close();
  }
}

/** Lines to copy, for another terminal. */
function waysIn(cluster: EmbeddedCluster, { environment }: CommandContext): readonly string[] {
  const { name } = self(environment);
  const [first] = cluster.masterAddresses;
  const isUsual = cluster.masterAddresses.length === 1 && cluster.options.portOffset === 0;
  const masters = cluster.masterAddresses.map(formatAddress).join(",");
  const flag = isUsual || first === undefined ? "" : ` --masters ${masters}`;
  return ["In another terminal:", `  ${name} shell${flag}`, `  ${name} status --watch 2s${flag}`];
}

/** A shell of this process, in which the cluster can be hurt. */
async function openShell(
  cluster: EmbeddedCluster,
  client: Client,
  { context, clock }: Use,
): Promise<void> {
  const [first] = cluster.masterAddresses;
  invariant(first !== undefined, "there is a master");
  const demo = new Demo({ cluster, client, clock });
  try {
    await runShell(client, realShellPort(context), {
      ...DEFAULT_OPTIONS,
      version: buildInfo().version,
      connection: {
        ...{ user: null, host: first.host, port: first.port, cluster: cluster.options.cluster },
        masters: cluster.masterAddresses,
      },
      commands: [demoCommand(demo)],
      greeting: GREETING,
    });
  } catch (error) {
    // That the process is to end is no fault of the shell.
    if (!context.process.stop.aborted) throw error;
  } finally {
    await demo.close();
  }
}

function demoCommand(demo: Demo): ShellCommand {
  return {
    names: ["\\demo"],
    args: DEMO_ARGS,
    does: DEMO_DOES,
    run: async (shell, { args }) => {
      const say = (line: string) => shell.printer.say(line);
      await shell.interrupts.during((signal) => demo.run(args, say, signal));
    },
  };
}
