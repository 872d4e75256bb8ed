/** CREATE, ALTER, RENAME and DROP: by the master, which sees to it that all copies change alike. */
import { MinisqlError } from "../protocol/errors.ts";
import type { Answer, Request } from "../protocol/messages.ts";
import { type Condition, CONDITIONS_MAX } from "../protocol/values.ts";
import type { CreateTable, DropTable } from "../sql/ddl/model.ts";
import { DONE } from "./answers.ts";
import type { MasterCall, QueryResult } from "./api.ts";
import type { Context } from "./context.ts";
import type { Deadline } from "./deadline.ts";
import type { MasterClient } from "./master_client.ts";
import type { Random } from "../ports/random.ts";
import { Attempts, isAbsence, isRetriable } from "./retry.ts";
import type { Located, Routes } from "./routes.ts";
import type { Servers } from "./servers.ts";
import type { Definition } from "./statement.ts";
import { noPrimary, onlyOne } from "./writes.ts";

export interface DefinitionsDeps {
  readonly random: Random;
  readonly routes: Routes;
  readonly servers: Servers;
  readonly masters: MasterClient;
}

export interface Define {
  readonly sql: string;
  readonly definition: Definition;
  readonly context: Context;
}

export class Definitions {
  readonly #deps: DefinitionsDeps;

  constructor(deps: DefinitionsDeps) {
    this.#deps = deps;
  }

  async run(define: Define, deadline: Deadline): Promise<QueryResult> {
    const { sql, definition } = define;
    switch (definition.kind) {
      case "create_table":
        return await this.#create(definition, sql, deadline);
      case "drop_table":
        return await this.#drop(definition, deadline);
      case "rename_table":
      case "alter_table":
      case "create_index":
      case "drop_index":
        return await this.#alter(define, definition, deadline);
    }
  }

