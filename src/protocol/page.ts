/** The protocol page: every operation and error, written from their declarations. */
import type { ObjectShape, Shape } from "../base/shape.ts";
import type { CallSpec, Receiver } from "./call.ts";
import { ERRORS } from "./errors.ts";
import { EVENT_NAMES } from "./events.ts";
import { LINE_BYTES_MAX } from "./framing.ts";
import { CALLS, PROTOCOL_VERSION } from "./messages.ts";

const HEADINGS: Readonly<Record<Receiver, string>> = {
  any: "Operations of every process",
  master: "Operations of the master",
  region: "Operations of a region server",
};

const INTRODUCTION = `# The minisql protocol, version ${PROTOCOL_VERSION}

Newline-delimited JSON over TCP, or TLS: one object a line, UTF-8, at most ${LINE_BYTES_MAX} bytes.

    → {"id":1,"op":"hello","protocol":${PROTOCOL_VERSION},"cluster":"minisql","role":"client","name":"me"}
    ← {"id":1,"ok":{"protocol":${PROTOCOL_VERSION},"role":"master","version":"0.1.0","ready":true}}

A request has an \`id\` of the caller's choosing, unused by its other calls under way, an \`op\`, the
operation's fields and, where the caller will not wait for ever, \`within\`: its patience in
milliseconds. Each request is answered once, with \`ok\` or \`error\`. The first must be \`hello\`.

Rows come in lines of \`rows\` before the answer, the first with \`columns\`; events in lines of
\`event\`. A sender is at most so many lines ahead; the caller asks for further ones with
\`{"id":7,"op":"more","lines":4}\`, and gives a call up with \`{"id":7,"op":"cancel"}\`.

Integers that a double does not hold, and decimals, are text. Bytes are base64. Fields a receiver
does not know are ignored. A line that cannot be read is answered with an error; its \`id\` is null
when the line named none. Only a line that is too long ends the connection.
`;

/** The page, in Markdown. */
export function protocolPage(): string {
  const parts = [INTRODUCTION];
  for (const receiver of ["any", "master", "region"] as const) {
    parts.push(`## ${HEADINGS[receiver]}\n`);
    for (const [name, spec] of Object.entries(CALLS) as [string, CallSpec][]) {
      if (spec.to === receiver) parts.push(operation(name, spec));
    }
  }
  parts.push(errors(), `## Events\n\n${EVENT_NAMES.map((name) => `\`${name}\``).join(", ")}\n`);
  return parts.join("\n");
}

function operation(name: string, spec: CallSpec): string {
  const lines = [`### ${name}\n`, `${spec.does}${spec.repeatable ? " May be repeated." : ""}\n`];
  lines.push(fields("Request", spec.request));
  if (spec.rows) lines.push("Rows come before the answer.\n");
  if (spec.event !== undefined) lines.push(`Event: ${spec.event.words}.\n`);
  lines.push(fields("Answer", spec.answer));
  return lines.join("\n");
}

function fields(title: string, shape: Shape<unknown>): string {
  const entries = Object.entries((shape as ObjectShape<Record<string, Shape<unknown>>>).fields);
  if (entries.length === 0) return `${title}: nothing more.\n`;
  const rows = entries.map(([name, { words }]) => `- \`${name}\`: ${words}`);
  return `${title}:\n\n${rows.join("\n")}\n`;
}

function errors(): string {
  const rows = Object.entries(ERRORS).map(([code, { applied, retry, means }]) =>
    `| \`${code}\` | ${applied} | ${retry} | ${means} |`
  );
  return `## Errors

\`applied\` says whether the thing may have happened; \`retry\` what the client library does by itself.

| code | applied | retry | means |
| --- | --- | --- | --- |
${rows.join("\n")}
`;
}
