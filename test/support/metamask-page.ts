/** The page with the stand-in for MetaMask: opened, connected, and brought to the house's chain. */

import assert from "node:assert/strict";
import type { ConfigView } from "../../common/api";
import type { Wire } from "../../common/wire";
import { ids } from "../../public/ids";
import { appears, disappears, type Opened, type OpenOptions, openPage, press } from "./browser";
import { MetaMaskStandIn } from "./metamask";

export type OpenedWithMetaMask = Opened & { wallet: MetaMaskStandIn };

/** @param config changes what the server says of itself */
export async function openWithMetaMask({
  config,
  ...options
}: Omit<OpenOptions, "prepare"> & {
  config?: (view: Wire<ConfigView>) => Wire<ConfigView>;
} = {}): Promise<OpenedWithMetaMask> {
  const wallet = new MetaMaskStandIn();
  const opened = await openPage({
    ...options,
    prepare: async (page) => {
      await wallet.install(page);
      if (config)
        await page.route("**/api/config", async (route) => {
          const view = (await (await route.fetch()).json()) as Wire<ConfigView>;
          await route.fulfill({ json: config(view) });
        });
    },
  });
  return { ...opened, wallet };
}

/** @param wallets how many there are: of two, one chooses */
export async function choose({ page }: OpenedWithMetaMask, wallets: 1 | 2): Promise<void> {
  await page.locator(`#${ids.connect}[data-wallets="${wallets}"]`).click();
  if (wallets === 2) await press(page, ids.walletChoice("io.metamask"));
}

export async function connect(opened: OpenedWithMetaMask, wallets: 1 | 2): Promise<void> {
  await choose(opened, wallets);
  assert.equal(await opened.wallet.confirm(), "wallet_requestPermissions");
  await appears(opened.page, ids.account);
}

export async function toTheHouse({ page, wallet }: OpenedWithMetaMask): Promise<void> {
  await press(page, ids.noticeMend("wrongNetwork"));
  assert.equal(await wallet.confirm(), "wallet_addEthereumChain");
  assert.equal(await wallet.confirm(), "wallet_switchEthereumChain");
  await disappears(page, ids.notice("wrongNetwork"));
}
