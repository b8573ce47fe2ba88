/** Which notices are up: those that follow from the state, and the last action's. */
import type { ConfigView } from "../common/api";
import type { HaltView, MeterView } from "../common/events";
import type { Notice } from "./notices";
import { configOf, shownMeter, walletName } from "./select";
import type { PageState } from "./state";
import { canBeAdded, isLoopback } from "./wallet/network";

/** What is missing now, the most basic first. */
export function standingNotices(state: PageState): Notice[] {
  const { served, own } = state.scripts;
  const isOlder = state.server === "online" && served !== null && own !== null && served !== own;
  return [...(isOlder ? [{ name: "pageOlder" } as const] : []), ...missingNotices(state)];
}

/** The address of the node means this very device, and the node is not on it. */
const isNodeElsewhere = (state: PageState, { rpcUrl }: ConfigView): boolean =>
  state.isElsewhere && isLoopback(new URL(rpcUrl).hostname);

/** There is none, and one that is installed now could trade here. */
export function isWithoutWallet(state: PageState): boolean {
  const config = configOf(state);
  const { found, isSearching } = state.wallet;
  return config !== null && found.length === 0 && !isSearching && !isNodeElsewhere(state, config);
}

function missingNotices(state: PageState): Notice[] {
  if (state.config.status === "failed")
    return [{ name: state.config.isWithoutContracts ? "noContracts" : "configFailed" }];
  const config = configOf(state);
  if (!config) return [];
  const notices: Notice[] = [];
  if (state.server === "lost") notices.push({ name: "serverGone" });
  if (state.server === "online" && state.chain) {
    const { state: chain, detail } = state.chain;
    if (chain === "noContracts") notices.push({ name: "noContracts" });
    if (chain === "nodeLost") notices.push({ name: "nodeGone", values: { detail } });
    if (chain === "silent") notices.push({ name: "chainSilent", values: { detail } });
    if (chain === "rebuilding") notices.push({ name: "rebuilding" });
  }
  if (state.server === "online" && state.bus !== null && state.bus.detail !== "")
    notices.push({ name: "busAway", values: { detail: state.bus.detail } });
  if (isWithoutWallet(state)) notices.push({ name: "noWallet" });
  else if (state.wallet.found.length === 0 && !state.wallet.isSearching)
    notices.push({ name: "walletElsewhere", values: { rpcUrl: config.rpcUrl } });
  if (state.wallet.status === "locked")
    notices.push({ name: "walletLocked", values: { wallet: walletName(state) } });
  if (state.wallet.status === "connected") {
    const values = { chain: config.chainName, wallet: walletName(state), rpcUrl: config.rpcUrl };
    if (state.wallet.isOffline) notices.push({ name: "walletOffline", values });
    else if (state.wallet.chainId !== config.chainId)
      notices.push({
        name: isNodeElsewhere(state, config)
          ? "walletElsewhere"
          : canBeAdded(config.rpcUrl)
            ? "wrongNetwork"
            : "chainNotAddable",
        values,
      });
    else if (state.wallet.isOnOldChain) notices.push({ name: "walletOnOldChain", values });
    if (state.nonceAhead) {
      const { nonce, expected } = state.nonceAhead;
      notices.push({ name: "nonceAhead", values: { ...values, nonce, expected } });
    }
  }
  const meter = shownMeter(state);
  if (state.server === "online" && meter) notices.push(...meterNotices(meter));
  return notices;
}

/** A fault of the wiring is no silence: the cable is in its place, and looking at it helps nobody. */
function meterNotices({ state, fault, halt }: MeterView): Notice[] {
  // How a stranger's meter is doing is for its own server to say.
  if (state === "elsewhere") return [];
  const halted: Notice[] = halt ? [haltNotice(halt)] : [];
  if (fault) return [...halted, { name: "meterFault", fault }];
  return state === "online" ? halted : [...halted, { name: "meterGone" }];
}

const haltNotice = (halt: HaltView): Notice =>
  halt.reason === "fault"
    ? { name: "homeFailed", values: { detail: halt.detail } }
    : { name: "meterHalted", values: { tradeId: String(halt.tradeId), block: halt.block } };

/** The standing ones, then the last action's, without naming one thing twice. */
export function noticesOf(state: PageState): Notice[] {
  const standing = standingNotices(state);
  // While the server is gone nothing of the page can be fetched, older or not.
  const last = state.server === "lost" && state.notice?.name === "pageOlder" ? null : state.notice;
  return !last || standing.some((notice) => notice.name === last.name) ? standing : [...standing, last];
}
