/** One connection to MySQL, bare: statements go out one at a time, rows and endings come back. */
import type { Buffer } from "node:buffer";
import { connect, isIP, type Socket } from "node:net";
import { checkServerIdentity, type TLSSocket } from "node:tls";
import { createConnection } from "mysql2";
import { invariant } from "../../base/assert.ts";
import { Deferred } from "../../base/deferred.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Column, Row } from "../../protocol/values.ts";
import { connectFault, statementFault } from "./faults.ts";
import type { MysqlEngineOptions } from "./options.ts";
import { rowDecoder } from "./wire_cells.ts";
import { columnOf, type WireField } from "./wire_columns.ts";

/** Bits of the server's status, as it comes with the end of a statement. */
export const STATUS_IN_TRANSACTION = 1;

/** How a statement ended: as MySQL's OK packet says, or without a word behind a query's last row. */
export interface Ending {
  readonly affected: number;
  readonly insertId: string | null;
  readonly warnings: number;
  readonly info: string;
  /** The server's status, null where it was not told. */
  readonly status: number | null;
}

/** What takes a statement's answer as it comes. Of several results the first is told. */
export interface Sink {
  columns(columns: readonly Column[]): void;
  row(row: Row): void;
  /** Rows that still come are of no more use: the statement is being ended. */
  discard?(): void;
}

/** As much of the driver's connection as is used; its events are wired here and nowhere else. */
interface Driver {
  readonly threadId: number | null;
  /** With TLS another than the socket it was given. */
  readonly stream: Socket | TLSSocket;
  query(options: object): Command;
  pause(): void;
  resume(): void;
  destroy(): void;
  end(done: () => void): void;
  on(event: "connect", listener: () => void): void;
  on(event: "error", listener: (error: Error) => void): void;
}

interface Command {
  on(event: "fields", listener: (fields: readonly WireField[] | undefined) => void): Command;
  on(event: "result", listener: (result: unknown, index?: number) => void): Command;
  on(event: "end", listener: () => void): Command;
  on(event: "error", listener: (error: Error) => void): Command;
}

/** The driver's flags that change what statements mean, or open what must stay shut. */
const FLAGS = ["-FOUND_ROWS", "-IGNORE_SPACE", "-LOCAL_FILES", "-ODBC"];
/** Silence after which the system asks whether the other end is still there. */
const KEEP_ALIVE_MS = 15_000;
const NO_ENDING: Ending = { affected: 0, insertId: null, warnings: 0, info: "", status: null };

export class MysqlLink {
  readonly #driver: Driver;
  readonly #socket: Socket;
  readonly #lost = new Deferred<Error>();
  #command: Deferred<Ending> | null = null;
  #lostBecause: string | null = null;

  private constructor(driver: Driver, socket: Socket) {
    this.#driver = driver;
    this.#socket = socket;
  }

  /** Resolves when the server has let us in; rejects with `UNAVAILABLE`. */
  static async open(
    clock: Clock,
    options: MysqlEngineOptions,
    limitMs: number,
  ): Promise<MysqlLink> {
    try {
      return await MysqlLink.#connect(clock, options, limitMs);
    } catch (error) {
      throw connectFault(error, options);
    }
  }

