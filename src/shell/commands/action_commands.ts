/** Commands that change the cluster: what they will do is told, and asked about, first. */
import { type Plan, planCancel, planDrain, planMove, planStepDown } from "../cluster/actions.ts";
import { followJob } from "../cluster/follow_job.ts";
import { readRid } from "../cluster/rid.ts";
import { verifyTables } from "../cluster/verify.ts";
import { viewLines } from "../columns.ts";
import type { Shell } from "../shell.ts";
import { ShellError } from "../shell_error.ts";
import type { CommandInput, ShellCommand } from "./command.ts";

export const ACTION_COMMANDS: readonly ShellCommand[] = [
  {
    names: ["\\verify"],
    args: "[TABLE]",
    does: "Have every copy recount its rows, and compare them",
    run: verify,
  },
  {
    names: ["\\move"],
    args: "TABLE [SERVER [SERVER]]",
    does: "Move a copy of a table: to a server, or from one to another",
    run: move,
  },
  {
    names: ["\\drain"],
    args: "SERVER",
    does: "Move everything off a server",
    run: (shell, { args }) => drain(shell, args, false),
  },
  {
    names: ["\\undrain"],
    args: "SERVER",
    does: "Let a server have copies again",
    run: (shell, { args }) => drain(shell, args, true),
  },
  {
    names: ["\\cancel"],
    args: "JOB",
    does: "Take back a job that is under way",
    run: async (shell, { args }) => {
      if (args === "") throw new ShellError("Usage: \\cancel JOB");
      await carryOut(shell, planCancel(shell.client.admin, args));
    },
  },
  {
    names: ["\\stepdown"],
    args: "",
    does: "Have the master hand over to another one",
    run: async (shell) => {
      const plan = await shell.interrupts.during((signal) =>
        planStepDown(shell.client.admin, signal)
      );
      await carryOut(shell, plan);
    },
  },
];

async function verify(shell: Shell, { args }: CommandInput): Promise<void> {
  const { client, port, printer, settings } = shell;
  const { view } = await shell.interrupts.during((signal) =>
    verifyTables(client.admin, port, args === "" ? null : args, signal)
  );
  await printer.lines(viewLines(view), settings.pager);
}

async function move(shell: Shell, { args }: CommandInput): Promise<void> {
  const [table = "", first, second] = args.split(/\s+/);
  if (table === "") throw new ShellError("Usage: \\move TABLE [SERVER [SERVER]]");
  const [from, to] = second === undefined ? [undefined, first] : [first, second];
  const plan = await planMove(shell.client.admin, {
    table,
    from: from === undefined ? null : readRid(from),
    to: to === undefined ? null : readRid(to),
    role: false,
  });
  await carryOut(shell, plan);
}

async function drain(shell: Shell, args: string, undo: boolean): Promise<void> {
  if (args === "") throw new ShellError(`Usage: \\${undo ? "un" : ""}drain SERVER`);
  const rid = readRid(args);
  const plan = await shell.interrupts.during((signal) =>
    planDrain(shell.client.admin, rid, undo, signal)
  );
  await carryOut(shell, plan);
}

/** Tells the plan, asks, gives the order and follows it. Ctrl-C only ends the following. */
async function carryOut(shell: Shell, plan: Plan): Promise<void> {
  const { printer, port, client: { admin } } = shell;
  for (const line of plan.lines) await printer.say(line);
  if (shell.interactive && shell.options.warn) {
    const answer = await shell.ask("Go on? [y/N] ");
    if (!/^y(es)?$/i.test(answer?.trim() ?? "")) return await printer.say("Nothing was done.");
  }
  const { job, says } = await shell.interrupts.during((signal) => plan.order(signal));
  await printer.say(job === null ? `${says}.` : `${says}, as job ${job}.`);
  if (job === null) return;
  try {
    await shell.interrupts.during((signal) => followJob(admin, port, job, signal));
  } catch (error) {
    if (!shell.interrupts.interrupted) throw error;
    return await printer.say(`It goes on; \\jobs tells how far it is, \\cancel ${job} ends it.`);
  }
  await printer.say("Done.");
}
