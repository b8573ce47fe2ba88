import assert from "node:assert/strict";
import { mnemonicToSeedSync } from "ethereum-cryptography/bip39";
import { HDKey } from "ethereum-cryptography/hdkey";
import { privateKeyToAddress } from "web3-eth-accounts";
import { isLabChain, LAB_ACCOUNTS, LAB_MNEMONIC } from "../../common/lab";

describe("lab accounts", () => {
  const master = HDKey.fromMasterSeed(mnemonicToSeedSync(LAB_MNEMONIC));
  for (const [role, { index, address, privateKey }] of Object.entries(LAB_ACCOUNTS)) {
    it(`${role} is account ${index} of the well-known mnemonic`, () => {
      const key = master.derive(`m/44'/60'/0'/0/${index}`).privateKey;
      assert.ok(key);
      assert.equal(`0x${Buffer.from(key).toString("hex")}`, privateKey);
      assert.equal(privateKeyToAddress(privateKey), address);
    });
  }
});

describe("a lab's chain", () => {
  const own = "legal winner thank year wave sausage worth useful legal winner thank yellow";
  const here = "http://127.0.0.1:8545";
  const rows: [
    what: string,
    chainId: number,
    known: { rpcUrl?: string; mnemonic?: string },
    isLab: boolean,
  ][] = [
    ["the embedded one", 13370, { rpcUrl: here, mnemonic: LAB_MNEMONIC }, true],
    ["geth's on this machine", 13371, { rpcUrl: "http://localhost:8547", mnemonic: LAB_MNEMONIC }, true],
    ["one reached by IPv6", 13371, { rpcUrl: "http://[::1]:8547" }, true],
    ["anvil's own address", 13370, { rpcUrl: "http://127.81.3.9:40001" }, true],
    ["an id, where nothing else is known", 13371, {}, true],
    ["no lab's id with the lab's words", 1, { rpcUrl: here, mnemonic: LAB_MNEMONIC }, false],
    ["no lab's id, where nothing else is known", 4711, {}, false],
    ["Truffle's own", 4242, { rpcUrl: here }, false],
    [
      "a lab's id on another machine",
      13371,
      { rpcUrl: "http://10.0.0.2:8547", mnemonic: LAB_MNEMONIC },
      false,
    ],
    [
      "a lab's id on a name that begins as this machine's",
      13370,
      { rpcUrl: "http://127.0.0.1.example" },
      false,
    ],
    ["a lab's id behind a name before an @", 13370, { rpcUrl: "http://127.0.0.1@far.example" }, false],
    ["the embedded one with words of one's own", 13370, { rpcUrl: here, mnemonic: own }, false],
    ["geth's with words of one's own", 13371, { rpcUrl: here, mnemonic: own }, false],
    [
      "the lab's words in other letters",
      13370,
      { rpcUrl: here, mnemonic: LAB_MNEMONIC.toUpperCase() },
      false,
    ],
    ["no number", Number.NaN, { rpcUrl: here }, false],
  ];
  for (const [what, chainId, known, isLab] of rows)
    it(`${isLab ? "is" : "is not"} ${what}`, () => {
      assert.equal(isLabChain(chainId, known), isLab);
    });
});
