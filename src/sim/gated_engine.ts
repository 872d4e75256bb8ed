/** A database as a process of the made-up world sees it: answers wait while the process is held. */
import type { Engine, EngineSession, Lookups, RowStream } from "../ports/engine.ts";
import type { Gate } from "./process.ts";

export function gatedEngine(engine: Engine, gate: Gate): Engine {
  return {
    info: engine.info,
    lookups: engine.lookups === null ? null : gatedLookups(engine.lookups, gate),
    session: () => gate(async () => gatedSession(await engine.session(), gate)),
    sessionWith: (standIns) =>
      gate(async () => gatedSession(await engine.sessionWith(standIns), gate)),
    tables: () => gate(() => engine.tables()),
    schema: (table) => gate(() => engine.schema(table)),
    maintainFingerprint: (table) => gate(() => engine.maintainFingerprint(table)),
    forgetFingerprint: (table) => gate(() => engine.forgetFingerprint(table)),
    makeDurable: () => gate(() => engine.makeDurable()),
    ping: (timeoutMs) => gate(() => engine.ping(timeoutMs)),
    close: () => engine.close(),
  };
}

function gatedLookups(lookups: Lookups, gate: Gate): Lookups {
  return { find: (lookup) => gate(() => lookups.find(lookup)) };
}

function gatedSession(session: EngineSession, gate: Gate): EngineSession {
  return {
    get undone() {
      return session.undone;
    },
    get usable() {
      return session.usable;
    },
    ended: gate(() => session.ended),
    run: (sql, options) => gate(() => session.run(sql, options)),
    runAll: (statements, options) => gate(() => session.runAll(statements, options)),
    runAllAndFlush: (statements, options) =>
      gate(() => session.runAllAndFlush(statements, options)),
    stream: (sql, options) => gatedStream(session.stream(sql, options), gate),
    begin: (mode) => gate(() => session.begin(mode)),
    flushFingerprints: () => gate(() => session.flushFingerprints()),
    commit: (books) => gate(() => session.commit(books)),
    rollback: () => gate(() => session.rollback()),
    savepoint: (name) => gate(() => session.savepoint(name)),
    rollbackTo: (name) => gate(() => session.rollbackTo(name)),
    release: (name) => gate(() => session.release(name)),
    fingerprint: (table) => gate(() => session.fingerprint(table)),
    recompute: (table, options) => gate(() => session.recompute(table, options)),
    close: () => gate(() => session.close()),
  };
}

function gatedStream(stream: RowStream, gate: Gate): RowStream {
  const columns = gate(() => stream.columns);
  columns.catch(() => {});
  return {
    columns,
    kept: () => gate(() => stream.kept()),
    async *[Symbol.asyncIterator]() {
      const rows = stream[Symbol.asyncIterator]();
      try {
        for (;;) {
          const { done, value } = await gate(() => rows.next());
          if (done) return;
          yield value;
        }
      } finally {
        await rows.return?.();
      }
    },
  };
}
