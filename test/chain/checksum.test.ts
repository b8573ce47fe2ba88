import assert from "node:assert/strict";
import fc from "fast-check";
import { toChecksumAddress } from "web3-utils";
import { checksumAddress } from "../../chain/checksum";
import { LAB_ACCOUNTS } from "../../common/lab";

describe("the page's checksum of an address", () => {
  it("is web3's, whatever the address and however its letters are written", () => {
    const digits = fc.string({
      unit: fc.constantFrom(..."0123456789abcdefABCDEF"),
      minLength: 40,
      maxLength: 40,
    });
    fc.assert(
      fc.property(digits, (address) =>
        assert.equal(checksumAddress(`0x${address}`), toChecksumAddress(`0x${address.toLowerCase()}`)),
      ),
    );
  });

  it("leaves a checksummed one as it is", () => {
    for (const { address } of Object.values(LAB_ACCOUNTS)) assert.equal(checksumAddress(address), address);
  });
});
