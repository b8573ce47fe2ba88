/** Truffle's commands as a newcomer types them: without a network, with a chain that runs and without one. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile } from "../../scripts/compile";
import { type EmbeddedChain, freePort, startEmbeddedChain } from "../../scripts/embedded-chain";
import { copyArtifacts, truffle } from "../support/truffle";
import { TruffleConsole } from "../support/truffle-console";

describe("truffle without --network", function () {
  this.timeout(300_000);
  let artifacts: string;
  let folder: string;
  let script: string;
  let chain: EmbeddedChain;
  before(async () => {
    await compile();
    artifacts = copyArtifacts();
    folder = mkdtempSync(join(tmpdir(), "nw-commands-"));
    script = join(folder, "say.js");
    writeFileSync(
      script,
      `module.exports = async (done) => {
        const trade = await artifacts.require("EnergyTrade").deployed();
        console.log("grace", String(await trade.GRACE_PERIOD()));
        done();
      };`,
    );
    chain = await startEmbeddedChain({ sealing: "instant" });
  });
  after(async () => {
    await chain?.stop();
    for (const each of [artifacts, folder]) if (each) rmSync(each, { recursive: true, force: true });
  });

  const run = (args: string[], port = chain.port) =>
    truffle(args, { ...process.env, ARTIFACTS_DIR: artifacts, EMBEDDED_PORT: String(port) });

  it("migrates to the chain that runs, and a second time keeps what is there", async () => {
    for (const said of [/Total deployments: +2/, /EnergyTrade is at 0x\w{40} already/]) {
      const { code, output } = await run(["migrate"]);
      assert.equal(code, 0, output);
      assert.match(output, /Network name: +'embedded'/);
      assert.match(output, said);
    }
  });

  it("takes a command's beginning, as Truffle does", async () => {
    const { code, output } = await run(["mig"]);
    assert.equal(code, 0, output);
    assert.match(output, /Network name: +'embedded'/);
  });

  it("runs a script there", async () => {
    const { code, output } = await run(["exec", script]);
    assert.equal(code, 0, output);
    assert.match(output, /Using network 'embedded'/);
    assert.match(output, /grace 600/);
  });

  it("migrates from inside the console", async () => {
    const there = await TruffleConsole.start(["console"], {
      ARTIFACTS_DIR: artifacts,
      EMBEDDED_PORT: String(chain.port),
    });
    assert.match(await there.type("migrate"), /Network name: +'embedded'/);
    await there.exit();
  });

  for (const args of [["migrate"], ["migrate", "--network", "embedded"], ["console"], ["exec"]])
    it(`says in one line what to start when no chain runs: truffle ${args.join(" ")}`, async () => {
      const port = await freePort();
      const { code, output } = await run(args[0] === "exec" ? ["exec", script] : args, port);
      assert.equal(code, 1);
      assert.ok(
        output.includes(
          `No Ethereum node answers at http://127.0.0.1:${port}: start one (\`npm start\`, or \`npm run geth -- up\`), or set EMBEDDED_PORT.`,
        ),
        output,
      );
      assert.doesNotMatch(output, /^ +at /m);
    });

  it("leaves a console open whose chain ends, and goes on with it when the chain is back", async () => {
    const first = await startEmbeddedChain({ sealing: "instant" });
    const { port } = first;
    const there = await TruffleConsole.start(["console"], {
      ARTIFACTS_DIR: artifacts,
      EMBEDDED_PORT: String(port),
    });
    await first.stop();
    // Time for some of the console's own looks at the chain, every 200 ms, which nothing outside of it shows.
    await there.type("await new Promise((done) => setTimeout(done, 1000))");
    assert.match(await there.type("await web3.eth.getBlockNumber()"), /ECONNREFUSED/);
    const second = await startEmbeddedChain({ sealing: "instant", port });
    assert.equal(await there.type("await web3.eth.getChainId()"), "13370");
    await there.exit();
    await second.stop();
  });
});
