/** Reads arguments and environment into the configuration that a command's tables declare. */
import { parseArgs } from "node:util";
import { invariant } from "../base/assert.ts";
import { type FlagValue, readFlagValue } from "./flag_values.ts";
import { configName, type Flag, type FlagTable, placeholder, variableName } from "./flags.ts";
import { suggest } from "./suggest.ts";
import { UsageError } from "./usage_error.ts";

/** The world that configuration is read from. */
export interface Environment {
  get(name: string): string | undefined;
  /** Reads a small text file; throws with a message for people. */
  readFile(path: string): string;
}

export interface ReadConfig {
  readonly values: Readonly<Record<string, unknown>>;
  /** Long names of secrets that were asked for by a flag without a value. */
  readonly ask: readonly string[];
  /** Those of secrets whose value is among the arguments, where other users of the machine see it. */
  readonly exposed: readonly string[];
}

type Given = Map<string, FlagValue>;

/** Values by the flags' long names, as they are gathered. */
interface Gathered {
  readonly given: Given;
  readonly ask: Set<string>;
  readonly exposed: Set<string>;
  readonly positionals: string[];
}

export function readConfig(
  tables: { readonly flags: FlagTable; readonly positionals: FlagTable },
  args: readonly string[],
  environment: Environment,
): ReadConfig {
  const gathered = readArguments(tables.flags, args, environment);
  readPositionals(tables.positionals, gathered);
  readVariables(tables.flags, gathered, environment);
  const values: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries(tables.flags)) {
    values[configName(name)] = finalValue(`--${name}`, flag, gathered, name);
  }
  for (const [name, flag] of Object.entries(tables.positionals)) {
    values[configName(name)] = finalValue(placeholder(flag), flag, gathered, name);
  }
  return { values, ask: [...gathered.ask], exposed: [...gathered.exposed] };
}

function readArguments(
  flags: FlagTable,
  args: readonly string[],
  environment: Environment,
): Gathered {
  const gathered: Gathered = {
    given: new Map(),
    ask: new Set(),
    exposed: new Set(),
    positionals: [],
  };
  const { tokens } = parseArgs({
    args: args.map((arg) => expandSecret(flags, arg)),
    options: parseOptions(flags),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === "positional") gathered.positionals.push(token.value);
    if (token.kind === "option") readOption(flags, token, gathered, environment);
  }
  refuseTwoSecrets(flags, new Set(tokens.flatMap((each) => "name" in each ? [each.name] : [])));
  return gathered;
}

