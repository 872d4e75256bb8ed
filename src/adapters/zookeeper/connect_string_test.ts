import assert from "node:assert/strict";
import { MinisqlError } from "../../protocol/errors.ts";
import { parseConnectString } from "./connect_string.ts";

Deno.test("connect string: servers with and without ports, and a root", () => {
  const cases: readonly [string, readonly string[], string][] = [
    ["a", ["a 2181"], ""],
    ["a:1,b,c:65535", ["a 1", "b 2181", "c 65535"], ""],
    [" a:1 , b:2 ", ["a 1", "b 2"], ""],
    ["a:1,,b:2,", ["a 1", "b 2"], ""],
    ["a:1/x", ["a 1"], "/x"],
    ["a:1,b:2/x/y/", ["a 1", "b 2"], "/x/y"],
    ["a/", ["a 2181"], ""],
    ["[::1]:99,[fe80::2]/r", ["::1 99", "fe80::2 2181"], "/r"],
  ];
  for (const [text, servers, root] of cases) {
    const parsed = parseConnectString(text);
    assert.deepEqual(parsed.servers.map(({ host, port }) => `${host} ${port}`), servers, text);
    assert.equal(parsed.root, root, text);
  }
});

Deno.test("connect string: what cannot be used is said", () => {
  const cases: readonly [string, RegExp][] = [
    ["", /names no server/],
    ["/x", /names no server/],
    ["a:0", /0 is not a port/],
    ["a:70000", /70000 is not a port/],
    ["a:b", /"a:b" is not host:port/],
    ["::1", /"::1" is not host:port/],
    ["a:1//x", /empty name/],
  ];
  for (const [text, why] of cases) {
    assert.throws(() => parseConnectString(text), (error) => {
      assert.ok(error instanceof MinisqlError);
      assert.match(error.message, why);
      return true;
    });
  }
});
