/** The page on the two-node network, with an extension's wallet, in Chromium. */
import assert from "node:assert/strict";
import { GETH_CHAIN_ID } from "../../common/lab";
import { BASE_UNITS, paymentFor } from "../../common/units";
import { LAB_SEALERS } from "../../geth/lab";
import { ids } from "../../public/ids";
import { labNodes } from "../../scripts/geth-lab";
import {
  appears,
  confirmLab,
  connectLab,
  DELIVERY_MS,
  exact,
  getTokens,
  newTrade,
  openPage,
  press,
  shoot,
  text,
  tradeIds,
  type,
} from "../support/browser";
import { needGeth, TestNetwork } from "../support/geth";
import { type House, startHouse } from "../support/house";
import { connect, type OpenedWithMetaMask, openWithMetaMask, toTheHouse } from "../support/metamask-page";
import { need } from "../support/need";
import { until } from "../support/until";

const [SEALER] = LAB_SEALERS;

describe("The page on the two-node network", function () {
  this.timeout(300_000);
  let net: TestNetwork;
  let house: House;
  let opened: OpenedWithMetaMask;

  before(async function () {
    need(this, "chromium");
    await needGeth(this);
    net = await TestNetwork.start();
    const { dir, rpcUrl } = net;
    const nodes = labNodes(rpcUrl, GETH_CHAIN_ID, { dir, rpcUrl });
    assert.ok(nodes, "the lab's nodes");
    house = await startHouse({ gethRpcUrl: rpcUrl, env: { CHAIN_NODES: nodes } });
    opened = await openWithMetaMask({ house });
  });
  after(async () => {
    await opened?.close();
    await house?.stop();
    await net?.stop();
  });

  it("offers MetaMask the network by its own chain id, beside the lab wallet of a lab's network", async () => {
    const { page, wallet } = opened;
    await connect(opened, 2);
    await appears(page, ids.notice("wrongNetwork"));
    await toTheHouse(opened);
    assert.equal(Number(wallet.chainId), GETH_CHAIN_ID);
    assert.match(await text(page, ids.chainName), new RegExp(String(GETH_CHAIN_ID)));
  });

  it("brings an empty wallet from the faucet to a settled trade, whose blocks the chain view shows", async () => {
    const { page, wallet } = opened;
    assert.equal(await exact(page, ids.balanceEth), 0n);
    await press(page, ids.faucet);
    await page.locator(`#${ids.balanceEth}:not([data-exact="0"]):not([data-exact=""])`).waitFor();
    await type(page, ids.buyTokensAmount, "2");
    await press(page, ids.buyTokens);
    assert.equal(await wallet.confirm(), "eth_sendTransaction");
    await page.locator(`#${ids.balanceNwt}[data-exact="${2n * BASE_UNITS}"]`).waitFor();

    await type(page, ids.offerQuantity("2"), "2");
    await press(page, ids.offerBuy("2"));
    await wallet.confirm();
    const tradeId = await newTrade(page, []);
    await appears(page, ids.trade(tradeId), "[data-status=delivering]", DELIVERY_MS);
    await shoot(page, "geth-delivering");
    await appears(page, ids.trade(tradeId), "[data-status=settled]", DELIVERY_MS);
    const paid = await exact(page, ids.tradePaid(tradeId));
    const refunded = await exact(page, ids.tradeRefunded(tradeId));
    assert.equal(paid + refunded, paymentFor(2n, 135n * BASE_UNITS));
    await page.locator(`#${ids.balanceNwt}[data-exact="${2n * BASE_UNITS - paid}"]`).waitFor();

    const { trade } = await house.untilSettled(BigInt(tradeId));
    await appears(page, ids.call(trade.opened.txHash), "[data-call=transferAndCall][data-done=true]");
    const { block } = trade.opened;
    await until("the page's own list has it in that block", async () =>
      (await text(page, ids.transactionStatus(trade.opened.txHash))).endsWith(` ${block}`),
    );
    await appears(page, ids.call(trade.settlements.at(-1)!.txHash), "[data-done=true]");
  });

  it("lets a newcomer without any extension trade here too, with the lab wallet", async () => {
    const { page, complaints, close } = await openPage({ house });
    await connectLab(page, "consumer");
    await getTokens(page, "1");
    const known = await tradeIds(page);
    await type(page, ids.offerQuantity("1"), "1");
    await press(page, ids.offerBuy("1"));
    await confirmLab(page);
    const tradeId = await newTrade(page, known);
    await appears(page, ids.trade(tradeId), "[data-status=settled]", DELIVERY_MS);
    assert.deepEqual(complaints, []);
    await close();
  });

  it("shows both nodes at work, and one that was killed as not answering", async () => {
    const { page, complaints } = opened;
    for (const name of ["node1", "node2"]) await appears(page, ids.node(name), "[data-state=answers]");
    assert.ok((await text(page, ids.sealers)).includes(SEALER.address.slice(0, 6)));
    const sealers = await page
      .locator(`#${ids.blocks} > li`)
      .evaluateAll((blocks) => blocks.map((block) => (block as HTMLElement).dataset.sealer));
    assert.ok(sealers.length > 1);
    assert.deepEqual([...new Set(sealers)], [SEALER.address]);
    await shoot(page, "geth-nodes");
    await net.kill(1);
    await appears(page, ids.node("node1"), "[data-state=silent]");
    await appears(page, ids.node("node2"), "[data-state=answers]");
    await shoot(page, "geth-node-killed");
    await net.up();
    await appears(page, ids.node("node1"), "[data-state=answers]");
    assert.deepEqual(complaints, []);
  });
});
