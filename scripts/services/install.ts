/** Installing what private servers need, with Debian's package manager. */
import { findProgram, isFile, output } from "./commands.ts";
import { ServiceError } from "./service_error.ts";
import { JARS } from "./zookeeper_config.ts";

interface Need {
  readonly name: string;
  readonly packages: readonly string[];
  isPresent(): Promise<boolean>;
}

/**
 * The packages of the programs alone. Those that also set up a system service (`mariadb-server`,
 * `zookeeper`) would start a server of their own, and are not needed.
 */
const NEEDS: readonly Need[] = [
  {
    name: "MariaDB",
    packages: ["mariadb-server-core", "mariadb-client-core"],
    isPresent: () => havePrograms("mariadbd", "mariadb-install-db", "mariadb"),
  },
  {
    name: "ZooKeeper",
    packages: ["libzookeeper-java", "libslf4j-java"],
    isPresent: async () => (await Promise.all(JARS.map(isFile))).every(Boolean),
  },
  {
    name: "Java",
    packages: ["default-jre-headless"],
    isPresent: () => havePrograms("java"),
  },
  {
    name: "setpriv and setsid",
    packages: ["util-linux"],
    isPresent: () => havePrograms("setpriv", "setsid"),
  },
];

/** Installs what is missing and says so; does nothing where all is present. */
export async function ensureInstalled(): Promise<void> {
  const present = await Promise.all(NEEDS.map((need) => need.isPresent()));
  const missing = NEEDS.filter((_, index) => !present[index]);
  if (missing.length === 0) return;
  const names = missing.map((need) => need.name).join(", ");
  const packages = missing.flatMap((need) => need.packages);
  console.error(`Installing ${names} (${packages.join(" ")})`);
  const prefix = await isRoot() ? [] : ["sudo"];
  // What is there may be in use: nothing is removed to make room.
  const install = ["install", "--yes", "--no-remove", "--no-install-recommends", ...packages];
  try {
    await runAptGet(prefix, ["update"]);
    await runAptGet(prefix, install);
  } catch (error) {
    const byHand = [...prefix, "apt-get", ...install].join(" ");
    const reason = error instanceof Error ? error.message : String(error);
    throw new ServiceError(`Cannot install ${names}: run \`${byHand}\` by hand\n${reason}`);
  }
}

async function runAptGet(prefix: readonly string[], args: readonly string[]): Promise<void> {
  const command = [
    ...prefix,
    "env",
    "DEBIAN_FRONTEND=noninteractive",
    "apt-get",
    "--quiet",
    // Another run of the package manager is waited for, in seconds.
    "--option=DPkg::Lock::Timeout=300",
    ...args,
  ];
  await output(command[0] as string, command.slice(1));
}

async function havePrograms(...names: readonly string[]): Promise<boolean> {
  return (await Promise.all(names.map(findProgram))).every((path) => path !== null);
}

async function isRoot(): Promise<boolean> {
  return (await output("id", ["-u"])).trim() === "0";
}
