/** What each notice says, and what its one button is called. */
export const enNotices = {
  "notices.label": "Notices",
  "notices.last": "What you just did",
  "notice.pageOlder.title": "This page is older than the server.",
  "notice.pageOlder.text":
    "The house has a newer one now, and parts of this one are gone. Your trades go on meanwhile.",
  "notice.configFailed.title": "The house does not answer.",
  "notice.configFailed.text": "Its server gave no configuration. Is it still starting?",
  "notice.noWallet.title": "No wallet found.",
  "notice.noWallet.text": "You can look around; to trade, add a wallet such as MetaMask to this browser.",
  "notice.wrongNetwork.title": "Your wallet is on another network.",
  "notice.wrongNetwork.text": "This neighbourhood trades on {chain}.",
  "notice.walletElsewhere.title": "A wallet on this device cannot reach the chain.",
  "notice.walletElsewhere.text":
    "The house gives wallets the address {rpcUrl}, and on this device that is the device itself.",
  "notice.walletElsewhere.help":
    "Trade with the lab wallet where there is one: it needs no address. With a wallet of your own, trade on the machine that serves this page, or let its operator set PUBLIC_RPC_URL to an https address that this device reaches.",
  "notice.walletOnOldChain.title": "{wallet} is on an older chain of the same name.",
  "notice.walletOnOldChain.text":
    "The chain was begun anew and your wallet has not noticed. The page sends nothing until it has: a transaction could wait unseen and run later by itself.",
  "notice.walletOnOldChain.help":
    "Do both, in this order. First restart the browser: close all of its windows and open it again, so that the wallet forgets the old block number. Then clear the wallet's activity data: in MetaMask, Settings → Advanced → Clear activity tab data, with this network selected. Your keys stay as they are.",
  "notice.nonceAhead.title": "Your transaction waits for one that does not exist.",
  "notice.nonceAhead.text":
    "Your wallet gave it number {nonce}; the chain expects {expected}. It would run by itself, later, as soon as your account has sent the ones before.",
  "notice.nonceAhead.help":
    "Cancel it in your wallet if you no longer want it. Then restart the browser and clear the wallet's activity data: in MetaMask, Settings → Advanced → Clear activity tab data, with this network selected. After that the next transaction has the right number.",
  "notice.chainAnother.title": "This chain is another one than at your last visit.",
  "notice.chainAnother.text":
    "It was begun anew: what you bought and held on the old one is gone with it. With a wallet of your own, restart the browser and clear the wallet's activity data before you trade.",
  "notice.walletLocked.title": "{wallet} is locked.",
  "notice.walletLocked.text":
    "Unlock it: the page then connects again by itself. If you disconnected the page in the wallet, connect again.",
  "notice.walletOffline.title": "{wallet} has lost its node.",
  "notice.walletOffline.text": "Balances and transactions are as they were last seen.",
  "notice.walletOffline.help":
    "The wallet reaches the chain at {rpcUrl}. See that the node runs there and that no firewall or proxy is between; the page goes on by itself as soon as it answers.",
  "notice.noContracts.title": "No contracts on this chain.",
  "notice.noContracts.text":
    "They were not migrated to it, or the chain was reset. Start again with npm start, or run npx truffle migrate --network embedded (on geth: --network geth); then try again.",
  "notice.serverGone.title": "The server is gone.",
  "notice.serverGone.text":
    "What you see is the last it said. Your money is on the chain and safe; the page keeps trying.",
  "notice.nodeGone.title": "The house has lost its chain.",
  "notice.nodeGone.text": "Trades go on when the node is back.",
  "notice.nodeGone.help": "The server says: {detail}. Start the node again; nothing is lost meanwhile.",
  "notice.chainSilent.title": "No new blocks come.",
  "notice.chainSilent.text": "What you send waits until the chain goes on; what was bought is safe.",
  "notice.chainSilent.help":
    "The server says: {detail}. See that the node that seals is running and reaches the others.",
  "notice.busAway.title": "The houses of other servers are not heard as they should be.",
  "notice.busAway.text": "Buying, selling and delivering go on; how far others have delivered is not seen.",
  "notice.busAway.help":
    "The server says of the bus between servers: {detail}. See that the broker named by BUS runs, and that it lets this server in (docs/bus.md).",
  "notice.rebuilding.title": "The chain is another one than before.",
  "notice.rebuilding.text": "The house forgets the old one and reads the new one from its beginning.",
  "notice.rebuilding.help":
    "With a wallet of your own, restart the browser and clear the wallet's activity data for this network, or its block number and its numbering will be wrong.",
  "notice.meterHalted.title": "Another server uses this meter's key: delivery has stopped.",
  "notice.meterHalted.text":
    "Trade {tradeId} was settled in block {block} by a reading that this server has not signed. The relay is open and stays open: energy would flow twice and be paid once.",
  "notice.meterHalted.help":
    "Was the data folder copied, and both copies started? Stop the other server, or give it a data folder of its own (DATA_DIR) with a meter of its own. Then restart this one: it goes on where it stopped.",
  "notice.homeFailed.title": "A fault has stopped this house.",
  "notice.homeFailed.text": "It delivers nothing, its relay is open: {detail}.",
  "notice.homeFailed.help":
    "The other houses go on. The server's log says more. When it is mended, restart the server: the house goes on where it stopped.",
  "notice.meterFault.title": "The meter is wired wrong.",
  "notice.meterFault.text": "It shows what sound wiring cannot.",
  "notice.meterFault.currentBackwards":
    "The current to the neighbour flows backwards. Swap the two wires of the current sensor at A0.",
  "notice.meterFault.currentOutOfRange":
    "The current sensor shows more than it can measure. Check its wire to A0; or the load takes more than 5 A.",
  "notice.meterFault.currentThroughOpenRelay":
    "Current flows although the relay is open. Its contact is welded, or its wiring or the wire to A0 is wrong.",
  "notice.meterFault.noBatteryVolts":
    "The battery shows no voltage. Check the wire from its divider to A1, and the battery's fuse.",
  "notice.meterFault.batteryOutOfRange":
    "The battery's voltage is at the end of the scale. Check the divider at A1 and its ratio.",
  "notice.meterFault.panelBackwards":
    "The panel's current flows backwards. Swap the two wires of the sensor at A2.",
  "notice.meterFault.panelOutOfRange":
    "The panel's current sensor shows more than it can measure. Check its wire to A2.",
  "notice.meterFault.help":
    "The relay is open and no energy flows until this is mended. docs/wiring.md has the drawing. The meter tries again by itself, after five minutes at the latest; what was metered is kept.",
  "notice.meterFault.helpPanel":
    "Only the panel's figure is missing. What flows to the neighbour is metered and sold as before. docs/wiring.md has the drawing.",
  "notice.meterGone.title": "The meter is not answering.",
  "notice.meterGone.text": "Its relay is open and no energy flows. Deliveries go on when it is back.",
  "notice.meterGone.help":
    "See that the Arduino has power and its USB cable is plugged in at both ends; then wait a few seconds. The house reconnects by itself, and what was metered is kept.",
  "notice.simulationFailed.title": "This would fail, so it was not sent.",
  "notice.simulationFailed.text": "{reason}",
  "notice.rejected.title": "Not sent.",
  "notice.rejected.connect": "Not connected.",
  "notice.rejected.switch": "The network stays as it is.",
  "notice.rejected.watch": "Not added to your wallet.",
  "notice.rejected.text": "You said no in your wallet. Nothing has changed.",
  "notice.accountChanged.title": "Another account was chosen meanwhile.",
  "notice.accountChanged.text": "Nothing was sent. Press again to act with the account that is shown now.",
  "notice.windowOpen.title": "Your wallet already has a window open.",
  "notice.windowOpen.text": "Answer it first; it may be behind this one or in the toolbar.",
  "notice.notConnected.title": "Your wallet is no longer connected.",
  "notice.notConnected.text": "Connect it again to go on.",
  "notice.staleNonce.title": "Your wallet counts transactions of an older chain.",
  "notice.staleNonce.text": "The chain was reset under the same name.",
  "notice.staleNonce.help":
    "Restart the browser, then clear the wallet's activity data: in MetaMask, Settings → Advanced → Clear activity tab data, with this network selected. Your keys stay as they are. Then try again.",
  "notice.noEther.title": "Not enough ether for the fee.",
  "notice.noEther.text": "Every transaction costs its sender a little ether.",
  "notice.chainNotAddable.title": "Add this network by hand.",
  "notice.chainNotAddable.text":
    "Wallets add a network by one click only over https or at 127.0.0.1. Copy these into your wallet's “add a network” form. If it wants 127.0.0.1, forward the port: ssh -L 8545:127.0.0.1:8545 and the house's address.",
  "notice.unsupported.title": "Your wallet cannot do this.",
  "notice.unsupported.text": "Nothing has changed.",
  "notice.failed.title": "That did not work.",
  "notice.failed.text": "{reason}",
  "mend.reload": "Try again",
  "mend.reloadPage": "Reload the page",
  "mend.getWallet": "Get MetaMask",
  "mend.switchNetwork": "Switch network",
  "mend.switchAdded": "Added: switch to it",
  "mend.retryServer": "Try now",
  "mend.help": "What to do",
  "mend.dismiss": "OK",
  "mend.unlock": "Unlock",
  "mend.connect": "Connect",
  "mend.getEther": "Get ether",
  "network.name": "Network name",
  "network.rpc": "RPC address",
  "network.chainId": "Chain ID",
  "network.symbol": "Currency symbol",
  "network.copy": "Copy",
};
