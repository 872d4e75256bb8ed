/** One connection to MySQL, bare: texts go out one at a time, results come back. */
import { connect, isIP, type Socket } from "node:net";
import { checkServerIdentity, type TLSSocket } from "node:tls";
import { createConnection } from "mysql2";
import { invariant } from "../../base/assert.ts";
import { Deferred } from "../../base/deferred.ts";
import type { Clock } from "../../ports/clock.ts";
import { REFUSED_ERRNO, SetOption, type Wire, writeRefused } from "./driver_commands.ts";
import { connectFault, ERRNO, statementFault } from "./faults.ts";
import { type MinisqlError, sqlError } from "../../protocol/errors.ts";
import type { MysqlEngineOptions } from "./options.ts";
import { type Ending, Results, type Sink } from "./results.ts";
import type { WireField } from "./wire_columns.ts";

/** As much of the driver's connection as is used; its events are wired here and nowhere else. */
interface Driver extends Wire {
  readonly threadId: number | null;
  /** With TLS another than the socket it was given. */
  readonly stream: Socket | TLSSocket;
  query(options: object): Command;
  addCommand(command: SetOption): void;
  pause(): void;
  resume(): void;
  destroy(): void;
  end(done: () => void): void;
  on(event: "connect", listener: () => void): void;
  on(event: "error", listener: (error: Error) => void): void;
}

interface Command {
  /** What it does with the next packet. */
  readonly next: unknown;
  /** Waits for the first packet of a result. */
  readonly resultsetHeader: unknown;
  on(event: "fields", listener: (fields: readonly WireField[] | undefined) => void): Command;
  on(event: "result", listener: (result: unknown) => void): Command;
  on(event: "end", listener: () => void): Command;
  on(event: "error", listener: (error: Error) => void): Command;
}

/** The driver's flags that change what statements mean, or open what must stay shut. */
const FLAGS = ["-FOUND_ROWS", "-IGNORE_SPACE", "-LOCAL_FILES", "-ODBC"];
/** Silence after which the system asks whether the other end is still there. */
const KEEP_ALIVE_MS = 15_000;

export class MysqlLink {
  readonly #driver: Driver;
  readonly #socket: Socket;
  readonly #lost = new Deferred<Error>();
  /** The one under way. */
  #command: Deferred<void> | null = null;
  #isRoused = false;
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

  /** Resolves once it is not alive. */
  get lost(): Promise<unknown> {
    return this.#lost.promise;
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

  /**
   * Sends a text: one statement, or several where the server is to take them. Each result goes to
   * the next sink. Answers with the last ending; rejects with what `statementFault` makes of the
   * first failure, behind which the server runs nothing more of the text.
   */
  async send(sql: string, sinks: readonly Sink[]): Promise<Ending> {
    const results = new Results(sinks);
    await this.#run((command) => this.#start(sql, results, command));
    return results.ending;
  }

  /** Has the server take several statements in one text, or one only, as it does to begin with. */
  async takeSeveral(isOn: boolean): Promise<void> {
    await this.#run((command) => {
      this.#driver.addCommand(
        new SetOption(isOn, (error) => error === null ? command.resolve() : command.reject(error)),
      );
    });
  }

  /**
   * For a command that the server has ended without a word: the command fails as one that was
   * interrupted. Where there is a word after all, it and what comes next could be taken for each
   * other, so the connection is cut.
   */
  rouse(): void {
    if (!this.isAlive || this.#command === null) return;
    this.#isRoused = true;
    writeRefused(this.#driver);
  }

  async #run(start: (command: Deferred<void>) => void): Promise<void> {
    invariant(this.#command === null, "A connection runs one command at a time");
    const command = new Deferred<void>();
    this.#command = command;
    start(command);
    try {
      await command.promise;
      if (this.#isRoused) this.destroy("a command on it had two ends");
    } catch (error) {
      throw this.#isRoused ? this.#rousedFault(error) : statementFault(error);
    } finally {
      this.#command = null;
      this.#isRoused = false;
    }
  }

  #rousedFault(error: unknown): MinisqlError {
    const fault = statementFault(error);
    if (fault.errno === REFUSED_ERRNO) {
      return sqlError(ERRNO.interrupted, "70100", "Query execution was interrupted");
    }
    this.destroy("a command on it had two ends");
    return fault;
  }

  #start(sql: string, results: Results, command: Deferred<void>): void {
    const guard = (action: () => void) => {
      try {
        action();
      } catch (error) {
        command.reject(error);
        this.destroy("its answer could not be read");
      }
    };
    const query = this.#driver.query({ sql, rowsAsArray: true, typeCast: false });
    query.on("fields", (fields) => guard(() => results.fields(fields)))
      .on("result", (result) => guard(() => results.result(result)))
      .on("error", (error) => {
        // The driver does not tell that the rows before it were all of them.
        if (query.next === query.resultsetHeader) guard(() => results.end());
        command.reject(error);
      })
      .on("end", () => {
        if (!command.settled) guard(() => results.end());
        command.resolve();
      });
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