  async #create(create: CreateTable, sql: string, deadline: Deadline): Promise<QueryResult> {
    const table = create.table.name;
    const [beside] = referredTo(create);
    const request: Request<"createTable"> = {
      ...{ table, ddl: sql },
      ...(beside === undefined ? {} : { beside }),
      ...(create.ifNotExists ? { ifNotExists: true } : {}),
    };
    const isOurs = () => this.#isMadeBy(table, sql, deadline);
    const answer = await this.#order("createTable", request, deadline, "TABLE_EXISTS", isOurs);
    this.#deps.routes.forget([table]);
    // IF NOT EXISTS that found one leaves MySQL's note.
    return answer?.job === null ? noted([note(1050, `Table '${table}' already exists`)]) : DONE;
  }

  /** Drops all tables or, where one of them is not there, none. */
  async #drop({ tables, ifExists }: DropTable, deadline: Deadline): Promise<QueryResult> {
    const names = [...new Set(tables.map(({ name }) => name))];
    if (!ifExists && names.length > 1) await this.#requireAll(names, deadline);
    const notes: Condition[] = [];
    let waiting = names;
    while (waiting.length > 0) {
      const refused: { readonly table: string; readonly error: unknown }[] = [];
      for (const table of waiting) {
        try {
          const answer = await this.#dropOne(table, ifExists, deadline);
          if (answer?.job === null) notes.push(note(1051, `Unknown table '${table}'`));
        } catch (error) {
          // A table that one of the others refers to can go once that has gone.
          if (!isReferenced(error)) throw error;
          refused.push({ table, error });
        }
      }
      if (refused.length === waiting.length) throw refused[0]?.error;
      waiting = refused.map(({ table }) => table);
    }
    return noted(notes);
  }

  async #dropOne(
    table: string,
    ifExists: boolean,
    deadline: Deadline,
  ): Promise<Answer<"dropTable"> | null> {
    const request = ifExists ? { table, ifExists } : { table };
    const isGone = () => Promise.resolve(true);
    const answer = await this.#order("dropTable", request, deadline, "NO_SUCH_TABLE", isGone);
    this.#deps.routes.forget([table]);
    return answer;
  }

  async #requireAll(names: readonly string[], deadline: Deadline): Promise<void> {
    const { tables } = await this.#deps.masters.call("meta", {}, deadline.limits());
    const there = new Set(tables.map(({ name }) => name));
    const missing = names.filter((name) => !there.has(name));
    if (missing.length === 0) return;
    throw new MinisqlError("NO_SUCH_TABLE", `Unknown table '${missing.join(",")}'`, {
      errno: 1051,
      sqlState: "42S02",
    });
  }

  /** Orders a change, and makes what is read from now on see it. */
  async #alter(
    { sql, context }: Define,
    definition: Exclude<Definition, CreateTable | DropTable>,
    deadline: Deadline,
  ): Promise<QueryResult> {
    const { routes, masters } = this.#deps;
    const names = namesOf(definition);
    const table = names[0] ?? "";
    try {
      await masters.call("alterTable", { table, sql }, deadline.limits());
    } catch (error) {
      const mayBeMissing = "ifExists" in definition && definition.kind !== "drop_index" &&
        definition.ifExists;
      if (!mayBeMissing || !isAbsence(error)) throw error;
      return noted([note(error.errno ?? 0, error.message)]);
    } finally {
      routes.forget(names);
    }
    try {
      await this.#notePosition(names, context, deadline);
    } catch (error) {
      deadline.throwIfStopped();
      // It is done, and whoever says otherwise would be wrong; it may only be seen a little later.
      if (!(error instanceof MinisqlError)) throw error;
    }
    return DONE;
  }

  /** What the primary has committed by now, the change included, must be seen from now on. */
  async #notePosition(
    names: readonly string[],
    { positions }: Context,
    deadline: Deadline,
  ): Promise<void> {
    const { routes, random } = this.#deps;
    const attempts = new Attempts(routes, random, deadline);
    // Of several renamed tables all are in one region, and one that is there last tells of it.
    const located = await routes.find(names.slice(-1), deadline);
    for (const each of located) {
      const { region } = each.route;
      positions.noteWrite(region, await this.#committed(each, attempts, deadline));
    }
  }

  async #committed(from: Located, attempts: Attempts, deadline: Deadline): Promise<number> {
    const { routes, servers } = this.#deps;
    const [table = ""] = from.route.tables;
    for (let located = from;;) {
      const { route } = located;
      let last = noPrimary(route);
      try {
        if (route.primary !== null) {
          const { region } = route;
          const caller = await servers.connect(route.primary, deadline);
          const answer = await caller.call("replicas", { region }, deadline.limits());
          const mine = answer.replicas.find((each) => each.region === region);
          if (mine?.role === "primary") return mine.committed;
        }
      } catch (error) {
        deadline.throwIfStopped();
        if (!isRetriable(error)) throw error;
        last = error;
      }
      await attempts.next([located], last);
      located = onlyOne([table], await routes.find([table], deadline));
    }
  }

  /**
   * Orders something that must not be done twice. Where an answer is lost, the order is given again:
   * `settled` is then the refusal that tells that the first one may have been carried out, and
   * `isDone` whether it was.
   */
  async #order<N extends "createTable" | "dropTable">(
    op: N,
    request: Request<N>,
    deadline: Deadline,
    settled: MinisqlError["code"],
    isDone: () => Promise<boolean>,
  ): Promise<Answer<N> | null> {
    const { masters, routes, random } = this.#deps;
    const attempts = new Attempts(routes, random, deadline);
    let doubt: MinisqlError | null = null;
    for (;;) {
      try {
        return await masters.call(op as MasterCall & N, request, deadline.limits());
      } catch (error) {
        if (!(error instanceof MinisqlError)) throw error;
        if (error.code === "OUTCOME_UNKNOWN") {
          doubt = error;
        } else if (doubt === null) {
          throw error;
        } else if (error.code === settled) {
          if (await isDone()) return null;
          throw doubt;
        } else if (error.code !== "UNAVAILABLE") {
          throw error;
        }
        // While the first order is being carried out, the table is busy.
        await attempts.next([], doubt);
      }
    }
  }

  /** Whether the last one to make the table had this very text. */
  async #isMadeBy(table: string, ddl: string, deadline: Deadline): Promise<boolean> {
    const { jobs } = await this.#deps.masters.call("jobs", {}, deadline.limits());
    const [last] = jobs
      .filter(({ kind, subject }) => kind === "create_table" && subject === table)
      .sort((a, b) => b.created - a.created);
    const request = last?.request;
    return typeof request === "object" && request !== null && "ddl" in request &&
      request.ddl === ddl;
  }
}

/** Tables that its foreign keys refer to: it must live with them. */
function referredTo({ table, foreignKeys, columns }: CreateTable): readonly string[] {
  const named = [
    ...foreignKeys.map(({ references }) => references),
    ...columns.flatMap(({ references }) => references ?? []),
  ];
  return named.map((each) => each.table.name).filter((name) => name !== table.name);
}

/** What the tables are called before, and afterwards; the first is the one it is said to be on. */
function namesOf(definition: Exclude<Definition, CreateTable | DropTable>): readonly string[] {
  if (definition.kind === "rename_table") {
    return definition.renames.flatMap(({ from, to }) => [from.name, to.name]);
  }
  const actions = definition.kind === "alter_table" ? definition.actions : [];
  const renamed = actions.flatMap((action) =>
    action.kind === "rename_table" ? [action.to.name] : []
  );
  return [definition.table.name, ...renamed];
}

/** MySQL's note on what IF EXISTS or IF NOT EXISTS has passed over. */
function note(code: number, message: string): Condition {
  return { level: "Note", code, message };
}

function noted(notes: readonly Condition[]): QueryResult {
  if (notes.length === 0) return DONE;
  const conditions = notes.slice(0, CONDITIONS_MAX);
  return { ...DONE, result: { affected: 0, warnings: notes.length, conditions } };
}

function isReferenced(error: unknown): boolean {
  return error instanceof MinisqlError && (error.errno === 3730 || error.errno === 1451);
}
