/** Tables of flags: the one place where a setting's name, kind, default, limits and help are said. */

import type { Address } from "../ports/network.ts";

interface FlagCommon {
  /** One sentence without a period; wrapped in help. */
  readonly help: string;
  /** A single character for `-x`. */
  readonly short?: string;
  /** What stands for the value in help: `HOST:PORT`, `FILE`. A `FILE` or `DIR` completes as one. */
  readonly value?: string;
  /** The heading under which help lists the flag; `Options` unless told. */
  readonly section?: string;
  /** False where the environment may not set it. */
  readonly env?: false;
  readonly required?: true;
}

export interface TextFlag extends FlagCommon {
  readonly kind: "text";
  readonly default?: string;
  readonly pattern?: RegExp;
  /** What the pattern accepts, in words: `1 to 64 letters`. */
  readonly accepts?: string;
}

/** Text that may be given several times. */
export interface TextsFlag extends FlagCommon {
  readonly kind: "texts";
}

export interface IntegerFlag extends FlagCommon {
  readonly kind: "integer";
  readonly default?: number;
  readonly min?: number;
  readonly max?: number;
}

/** `--name` or `--no-name`; false by default. */
export interface BooleanFlag extends FlagCommon {
  readonly kind: "boolean";
  readonly default?: boolean;
}

/** Given as often as one likes: `-v`, `-vvv`. How often, in the configuration. */
export interface CountFlag extends FlagCommon {
  readonly kind: "count";
}

export interface AddressFlag extends FlagCommon {
  readonly kind: "address";
  readonly default?: string;
  /** The port of an address written without one. */
  readonly port?: number;
  /** Whether port 0, any free port, is accepted. */
  readonly anyPort?: true;
}

/** Addresses separated by commas; may be given several times. */
export interface AddressesFlag extends FlagCommon {
  readonly kind: "addresses";
  readonly default?: string;
  readonly port?: number;
}

export interface ChoiceFlag extends FlagCommon {
  readonly kind: "choice";
  readonly values: readonly string[];
  readonly default?: string;
}

/** `300ms`, `5s`, `2m`, `1h`; milliseconds in the configuration. */
export interface DurationFlag extends FlagCommon {
  readonly kind: "duration";
  readonly default?: string;
  readonly min?: string;
  readonly max?: string;
}

/**
 * Text that is never shown. Its value follows `=` (or the short flag directly); given without one,
 * it is asked for at the terminal. `--<name>-file` and `MINISQL_<NAME>_FILE` read it from a file.
 */
export interface SecretFlag extends FlagCommon {
  readonly kind: "secret";
}

export type Flag =
  | TextFlag
  | TextsFlag
  | IntegerFlag
  | BooleanFlag
  | CountFlag
  | AddressFlag
  | AddressesFlag
  | ChoiceFlag
  | DurationFlag
  | SecretFlag;

/** Flags by their long name, in the order in which help lists them. */
export type FlagTable = Readonly<Record<string, Flag>>;

type PlainValueOf<F extends Flag> = F extends ChoiceFlag ? F["values"][number]
  : F extends IntegerFlag | DurationFlag | CountFlag ? number
  : F extends BooleanFlag ? boolean
  : F extends AddressFlag ? Address
  : F extends AddressesFlag ? readonly Address[]
  : F extends TextsFlag ? readonly string[]
  : string;

type AlwaysThere =
  | BooleanFlag
  | CountFlag
  | AddressesFlag
  | TextsFlag
  | { readonly required: true }
  | {
    readonly default: string | number | boolean;
  };

/** A flag that may be left out and has no default is null then. */
export type ValueOf<F extends Flag> = F extends AlwaysThere ? PlainValueOf<F>
  : PlainValueOf<F> | null;

type CamelCase<S extends string> = S extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;

/** The configuration that a table of flags is read into. */
export type ConfigOf<T extends FlagTable> = {
  readonly [N in keyof T & string as CamelCase<N>]: ValueOf<T[N]>;
};

/** `lease-ms` is `leaseMs` in the configuration. */
export function configName(flag: string): string {
  return flag.replace(/-([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase());
}

/** `lease-ms` is `MINISQL_LEASE_MS` in the environment. */
export function variableName(flag: string): string {
  return `MINISQL_${flag.replaceAll("-", "_").toUpperCase()}`;
}

/** What stands for the flag's value in help; empty where it has none. */
export function placeholder(flag: Flag): string {
  if (flag.value !== undefined) return flag.value;
  switch (flag.kind) {
    case "boolean":
    case "count":
      return "";
    case "integer":
      return "N";
    case "address":
      return "HOST:PORT";
    case "addresses":
      return "HOST:PORT,…";
    case "choice":
      return flag.values.join("|");
    case "duration":
      return "TIME";
    case "secret":
      return "SECRET";
    default:
      return "TEXT";
  }
}
