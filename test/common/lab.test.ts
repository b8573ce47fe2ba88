import assert from "node:assert/strict";
import { mnemonicToSeedSync } from "ethereum-cryptography/bip39";
import { HDKey } from "ethereum-cryptography/hdkey";
import { privateKeyToAddress } from "web3-eth-accounts";
import { LAB_ACCOUNTS, LAB_MNEMONIC } from "../../common/lab";

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