  static async #connect(
    clock: Clock,
    options: MysqlEngineOptions,
    limitMs: number,
  ): Promise<MysqlLink> {
    const socket = openSocket(options);
    const driver = openDriver(options, socket);
    const link = new MysqlLink(driver, socket);
    const opened = new Deferred<void>();
    const fail = (error: Error) => {
      opened.reject(error);
      link.#lose(error);
    };
    // The driver reports here, for as long as it lives, what no statement was there to receive.
    driver.on("error", fail);
    driver.on("connect", () => {
      const fault = addressFault(options, driver);
      if (fault === undefined) opened.resolve();
      else fail(fault);
    });
    const callOff = clock.after(limitMs, () => fail(new Error(`no answer within ${limitMs} ms`)));
    try {
      await opened.promise;
      return link;
    } finally {
      callOff();
    }
  }

  get isAlive(): boolean {
    return this.#lostBecause === null;
  }

  /** Why the connection is no more, for people. */
  get lostBecause(): string {
    return this.#lostBecause ?? "it is not";
  }

  /** The server's number for this connection, to end its statements by. */
  get thread(): number {
    invariant(this.#driver.threadId !== null, "An open connection has a thread");
    return this.#driver.threadId;
  }

  /** Sends a statement. Rejects with what `statementFault` makes of its failure. */
  async send(sql: string, sink: Sink): Promise<Ending> {
    invariant(this.#command === null, "A connection runs one statement at a time");
    const command = new Deferred<Ending>();
    this.#command = command;
    this.#start(sql, sink, command);
    try {
      return await command.promise;
    } catch (error) {
      throw statementFault(error);
    } finally {
      this.#command = null;
    }
  }

  #start(sql: string, sink: Sink, command: Deferred<Ending>): void {
    let ending = NO_ENDING;
    let results = 0;
    let decode: ((row: readonly (Buffer | null)[]) => Row) | null = null;
    const guard = (action: () => void) => {
      try {
        action();
      } catch (error) {
        command.reject(error);
        this.destroy("its answer could not be read");
      }
    };
    this.#driver.query({ sql, rowsAsArray: true, typeCast: false })
      .on("fields", (fields) => {
        decode = null;
        if (fields === undefined || results++ > 0) return;
        guard(() => {
          const columns = fields.map(columnOf);
          decode = rowDecoder(columns);
          sink.columns(columns);
        });
      })
      .on("result", (result) => {
        if (!Array.isArray(result)) ending = endingOf(result);
        else if (decode !== null) guard(() => sink.row(decode?.(result) ?? []));
      })
      .on("error", (error) => command.reject(error))
      .on("end", () => command.resolve(ending));
  }

  /** Takes no more from the network until `resume`; the server waits then. */
  pause(): void {
    if (this.isAlive) this.#driver.pause();
  }

  resume(): void {
    if (this.isAlive) this.#driver.resume();
  }

  /** Cuts the connection. What was under way ends with `OUTCOME_UNKNOWN`. */
  destroy(reason: string): void {
    this.#lose(new Error(reason));
  }

  /** Takes leave of the server, or cuts the connection where that is not to be done in time. */
  async close(clock: Clock, limitMs: number): Promise<void> {
    if (!this.isAlive) return;
    this.#lostBecause = "it was closed";
    const gone = new Deferred<void>();
    this.#socket.once("close", () => gone.resolve());
    const callOff = clock.after(limitMs, () => this.#socket.destroy());
    this.#driver.end(() => this.#socket.destroy());
    await gone.promise;
    callOff();
    this.#lost.resolve(new Error("it was closed"));
  }

  #lose(error: Error): void {
    this.#lostBecause ??= error.message;
    this.#socket.destroy();
    this.#driver.destroy();
    this.#command?.reject(error);
    this.#lost.resolve(error);
  }
}

function endingOf(header: unknown): Ending {
  const { affectedRows, insertId, warningStatus, info, serverStatus } = header as {
    readonly affectedRows: number | string;
    readonly insertId: number | string;
    readonly warningStatus: number;
    readonly info: string;
    readonly serverStatus: number;
  };
  return {
    affected: Number(affectedRows),
    insertId: insertIdOf(insertId),
    warnings: warningStatus,
    info,
    status: serverStatus,
  };
}

/** The driver reads it as signed; zero says that none was drawn. */
function insertIdOf(value: number | string): string | null {
  const id = BigInt.asUintN(64, BigInt(value));
  return id === 0n ? null : id.toString();
}

function openSocket({ server }: MysqlEngineOptions): Socket {
  if ("socket" in server) return connect(server.socket);
  const socket = connect(server.port, server.host);
  socket.setNoDelay(true);
  socket.on("connect", () => socket.setKeepAlive(true, KEEP_ALIVE_MS));
  return socket;
}

/** A host given by its address: the driver checks a certificate for names only. */
function addressOf({ server }: MysqlEngineOptions): string | null {
  return "host" in server && isIP(server.host) !== 0 ? server.host : null;
}

/** What is wrong with the certificate of a server whose address is given. */
function addressFault(options: MysqlEngineOptions, { stream }: Driver): Error | undefined {
  const address = addressOf(options);
  if (options.tls === undefined || address === null) return undefined;
  return checkServerIdentity(address, (stream as TLSSocket).getPeerCertificate(true));
}

function openDriver(options: MysqlEngineOptions, socket: Socket): Driver {
  const { server, user, password, database, tls } = options;
  const driver: unknown = createConnection({
    ...("socket" in server ? { socketPath: server.socket } : server),
    ...(tls === undefined ? {} : { ssl: { ...tls, verifyIdentity: addressOf(options) === null } }),
    ...{ user, password, database, stream: socket, flags: FLAGS },
    ...{ charset: "UTF8MB4_UNICODE_CI", connectTimeout: 0, disableEval: true },
    ...{ supportBigNumbers: true, bigNumberStrings: true, multipleStatements: false },
    // Statements are whole: without it the driver would look through each of them for a `?`.
    queryFormat: (sql: string) => sql,
  });
  return driver as Driver;
}
