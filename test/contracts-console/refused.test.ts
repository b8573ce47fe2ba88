/** What `truffle console` and `truffle develop` print when a contract refuses: its error by name, in one line. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { compile } from "../../scripts/compile";
import { type EmbeddedChain, startEmbeddedChain } from "../../scripts/embedded-chain";
import { copyArtifacts } from "../support/truffle";
import { TruffleConsole } from "../support/truffle-console";

const REFUSED = "Uncaught Refused: OfferNotOpen(offerId: 99)";
/** Code that reverts with four bytes which are no error of ours. */
const UNKNOWN_ERROR = "0x63deadbeef6000526004601cfd";
const TRANSACTION = /transaction 0x[0-9a-f]{64} is sealed, and has failed/;

/** What is typed, and what the console answers: the whole of it, or a pattern. */
const SAID: [string, string | RegExp][] = [
  ["const token = await EnergyToken.new(1000, 1)", "undefined"],
  ["const trade = await EnergyTrade.new(token.address, 600)", "undefined"],
  ["await trade.purchase(99, 5, 1000, { from: accounts[2] })", REFUSED],
  ["await trade.purchase.sendTransaction(99, 5, 1000, { from: accounts[2] })", REFUSED],
  ["await trade.purchase.estimateGas(99, 5, 1000, { from: accounts[2] })", REFUSED],
  ["await trade.purchase.call(99, 5, 1000, { from: accounts[2] })", REFUSED],
  ["await new web3.eth.Contract(trade.abi, trade.address).methods.purchase(99, 5, 1000).call()", REFUSED],
  [
    "await token.transfer(accounts[1], 7, { from: accounts[2] })",
    /^Uncaught Refused: ERC20InsufficientBalance\(sender: 0x\w{40}, balance: 0, needed: 7\)$/,
  ],
  // No refusal of a contract: in one line too, and as it is.
  ["await trade.paymentFor(99, 'many')", /^Uncaught:?\s+Error: invalid BigNumber string .*$/],
  [`await web3.eth.call({ data: "${UNKNOWN_ERROR}" })`, /^Uncaught.*\n?.*revert.*$/],
  ["_error.data.result || _error.data", "'0xdeadbeef'"],
  ["nothingOfThisName", "Uncaught ReferenceError: nothingOfThisName is not defined"],
  ["[1, { a: 2 }]", "[ 1, { a: 2 } ]"],
];

describe("a call that a contract refuses", function () {
  this.timeout(300_000);
  let artifacts: string;
  let chain: EmbeddedChain;
  before(async () => {
    await compile();
    artifacts = copyArtifacts();
    chain = await startEmbeddedChain({ sealing: "instant" });
  });
  after(async () => {
    await chain?.stop();
    if (artifacts) rmSync(artifacts, { recursive: true, force: true });
  });

  for (const command of ["console", "develop"])
    describe(`in truffle ${command}`, () => {
      let truffle: TruffleConsole;
      before(async () => {
        truffle = await TruffleConsole.start([command], {
          ARTIFACTS_DIR: artifacts,
          EMBEDDED_PORT: String(chain.port),
        });
      });
      after(() => truffle?.exit());

      for (const [typed, said] of SAID)
        it(`answers ${typed}`, async () => {
          const answer = await truffle.type(typed);
          if (typeof said === "string") assert.equal(answer, said);
          else assert.match(answer, said);
        });

      it("names the transaction that was sent all the same, with the gas given", async () => {
        const answer = await truffle.type(
          "await trade.purchase(99, 5, 1000, { from: accounts[2], gas: 500000 })",
        );
        assert.match(answer, TRANSACTION);
        assert.equal(answer.split("\n").length, 1, answer);
        // Truffle gives `develop` a provider of its own, which does not tell.
        if (command === "console")
          assert.match(answer, /^Uncaught Refused with OfferNotOpen\(offerId: 99\): /);
      });

      it("is named for a program that catches it", async () => {
        await truffle.type('const { refusalOf } = require("./scripts/console")');
        for (const call of ["purchase", "purchase.call", "purchase.estimateGas"])
          assert.equal(
            await truffle.type(`await refusalOf(trade.${call}(99, 5, 1000, { from: accounts[2] }))`),
            "'OfferNotOpen(offerId: 99)'",
          );
        assert.equal(await truffle.type("await refusalOf(token.totalSupply())"), "'not refused'");
      });
    });

  it("is named in a program's own catch, on a chain that runs", async () => {
    const truffle = await TruffleConsole.start(["console"], {
      ARTIFACTS_DIR: artifacts,
      EMBEDDED_PORT: String(chain.port),
    });
    await truffle.type("const token = await EnergyToken.new(1000, 1)");
    const said = await truffle.type(
      "await token.transfer(accounts[1], 7, { from: accounts[2] }).catch((error) => error.message)",
    );
    assert.match(said, /ERC20InsufficientBalance/);
    await truffle.exit();
  });
});
