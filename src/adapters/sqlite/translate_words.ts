/** The words of MySQL's SQL that mean something to the parser of rows' statements. */
import { isReserved } from "../../sql/reserved_words.ts";

/** Words that are names elsewhere, but begin a clause where an alias could stand. */
const CLAUSES: ReadonlySet<string> = new Set(["WINDOW", "RETURNING"]);

/** Whether a word, in capitals, cannot be a column or an alias. */
export function isKeyword(upper: string): boolean {
  return isReserved(upper) || CLAUSES.has(upper);
}

/** Functions over groups of rows. */
const AGGREGATES: ReadonlySet<string> = new Set(
  `COUNT SUM AVG MIN MAX GROUP_CONCAT STD STDDEV STDDEV_POP STDDEV_SAMP VARIANCE VAR_POP VAR_SAMP
  BIT_AND BIT_OR BIT_XOR JSON_ARRAYAGG JSON_OBJECTAGG`.split(/\s+/),
);

export function isAggregate(upper: string): boolean {
  return AGGREGATES.has(upper);
}

/** Functions that need a window. */
const WINDOW_ONLY: ReadonlySet<string> = new Set(
  `ROW_NUMBER RANK DENSE_RANK PERCENT_RANK CUME_DIST NTILE LAG LEAD FIRST_VALUE LAST_VALUE
  NTH_VALUE`.split(/\s+/),
);

export function isWindowOnly(upper: string): boolean {
  return WINDOW_ONLY.has(upper);
}

/** Reserved words that are functions all the same, when a parenthesis follows. */
const RESERVED_FUNCTIONS: ReadonlySet<string> = new Set(
  `CHAR CONVERT DATABASE DEFAULT IF INSERT INTERVAL LEFT LOCALTIME LOCALTIMESTAMP CURRENT_DATE
  CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER MOD REPEAT REPLACE RIGHT ROW_NUMBER SCHEMA UTC_DATE
  UTC_TIME UTC_TIMESTAMP VALUES`.split(/\s+/),
);

export function isReservedFunction(upper: string): boolean {
  return RESERVED_FUNCTIONS.has(upper);
}

/** Functions that are called without parentheses too, with the name they have with them. */
export const BARE_FUNCTIONS: Readonly<Record<string, string>> = {
  CURRENT_DATE: "CURDATE",
  CURRENT_TIME: "CURTIME",
  CURRENT_TIMESTAMP: "NOW",
  LOCALTIME: "NOW",
  LOCALTIMESTAMP: "NOW",
  UTC_DATE: "UTC_DATE",
  UTC_TIME: "UTC_TIME",
  UTC_TIMESTAMP: "UTC_TIMESTAMP",
  CURRENT_USER: "CURRENT_USER",
};

/** Names that are functions only where the parenthesis follows at once, as MySQL's lexer has it. */
const CLOSE_CALLED: ReadonlySet<string> = new Set(
  `ADDDATE BIT_AND BIT_OR BIT_XOR CAST COUNT CURDATE CURTIME DATE_ADD DATE_SUB EXTRACT GROUP_CONCAT
  MAX MID MIN NOW POSITION STD STDDEV STDDEV_POP STDDEV_SAMP SUBDATE SUBSTR SUBSTRING SUM SYSDATE
  TRIM VARIANCE VAR_POP VAR_SAMP`.split(/\s+/),
);

export function mustCallClose(upper: string): boolean {
  return CLOSE_CALLED.has(upper);
}
