/** What makes two servers unfit to hold copies of the same table is told by name. */
import assert from "node:assert/strict";
import { difference } from "./compatibility.ts";

const base = {
  vendor: "mariadb",
  version: "10.11.1",
  settings: { sql_mode: "A", time_zone: "+00:00" },
} as const;

Deno.test("compatibility: the first difference that matters is named", () => {
  const settings = (more: Record<string, string>) => ({
    ...base,
    settings: { ...base.settings, ...more },
  });
  assert.equal(difference(base, { ...base, settings: { ...base.settings } }), null);
  assert.equal(difference({ ...base, vendor: "mysql" }, base), "vendor is mysql, not mariadb");
  assert.equal(difference({ ...base, version: "11" }, base), "version is 11, not 10.11.1");
  assert.equal(difference(settings({ time_zone: "" }), base), "time_zone is empty, not +00:00");
  assert.equal(difference(settings({ extra: "1" }), base), "extra is 1, not unset");
  assert.equal(difference(base, settings({ extra: "1" })), "extra is unset, not 1");
});
