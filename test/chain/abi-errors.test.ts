import assert from "node:assert/strict";
import { encodeParameters } from "web3-eth-abi";
import { decodeRevert, revertOf } from "../../chain/abi-errors";
import { RpcError } from "../../chain/rpc";
import { keccak256 } from "../../chain/web3";

const encoded = (signature: string, types: string[], values: unknown[]) =>
  keccak256(signature).slice(0, 10) + encodeParameters(types, values).slice(2);
const refusal = (reason: string, data: string | null, code = -32000) =>
  new RpcError("eth_call", code, reason, data);

describe("what a revert says", () => {
  const address = "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65";
  const rows: [string, string, string | null][] = [
    [encoded("TradeNotOpen(uint256)", ["uint256"], [7n]), "TradeNotOpen(tradeId 7)", "TradeNotOpen"],
    [
      encoded(
        "EnergyNotMetered(address,uint256,uint256)",
        ["address", "uint256", "uint256"],
        [address, 9n, 8n],
      ),
      `EnergyNotMetered(meter ${address}, soldMilliWh 9, registerMilliWh 8)`,
      "EnergyNotMetered",
    ],
    [
      encoded(
        "ERC20InsufficientBalance(address,uint256,uint256)",
        ["address", "uint256", "uint256"],
        [address, 1n, 2n],
      ),
      `ERC20InsufficientBalance(sender ${address}, balance 1, needed 2)`,
      "ERC20InsufficientBalance",
    ],
    [encoded("Error(string)", ["string"], ["no sun"]), "no sun", null],
    ["0x12345678", "an error unknown to these contracts, or cut off (0x12345678)", null],
  ];
  for (const [data, message, name] of rows) {
    it(message, () => {
      assert.equal(decodeRevert(data).message, message);
      assert.equal(decodeRevert(data).name, name);
      assert.equal(revertOf(refusal("execution reverted", data, 3))?.message, message);
    });
  }

  it("is no error name when its arguments are cut off", () => {
    const cut = decodeRevert(keccak256("TradeNotOpen(uint256)").slice(0, 10));
    assert.equal(cut.name, null);
    assert.match(cut.message, /or cut off/);
  });

  it("is the node's own word where there is no data, and nothing where nothing was reverted", () => {
    assert.equal(revertOf(refusal("execution reverted", null, 3))?.message, "execution reverted");
    assert.equal(revertOf(refusal("insufficient funds for gas * price + value", null)), null);
    assert.equal(revertOf(refusal("header not found", null)), null);
  });
});
