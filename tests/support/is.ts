/** Checks of errors, for `assert.rejects`. */
import assert from "node:assert/strict";
import { MinisqlError } from "../../src/protocol/errors.ts";

/** Whether an error is the one expected. */
export function is(code: string, message: RegExp, errno?: number): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof MinisqlError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    if (errno !== undefined) assert.equal(error.errno, errno);
    return true;
  };
}
