/** The other process of the protocol benchmark: an RPC server, and a bare NDJSON echo beside it. */
import { SystemClock } from "../../src/adapters/system_clock.ts";
import { TcpNetwork } from "../../src/adapters/tcp_network.ts";
import type { Column, Row } from "../../src/protocol/values.ts";
import { RpcServer } from "../../src/rpc/server.ts";

const columns: readonly Column[] = [
  { name: "id", kind: "integer" },
  { name: "name", kind: "text" },
  { name: "price", kind: "decimal" },
];
const BATCH_ROWS = 500;

const server = await RpcServer.start(
  { clock: new SystemClock(), network: new TcpNetwork() },
  { host: "127.0.0.1", port: 0 },
  {
    hello: () => Promise.resolve({ protocol: 1, role: "region", version: "bench", ready: true }),
    onDefect: (error) => console.error(error),
    handlers: {
      jobs: () => Promise.resolve({ jobs: [] }),
      query: async ({ epoch: count }, context) => {
        for (let id = 0; id < count; id += BATCH_ROWS) {
          const rows: Row[] = [];
          for (let i = id; i < Math.min(count, id + BATCH_ROWS); i++) {
            rows.push([i, `name of row ${i}`, `${i}.50`]);
          }
          await context.rows(columns, rows);
        }
        return {
          result: { affected: 0 },
          receipt: { region: "r", epoch: 1, seq: 1, rid: 1, agree: [], dissent: [], ms: 0 },
        };
      },
    },
  },
);

/** What any NDJSON server must do at least: read, parse, answer. */
async function echo(conn: Deno.TcpConn): Promise<void> {
  conn.setNoDelay(true);
  const buffer = new Uint8Array(64 * 1024);
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let rest = "";
  for (let count = await conn.read(buffer); count !== null; count = await conn.read(buffer)) {
    const lines = (rest + decoder.decode(buffer.subarray(0, count), { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    let out = "";
    for (const line of lines) out += `{"id":${JSON.parse(line).id},"ok":{"jobs":[]}}\n`;
    const bytes = encoder.encode(out);
    for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
  }
}

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
console.log(JSON.stringify({ rpc: server.address.port, echo: listener.addr.port }));
for await (const conn of listener) void echo(conn).catch(() => {});
