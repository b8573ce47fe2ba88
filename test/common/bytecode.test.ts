import assert from "node:assert/strict";
import { isSameCode } from "../../common/bytecode";

/** Ten bytes, of which the constructor writes the third to the fifth and the ninth. */
const compiled = {
  deployedBytecode: "0x6001000000abcdef0060",
  immutableReferences: { "12": [{ start: 2, length: 3 }], "34": [{ start: 8, length: 1 }] },
};

describe("the code on a chain", () => {
  it("is the compiler's, whatever the constructor wrote and however it is spelt", () => {
    for (const code of ["0x6001000000abcdef0060", "0x6001aabbccabcdef7760", "0x6001AABBCCABCDEFFF60"])
      assert.ok(isSameCode(code, compiled), code);
    assert.ok(isSameCode("0x60aa", { deployedBytecode: "0x60AA" }));
  });

  it("is another when a byte differs that the constructor does not write, or its length", () => {
    for (const code of [
      "0x6002000000abcdef0060",
      "0x6001000000abcdef0061",
      "0x6001000000abcdef006000",
      "0x6001000000abcdef00",
      "0x",
    ])
      assert.ok(!isSameCode(code, compiled), code);
  });
});
