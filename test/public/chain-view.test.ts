import assert from "node:assert/strict";
import { feesAbove, signTransaction } from "../../chain/signer";
import { LAB_ACCOUNTS } from "../../common/lab";
import { ids } from "../../public/ids";
import { buyTokens, purchase } from "../../scripts/trading";
import { appears, type Opened, openPage, sharedHouse, shoot, text } from "../support/browser";
import { findChromium, need } from "../support/need";

describe("The chain view", function () {
  this.timeout(180_000);
  let opened: Opened;

  before(async function () {
    need(this, "chromium", findChromium() !== null);
    await buyTokens((await sharedHouse()).lab, "consumer2", "1");
    opened = await openPage({ context: { viewport: { width: 360, height: 800 } } });
  });
  after(async () => {
    await opened?.close();
  });

  it("shows the node, its newest block and what waits in it", async () => {
    const { page, house } = opened;
    await appears(page, ids.node("anvil"), "[data-state=answers]");
    assert.match(await text(page, ids.node("anvil")), /anvil[\s\S]*Answers[\s\S]*Pending\s*\d/);
    const shown = Number(await page.locator(`#${ids.nodeHead("anvil")}`).getAttribute("data-block"));
    assert.ok(shown <= Number(await house.chain.rpc<string>("eth_blockNumber")));
  });

  it("shows a purchase as the contract was asked for it, and a refused call as refused", async () => {
    const { page, house } = opened;
    const { lab } = house;
    const { txHash } = await purchase(lab, "consumer2", 3n, 2n);
    await appears(page, ids.call(txHash), "[data-call=transferAndCall][data-done=true]");
    const words = (await text(page, ids.call(txHash))).replace(/\s+/g, " ");
    assert.match(words, /EnergyToken\.transferAndCall .*value 0\.0003 NWT offerId 3 milliWh 2 mWh/);
    assert.ok(words.includes(LAB_ACCOUNTS.consumer2.address.slice(0, 6)));

    // The consumer is no prosumer; a wallet would not even ask, so this one is signed here.
    const { node, trade, chainId } = lab;
    const { address, privateKey } = LAB_ACCOUNTS.consumer2;
    const nonce = await node.nonce(address, "pending");
    const data = trade.methods.withdrawOffer(3n).encodeABI();
    const fees = feesAbove(20_000_000_000n);
    const fields = { chainId, nonce, to: trade.address, data, gasLimit: 200_000n, ...fees };
    const refused = await node.send(signTransaction(fields, privateKey).raw);
    await appears(page, ids.call(refused), "[data-call=withdrawOffer][data-done=false]");
    assert.match(await text(page, ids.call(refused)), /Refused/);
  });

  it("needs no more than 360 px, and nothing complains", async () => {
    const { page, complaints } = opened;
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    await shoot(page, "chain-view-360");
    assert.ok(overflow <= 0, `${overflow} px too wide`);
    assert.deepEqual(complaints, []);
  });
});
