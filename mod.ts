/**
 * The client library: `connect` gives a client of a cluster. What a client can do is described in
 * `src/client/api.ts`.
 */
export { connect, type ConnectOptions, type TlsOptions } from "./src/library/connect.ts";
export { type ErrorCode, MinisqlError } from "./src/protocol/errors.ts";
export type {
  Client,
  ClusterAdmin,
  Outcome,
  Prepared,
  Queries,
  QueryOptions,
  QueryResult,
  QueryStream,
  Session,
} from "./src/client/api.ts";
export type { Parameter } from "./src/sql/bind.ts";
export type { ReadLevel, Receipt } from "./src/protocol/calls/region.ts";
export type { Cell, Column, Row, StatementResult } from "./src/protocol/values.ts";
