import assert from "node:assert/strict";
import { type RawHeader, sealerOf } from "../../chain/clique";
import { LAB_SEALERS } from "../../geth/lab";

/** Block 2 of a network made by geth 1.10.26 from geth/genesis.json, as its `eth_getBlockByNumber` gave it. */
const sealed: RawHeader = {
  baseFeePerGas: "0x2da282a8",
  difficulty: "0x2",
  extraData:
    "0xd883010a1a846765746888676f312e32362e38856c696e757800000000000000fbc0d583bf379c816b7cfa6e59a1ac6aae74b1cf92afe6cfd08c73bb18bb7f9d3f19da1ac2e1c7687c086145ec21caa4f37789cdc00d99c1c038ddc22066d16b00",
  gasLimit: "0x1c9c380",
  gasUsed: "0x0",
  hash: "0x3aee76b5dea2d755bc3aada404b84177f4c432d77e4d246395e1da41389edc4e",
  logsBloom:
    "0x00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
  miner: "0x0000000000000000000000000000000000000000",
  mixHash: "0x0000000000000000000000000000000000000000000000000000000000000000",
  nonce: "0x0000000000000000",
  number: "0x2",
  parentHash: "0x8844be2d1d3cefaee4a7191a9bfc379a4abd029662d10cdec0940884bade2d42",
  receiptsRoot: "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
  sha3Uncles: "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347",
  stateRoot: "0xcb253c8ca4e2007261e8d1ab5a5364b387f5464777866da42173943864b466aa",
  timestamp: "0x6b031da7",
  transactionsRoot: "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
};

describe("the sealer of a block", () => {
  it("is recovered from the seal of a block that geth made", () => {
    assert.equal(sealerOf(sealed), LAB_SEALERS[0].address);
  });

  const changed = { ...sealed, gasUsed: "0x1" };
  const damage = (from: number) =>
    sealed.extraData.slice(0, from) + "00".repeat(20) + sealed.extraData.slice(from + 40);
  const cases: [string, RawHeader][] = [
    ["without a seal, as anvil's", { ...sealed, extraData: "0x" }],
    ["with vanity alone", { ...sealed, extraData: sealed.extraData.slice(0, 66) }],
    ["that is the genesis", { ...sealed, number: "0x0" }],
    ["whose hash is not of these fields", changed],
    ["whose seal was changed", { ...sealed, extraData: damage(70) }],
    ["of before London, with another hash", { ...sealed, baseFeePerGas: undefined }],
  ];
  for (const [which, header] of cases) {
    it(`is nobody for one ${which}`, () => {
      assert.equal(sealerOf(header), null);
    });
  }
});
