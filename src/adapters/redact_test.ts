/** Secrets do not reach the log. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { isSecretName, redactText } from "./redact.ts";

Deno.test("redact: passwords inside connection URLs are masked, the rest of the URL stays", () => {
  const cases = [
    ["mysql://root:hunter2@db:3306/shop", "mysql://root:***@db:3306/shop"],
    ["dial mysql://:p%40ss@db failed", "dial mysql://:***@db failed"],
    ["'mysql://u:a@b@db/x'", "'mysql://u:***@db/x'"],
    ["http://db:3306/path?mail=a@b", "http://db:3306/path?mail=a@b"],
    ["mysql://root@db", "mysql://root@db"],
  ];
  for (const [text, expected] of cases) assert.equal(redactText(text ?? ""), expected);
});

Deno.test("redact: passwords in SQL are masked however they are written", () => {
  const cases = [
    ["CREATE USER u IDENTIFIED BY 'hunter2'", "CREATE USER u IDENTIFIED BY '***'"],
    ['create user u identified  by "hunter2"', "create user u identified  by '***'"],
    ["IDENTIFIED/* x */BY/**/'hunter2'", "IDENTIFIED/* x */BY/**/'***'"],
    ["IDENTIFIED BY PASSWORD '*AB12'", "IDENTIFIED BY PASSWORD '***'"],
    ["IDENTIFIED WITH sha256 BY 'a' REPLACE 'b'", "IDENTIFIED WITH sha256 BY '***' REPLACE '***'"],
    ["IDENTIFIED VIA ed25519 USING PASSWORD('x')", "IDENTIFIED VIA ed25519 USING PASSWORD('***')"],
    ["IDENTIFIED BY 'it''s \\' hunter2' x", "IDENTIFIED BY '***' x"],
    ["IDENTIFIED BY 'cut in the midd", "IDENTIFIED BY '***'"],
    ["SET PASSWORD FOR 'u'@'%' = 'hunter2'", "SET PASSWORD FOR 'u'@'%' = '***'"],
    ["SET PASSWORD = PASSWORD('hunter2')", "SET PASSWORD = PASSWORD('***')"],
    ["CHANGE MASTER TO MASTER_PASSWORD='x'", "CHANGE MASTER TO MASTER_PASSWORD='***'"],
    ["select password from users", "select password from users"],
  ];
  for (const [text, expected] of cases) assert.equal(redactText(text ?? ""), expected);
});

Deno.test("redact: settings written out are masked", () => {
  assert.equal(redactText(`{"password":"x y","user":"u"}`), `{"password":"***","user":"u"}`);
  assert.equal(redactText("token=abc;user=u"), "token=***;user=u");
  assert.equal(redactText("api-token: abc"), "api-token: ***");
});

Deno.test("redact: a password made of any characters leaves no trace in an IDENTIFIED clause", () => {
  const secret = fc.string({ minLength: 3, maxLength: 20, unit: "grapheme" })
    .filter((each) => !"CREATE USER u IDENTIFIED BY '***' x".includes(each));
  fc.assert(fc.property(secret, (text) => {
    const quoted = text.replaceAll("\\", "\\\\").replaceAll("'", "''");
    const masked = redactText(`CREATE USER u IDENTIFIED BY '${quoted}' x`);
    assert.equal(masked, "CREATE USER u IDENTIFIED BY '***' x");
  }));
});

Deno.test("redact: names of secrets are known, names of other fields are not", () => {
  for (const name of ["password", "mysqlPassword", "passwd", "token", "client_secret", "apiKey"]) {
    assert.ok(isSecretName(name), name);
  }
  for (const name of ["user", "passed", "region", "epoch", "keys"]) {
    assert.ok(!isSecretName(name), name);
  }
});
