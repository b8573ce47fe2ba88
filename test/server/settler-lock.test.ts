import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { settlerKey } from "../../chain/settler-key";
import { privateKeyToAddress } from "../../chain/web3";
import { LAB_ACCOUNTS, LAB_MNEMONIC } from "../../common/lab";
import { lockSettler } from "../../server/settler-lock";

describe("the account that pays for settlements", () => {
  const settler = LAB_ACCOUNTS.settler.address;
  const node = "http://127.0.0.1:8545";
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "nw-settler-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  it("is refused to a second server on one chain, which names it and the setting", () => {
    const release = lockSettler(settler, node, folder);
    for (const url of [node, "http://localhost:8545/"])
      assert.throws(() => lockSettler(settler.toLowerCase(), url, folder), {
        message:
          /another server on this machine pays .* from 0x15d34aaf.*SETTLER_INDEX to another number, such as 6/,
      });
    release();
    lockSettler(settler, node, folder)();
  });

  it("is free for another chain, and another account is free for this one", () => {
    const releases = [
      lockSettler(settler, node, folder),
      lockSettler(settler, "http://127.0.0.1:8546", folder),
      lockSettler(LAB_ACCOUNTS.faucet.address, node, folder),
    ];
    for (const release of releases) release();
  });

  it("is free again after a server that was killed", () => {
    const program = `
      require("./server/settler-lock").lockSettler(${JSON.stringify(settler)}, ${JSON.stringify(node)}, ${JSON.stringify(folder)});
      process.kill(process.pid, "SIGKILL");`;
    const { signal } = spawnSync(process.execPath, ["--require", "tsx/cjs", "-e", program], {
      cwd: join(__dirname, "..", ".."),
    });
    assert.equal(signal, "SIGKILL");
    lockSettler(settler, node, folder)();
  });

  it("has the number that the settings give it", () => {
    assert.equal(privateKeyToAddress(settlerKey(LAB_MNEMONIC, 13370)), settler);
    assert.equal(settlerKey(LAB_MNEMONIC, 13370, 4), LAB_ACCOUNTS.settler.privateKey);
    // m/44'/60'/0'/0/6 of the lab's words: Hardhat and Foundry print it as account 6.
    assert.equal(
      privateKeyToAddress(settlerKey(LAB_MNEMONIC, 13370, 6)),
      "0x976EA74026E726554dB657fA54763abd0C3a0aa9",
    );
  });
});
