/** `minisql completions SHELL`: a script that teaches a shell the commands and options. */
import { command } from "./command.ts";
import { bashScript } from "./completions_bash.ts";
import { fishScript } from "./completions_fish.ts";
import { zshScript } from "./completions_zsh.ts";
import { EXIT } from "./exit_codes.ts";

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

export const completionsCommand = command({
  name: "completions",
  summary: "Print the script that completes commands and options in a shell",
  group: "Tools",
  positionals: {
    shell: {
      kind: "choice",
      values: ["bash", "zsh", "fish"],
      value: "bash|zsh|fish",
      required: true,
      help: "The shell to complete in",
    },
  },
  flags: {},
  examples: [
    { line: "source <(minisql completions bash)", does: "In ~/.bashrc" },
    { line: 'minisql completions zsh > "${fpath[1]}/_minisql"', does: "Once, for zsh" },
    {
      line: "minisql completions fish > ~/.config/fish/completions/minisql.fish",
      does: "Once, for fish",
    },
  ],
  async run({ shell }, { out, commands }) {
    await out.write(SCRIPTS[shell](commands));
    return EXIT.ok;
  },
});
