/** What goes away and comes back: the server, the meter. The page says what is missing and goes on by itself. */
import assert from "node:assert/strict";
import { ids } from "../../public/ids";
import { PluggedArduino } from "../support/arduino";
import {
  appears,
  connectLab,
  DELIVERY_MS,
  disappears,
  getTokens,
  newTrade,
  openPage,
  press,
  sharedHouse,
  shoot,
  text,
  type,
} from "../support/browser";
import { startHouse } from "../support/house";
import { connect, openWithMetaMask, toTheHouse } from "../support/metamask-page";
import { need } from "../support/need";

/** Chromium's own lines about a server that is not there, or has not found the contracts yet. */
const isOfAbsence = (line: string) =>
  /ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|WebSocket|503 \(Service Unavailable\)/.test(
    line,
  );

describe("The page in bad weather", function () {
  this.timeout(300_000);
  before(async function () {
    need(this, "chromium");
    await sharedHouse();
  });

  it("outlives its server: says so, sends nothing meanwhile, and catches up", async () => {
    const { page, house, complaints, close } = await openPage();
    const { lab } = house;
    await connectLab(page, "consumer");
    await getTokens(page, "1");
    const list = lab.trade.methods.listOffer(house.meter, 700n, 10n ** 20n, 3600n, 1n);
    await list.send(lab.from("prosumer"));
    const offerId = String(await lab.trade.methods.offerCount().call());
    await appears(page, ids.offer(offerId));

    await house.stopServer("SIGKILL");
    await appears(page, ids.notice("serverGone"));
    assert.equal(await page.locator(`#${ids.serverState}`).getAttribute("data-state"), "lost");
    await shoot(page, "server-gone");

    await lab.trade.methods.withdrawOffer(BigInt(offerId)).send(lab.from("prosumer"));
    await press(page, ids.offerBuy(offerId));
    // What the page shows cannot be checked: its way to the chain is its server's.
    await appears(page, ids.notice("walletOffline"));
    assert.equal(await page.locator(`#${ids.lab}`).count(), 0, "no window for what could not be checked");

    await press(page, ids.noticeMend("serverGone"));
    await house.startServer();
    await disappears(page, ids.notice("serverGone"));
    await disappears(page, ids.offer(offerId));
    assert.deepEqual(
      complaints.filter((line) => !isOfAbsence(line)),
      [],
    );
    await close();
  });

  it("checks through the wallet's own node what its server cannot check any more", async () => {
    const opened = await openWithMetaMask();
    const { page, wallet, house, complaints, close } = opened;
    const { lab } = house;
    await connect(opened, 2);
    await toTheHouse(opened);
    await press(page, ids.faucet);
    await page.locator(`#${ids.balanceEth}:not([data-exact="0"]):not([data-exact=""])`).waitFor();
    await type(page, ids.buyTokensAmount, "1");
    await press(page, ids.buyTokens);
    await wallet.confirm();
    await page.locator(`#${ids.balanceNwt}:not([data-exact="0"]):not([data-exact=""])`).waitFor();
    const list = lab.trade.methods.listOffer(house.meter, 700n, 10n ** 20n, 3600n, 1n);
    await list.send(lab.from("prosumer"));
    const offerId = String(await lab.trade.methods.offerCount().call());
    await appears(page, ids.offer(offerId));

    await house.stopServer("SIGKILL");
    await appears(page, ids.notice("serverGone"));
    await lab.trade.methods.withdrawOffer(BigInt(offerId)).send(lab.from("prosumer"));
    const windows = wallet.asked.filter((method) => method === "eth_sendTransaction").length;
    await press(page, ids.offerBuy(offerId));
    await appears(page, ids.notice("simulationFailed"));
    assert.match(
      await text(page, ids.notice("simulationFailed")),
      new RegExp(`Offer ${offerId} is no longer open: sold out or withdrawn\\.`),
    );
    assert.equal(wallet.asked.filter((method) => method === "eth_sendTransaction").length, windows);

    await house.startServer();
    await disappears(page, ids.notice("serverGone"));
    await disappears(page, ids.offer(offerId));
    assert.deepEqual(
      complaints.filter((line) => !isOfAbsence(line)),
      [],
    );
    await close();
  });

  it("keeps a purchase that is sped up while its server is away one purchase, by the wallet's own node", async () => {
    const house = await startHouse({ chain: { sealing: "manual" } });
    const opened = await openWithMetaMask({ house });
    const { page, wallet, complaints, close } = opened;
    try {
      await connect(opened, 2);
      await toTheHouse(opened);
      await press(page, ids.faucet);
      await page.locator(`#${ids.balanceEth}:not([data-exact="0"]):not([data-exact=""])`).waitFor();
      await type(page, ids.buyTokensAmount, "1");
      await press(page, ids.buyTokens);
      await wallet.confirm();
      await page.locator(`#${ids.balanceNwt}:not([data-exact="0"]):not([data-exact=""])`).waitFor();

      await house.stopServer("SIGKILL");
      await appears(page, ids.notice("serverGone"));
      house.holdBlocks();
      await press(page, ids.offerBuy("1"));
      await wallet.confirm();
      await page.locator("[data-kind=purchase]").waitFor();
      const first = wallet.sent.at(-1) ?? "";
      await appears(page, ids.transaction(first));
      // Only the node that has it can tell its number, and only until it is replaced.
      await page.waitForFunction(
        (hash) =>
          Object.entries(localStorage).some(
            ([key, value]) =>
              key.startsWith("neighborwatt/transactions/") &&
              (JSON.parse(value) as { hash: string; nonce: number | null }[]).some(
                (record) => record.hash === hash && record.nonce !== null,
              ),
          ),
        first,
      );
      const second = await wallet.speedUp(first);
      house.letBlocks();
      await appears(page, ids.transaction(second), "", DELIVERY_MS);
      await page.locator(`[id="${ids.transactionStatus(second)}"]`, { hasText: "Block" }).waitFor();

      await house.startServer();
      await disappears(page, ids.notice("serverGone"));
      await newTrade(page, []);
      assert.equal(await page.locator("#trades li.trade").count(), 1, "one purchase, one card");
      assert.equal(await page.locator("[data-kind=purchase]").count(), 1);
      assert.deepEqual(
        complaints.filter((line) => !isOfAbsence(line)),
        [],
      );
    } finally {
      await close();
      await house.stop();
    }
  });

  it("says that the contracts are missing, how to migrate them, and goes on when they are there", async () => {
    let isMigrated = false;
    const { page, close } = await openPage({
      awaits: `#${ids.notice("noContracts")}`,
      prepare: async (prepared) => {
        await prepared.route("**/api/config", (route) =>
          isMigrated
            ? route.continue()
            : route.fulfill({ status: 503, json: { error: { code: "noContracts", message: "none yet" } } }),
        );
      },
    });
    assert.match(await text(page, ids.notice("noContracts")), /truffle migrate|npm start/);
    await appears(page, ids.offer("1"));
    assert.equal(await page.locator(`#${ids.gridTariff}`).count(), 0, "nobody has said what the grid asks");
    assert.equal(await page.locator(`#${ids.offerSaving("1")}`).count(), 0);
    await shoot(page, "no-contracts");
    isMigrated = true;
    await press(page, ids.noticeMend("noContracts"));
    await disappears(page, ids.notice("noContracts"));
    await appears(page, ids.gridTariff);
    await appears(page, ids.offerSaving("1"));
    await close();
  });

  it("says what is wrong with the meter's wiring, and not to look at the cable", async function () {
    need(this, "socat");
    const arduino = new PluggedArduino();
    await arduino.start();
    const { page, house, complaints, close } = await openPage();
    try {
      await house.stopServer();
      await house.startServer({ METER: `serial:${arduino.path}` });
      await appears(page, ids.meterState, "[data-state=online]", 60_000);
      assert.equal(await page.locator(`#${ids.notice("meterFault")}`).count(), 0);

      await arduino.tell("reverse 2");
      await appears(page, ids.notice("meterFault"));
      assert.match(await text(page, ids.notice("meterFault")), /panel's current .*A2/);
      assert.equal(await page.locator(`#${ids.meterState}`).getAttribute("data-state"), "online");

      await arduino.tell("pin 1 0");
      await appears(page, ids.relay, "[data-relay=open]");
      await page.locator(`#${ids.notice("meterFault")}`, { hasText: "battery shows no voltage" }).waitFor();
      await press(page, ids.noticeMend("meterFault"));
      await appears(page, ids.notice("meterFault"), " .help");
      assert.match(await text(page, ids.notice("meterFault")), /docs\/wiring\.md/);
      assert.equal(await page.locator(`#${ids.notice("meterGone")}`).count(), 0);
      await shoot(page, "meter-fault");
    } finally {
      await house.stopServer();
      await arduino.stop();
      await house.startServer();
    }
    await disappears(page, ids.notice("meterFault"), 60_000);
    assert.deepEqual(
      complaints.filter((line) => !isOfAbsence(line)),
      [],
    );
    await close();
  });

  it("says that the meter is gone, what to do, and when it is back", async () => {
    const { page, house, complaints, close } = await openPage();
    await appears(page, ids.meterState, "[data-state=online]");
    await house.stopServer();
    await house.startServer({ METER: "serial:/dev/no-such-arduino" });
    await appears(page, ids.notice("meterGone"), "", 60_000);
    await appears(page, ids.relay, "[data-relay=open]");
    await press(page, ids.noticeMend("meterGone"));
    await appears(page, ids.notice("meterGone"), " .help");
    assert.match(await text(page, ids.notice("meterGone")), /USB cable/);
    await shoot(page, "meter-gone");
    await house.stopServer();
    await house.startServer();
    await disappears(page, ids.notice("meterGone"), 60_000);
    await appears(page, ids.meterState, "[data-state=online]");
    assert.deepEqual(
      complaints.filter((line) => !isOfAbsence(line)),
      [],
    );
    await close();
  });
});
