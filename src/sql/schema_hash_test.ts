import assert from "node:assert/strict";
import { type HashedSchema, schemaHash } from "./schema_hash.ts";

const COLUMN: HashedSchema["columns"][number] = {
  name: "id",
  type: "int(11)",
  nullable: false,
  defaultSql: null,
  autoIncrement: false,
  generatedSql: null,
  collation: null,
  onUpdateSql: null,
  invisible: false,
};
const SCHEMA: HashedSchema = {
  columns: [COLUMN, { ...COLUMN, name: "a" }],
  indexes: [
    { name: "PRIMARY", unique: true, columns: ["id", "a"], method: "btree" },
    { name: "k", unique: false, columns: ["a"], method: "btree" },
  ],
  foreignKeys: [{
    name: "f",
    columns: ["a"],
    references: { table: "p", columns: ["x"] },
    onDelete: "CASCADE",
    onUpdate: "RESTRICT",
  }],
  storage: "innodb",
  rules: ["check c (`a` > 0)", "index k"],
};

Deno.test("schema hash: orders that mean nothing do not show", () => {
  const turned = {
    ...SCHEMA,
    columns: SCHEMA.columns.toReversed(),
    indexes: SCHEMA.indexes.toReversed(),
    rules: SCHEMA.rules.toReversed(),
  };
  assert.match(schemaHash(SCHEMA), /^[0-9a-f]{8}$/);
  assert.equal(schemaHash(turned), schemaHash(SCHEMA));
});

Deno.test("schema hash: every fact shows, and so does the order of an index's columns", () => {
  const [id, a] = SCHEMA.columns as readonly [typeof COLUMN, typeof COLUMN];
  const [primary, k] = SCHEMA.indexes as readonly [
    ...[HashedSchema["indexes"][number], HashedSchema["indexes"][number]],
  ];
  const [key] = SCHEMA.foreignKeys as readonly [HashedSchema["foreignKeys"][number]];
  const column = (change: Partial<typeof COLUMN>) => ({
    ...SCHEMA,
    columns: [{ ...id, ...change }, a],
  });
  const others: readonly HashedSchema[] = [
    column({ name: "ID" }),
    column({ type: "int(11) unsigned" }),
    column({ nullable: true }),
    column({ defaultSql: "0" }),
    column({ autoIncrement: true }),
    column({ generatedSql: "a + 1" }),
    column({ collation: "utf8mb4_bin" }),
    column({ onUpdateSql: "current_timestamp()" }),
    column({ invisible: true }),
    { ...SCHEMA, columns: [id] },
    { ...SCHEMA, indexes: [{ ...primary, columns: ["a", "id"] }, k] },
    { ...SCHEMA, indexes: [primary, { ...k, unique: true }] },
    { ...SCHEMA, indexes: [primary, { ...k, method: "hash" }] },
    { ...SCHEMA, foreignKeys: [{ ...key, onDelete: "SET NULL" }] },
    { ...SCHEMA, foreignKeys: [{ ...key, references: { table: "q", columns: ["x"] } }] },
    { ...SCHEMA, foreignKeys: [] },
    { ...SCHEMA, storage: "myisam" },
    { ...SCHEMA, rules: ["index k"] },
  ];
  const hashes = [SCHEMA, ...others].map(schemaHash);
  assert.equal(new Set(hashes).size, hashes.length);
});
