/** Masks secrets before anything is written down: by the name of a field, and inside text. */

export const MASK = "***";

const SECRET_NAME = /pass(?:word|wd|phrase)|secret|token|credential|authorization|api_?key/i;

/** Whether a field of this name holds a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** A quoted SQL string, or what is left of one that was cut. */
const QUOTED = String.raw`'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)|"(?:[^"\\]|\\[\s\S]|"")*(?:"|$)`;
/** White space and comments, as they may stand between two words of SQL. */
const GAP = String.raw`(?:\s|/\*[\s\S]*?\*/)`;

/** `user:password@` in a connection URL. A slash in a password belongs to it only before an `@`. */
const URL_PASSWORD = /\b([a-z][a-z0-9+.-]*:\/\/[^\s:@/'"`]*):([^\s/'"`]+)@/gi;

/** `IDENTIFIED BY '…'`, `IDENTIFIED WITH plugin AS '…'`, and a `REPLACE '…'` that follows. */
const IDENTIFIED = new RegExp(
  String.raw`(\bIDENTIFIED${GAP}+(?:(?:WITH|VIA)${GAP}+\S+${GAP}+)?(?:BY|AS|USING)${GAP}*` +
    String
      .raw`(?:PASSWORD${GAP}*\(?${GAP}*)?)(?:${QUOTED})(?:(${GAP}+REPLACE${GAP}+)(?:${QUOTED}))?`,
  "gi",
);

/** `PASSWORD('…')`, `SET PASSWORD FOR u = '…'`, `MASTER_PASSWORD='…'`. */
const SQL_PASSWORD = new RegExp(
  String
    .raw`(PASSWORD${GAP}*(?:FOR${GAP}+\S+${GAP}*)?(?:=|\()${GAP}*(?:PASSWORD${GAP}*\(${GAP}*)?)` +
    String.raw`(?:${QUOTED})`,
  "gi",
);

/** `password=x`, `"token": "x"`, `--password x`: settings written out. */
const SETTING = new RegExp(
  String.raw`((?:[\w-]*(?:password|passwd|secret|token)[\w-]*)["']?\s*[:=]\s*)` +
    String.raw`(?:${QUOTED}|(?!PASSWORD${GAP}*\()[^\s,;&'"(){}\[\]]+)`,
  "gi",
);

/** The text with the secrets in it masked. */
export function redactText(text: string): string {
  if (!/:\/\/|identified|password|passwd|secret|token/i.test(text)) return text;
  return text
    .replace(URL_PASSWORD, `$1:${MASK}@`)
    .replace(
      IDENTIFIED,
      (_all, before: string, replace: string | undefined) =>
        `${before}'${MASK}'${replace === undefined ? "" : `${replace}'${MASK}'`}`,
    )
    .replace(SQL_PASSWORD, `$1'${MASK}'`)
    .replace(SETTING, (all: string, before: string) => {
      const rest = all.slice(before.length);
      const quote = /^['"]/.exec(rest)?.[0] ?? "";
      return `${before}${quote}${MASK}${quote}`;
    });
}