function refuseTwoSecrets(flags: FlagTable, used: ReadonlySet<string>): void {
  for (const [name, flag] of Object.entries(flags)) {
    if (flag.kind !== "secret" || !used.has(name) || !used.has(`${name}-file`)) continue;
    throw new UsageError(`Cannot use --${name} and --${name}-file together: give one of them`);
  }
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function parseOptions(flags: FlagTable) {
  const options: Record<string, { type: "string" | "boolean"; short?: string }> = {};
  for (const [name, flag] of Object.entries(flags)) {
    const isBare = ["boolean", "count", "secret"].includes(flag.kind);
    const type = isBare ? "boolean" : "string";
    options[name] = flag.short === undefined ? { type } : { type, short: flag.short };
    if (flag.kind === "secret") options[`${name}-file`] = { type: "string" };
  }
  return options;
}

/** `-psecret` would be read as a row of short flags: it is written out as `--password=secret`. */
function expandSecret(flags: FlagTable, arg: string): string {
  if (!/^-[^-]./.test(arg)) return arg;
  const found = Object.entries(flags).find(([, flag]) =>
    flag.kind === "secret" && flag.short === arg[1]
  );
  return found === undefined ? arg : `--${found[0]}=${arg.slice(2)}`;
}

function readOption(
  flags: FlagTable,
  token: OptionToken,
  { given, ask, exposed }: Gathered,
  environment: Environment,
): void {
  const { name, rawName, value } = token;
  const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
  if (flag === undefined) {
    if (readNegated(flags, token, given)) return;
    if (readSecretFile(flags, token, given, environment)) return;
    throw unknownOption(flags, rawName);
  }
  if (flag.kind === "secret" && value === undefined) {
    ask.add(name);
  } else if (flag.kind === "secret" && value !== undefined) {
    exposed.add(name);
    given.set(name, value);
  } else if (flag.kind === "boolean") {
    given.set(name, value === undefined ? true : valueFrom(rawName, flag, value));
  } else if (flag.kind === "count") {
    const more = value === undefined ? 1 : Number(valueFrom(rawName, flag, value));
    given.set(name, Number(given.get(name) ?? 0) + more);
  } else {
    const isForgotten = value === undefined || token.inlineValue === false && isFlag(flags, value);
    if (isForgotten) throw new UsageError(`Cannot use ${rawName}: it needs ${aValue(flag)}`);
    merge(given, name, valueFrom(rawName, flag, value));
  }
}

/** `--no-x` for a boolean flag `x`. */
function readNegated(flags: FlagTable, token: OptionToken, given: Given): boolean {
  const name = token.name.startsWith("no-") ? token.name.slice(3) : "";
  if (!Object.hasOwn(flags, name) || flags[name]?.kind !== "boolean") return false;
  if (token.value !== undefined) {
    throw new UsageError(`Cannot use ${token.rawName}=${token.value}: it takes no value`);
  }
  given.set(name, false);
  return true;
}

function readSecretFile(
  flags: FlagTable,
  { name, rawName, value }: OptionToken,
  given: Given,
  environment: Environment,
): boolean {
  const secret = name.endsWith("-file") ? name.slice(0, -"-file".length) : "";
  if (!Object.hasOwn(flags, secret) || flags[secret]?.kind !== "secret") return false;
  if (value === undefined) throw new UsageError(`Cannot use ${rawName}: it needs a FILE`);
  given.set(secret, secretFrom(rawName, value, environment));
  return true;
}

function isFlag(flags: FlagTable, text: string): boolean {
  const long = /^--(?:no-)?([^=]+)/.exec(text)?.[1];
  if (long !== undefined) return Object.hasOwn(flags, long);
  return /^-.$/u.test(text) && Object.values(flags).some((flag) => flag.short === text[1]);
}

function unknownOption(flags: FlagTable, rawName: string): UsageError {
  const names = Object.keys(flags).map((name) => `--${name}`);
  const meant = rawName.startsWith("--") ? suggest(rawName, names) : null;
  const hint = meant === null ? "" : `. Did you mean ${meant}?`;
  return new UsageError(`Unknown option ${rawName}${hint}`);
}

function readPositionals(table: FlagTable, { given, positionals }: Gathered): void {
  for (const [name, flag] of Object.entries(table)) {
    const takesAll = flag.kind === "texts" || flag.kind === "addresses";
    for (const text of positionals.splice(0, takesAll ? positionals.length : 1)) {
      merge(given, name, valueFrom(placeholder(flag), flag, text));
    }
  }
  const extra = positionals[0];
  if (extra !== undefined) throw new UsageError(`Unexpected argument "${extra}"`);
}

/** The environment gives defaults: what the command line says comes first. */
function readVariables(flags: FlagTable, gathered: Gathered, environment: Environment): void {
  for (const [name, flag] of Object.entries(flags)) {
    if (flag.env === false) continue;
    const variable = variableName(name);
    const value = settingOf(variable, environment);
    const file = flag.kind === "secret" ? settingOf(`${variable}_FILE`, environment) : undefined;
    if (value !== undefined && file !== undefined) {
      throw new UsageError(`Cannot use ${variable} and ${variable}_FILE together: set one of them`);
    }
    if (gathered.given.has(name) || gathered.ask.has(name)) continue;
    if (value !== undefined) gathered.given.set(name, valueFrom(variable, flag, value));
    if (file !== undefined) {
      gathered.given.set(name, secretFrom(`${variable}_FILE`, file, environment));
    }
  }
}

/** An empty variable counts as absent: container tools pass on what was never set that way. */
function settingOf(variable: string, environment: Environment): string | undefined {
  const value = environment.get(variable);
  return value === "" ? undefined : value;
}

function secretFrom(source: string, path: string, environment: Environment): string {
  try {
    return environment.readFile(path).replace(/\r?\n$/, "");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`Cannot use ${source}="${path}": ${reason}`);
  }
}

function valueFrom(source: string, flag: Flag, text: string): FlagValue {
  const reading = readFlagValue(flag, text);
  if (reading.ok) return reading.value;
  throw new UsageError(`Cannot use ${source}="${text}": it must be ${reading.accepts}`);
}

function merge(given: Given, name: string, value: FlagValue): void {
  const before = given.get(name);
  const isList = Array.isArray(before) && Array.isArray(value);
  given.set(name, isList ? [...before, ...value] as FlagValue : value);
}

function finalValue(source: string, flag: Flag, { given, ask }: Gathered, name: string): unknown {
  const value = given.get(name);
  if (value !== undefined) return value;
  if ("default" in flag && flag.default !== undefined) return defaultValue(name, flag);
  if (flag.required === true && !ask.has(name)) {
    const variable = source.startsWith("--") && flag.env !== false
      ? ` or ${variableName(name)}`
      : "";
    throw new UsageError(`Missing ${source}${variable}: ${flag.help}`);
  }
  if (flag.kind === "boolean") return false;
  if (flag.kind === "count") return 0;
  return flag.kind === "texts" || flag.kind === "addresses" ? [] : null;
}

function defaultValue(name: string, flag: Flag & { readonly default?: unknown }): unknown {
  const reading = readFlagValue(flag, String(flag.default));
  invariant(reading.ok, `The default of --${name} is not what it accepts: ${flag.default}`);
  return reading.value;
}

function aValue(flag: Flag): string {
  const value = placeholder(flag);
  return /^[AEIO]/.test(value) ? `an ${value}` : `a ${value}`;
}
