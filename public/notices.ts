/**
 * A named notice for each missing thing, with the one button that mends it. The standing ones follow from the state
 * (`standing-notices.ts`); the others tell how the last action ended.
 */
import type { MeterFault } from "../common/meter";
import type { Key } from "./i18n";
import { failureKind, messageOf } from "./wallet/failure";
import { ChainNotAddable } from "./wallet/network";
import { OldChainError } from "./wallet/wallet-chain";

export type NoticeName =
  | "pageOlder"
  | "configFailed"
  | "noWallet"
  | "wrongNetwork"
  | "walletElsewhere"
  | "walletOnOldChain"
  | "nonceAhead"
  | "chainAnother"
  | "walletOffline"
  | "walletLocked"
  | "noContracts"
  | "serverGone"
  | "nodeGone"
  | "chainSilent"
  | "busAway"
  | "rebuilding"
  | "meterHalted"
  | "homeFailed"
  | "meterFault"
  | "meterGone"
  | "simulationFailed"
  | "rejected"
  | "accountChanged"
  | "windowOpen"
  | "notConnected"
  | "staleNonce"
  | "noEther"
  | "chainNotAddable"
  | "unsupported"
  | "failed";

/** What was asked of the wallet, where it is not to send something: a choice against it has words of its own. */
export type AskedFor = "connect" | "switch" | "watch";

export interface Notice {
  name: NoticeName;
  /** Of `rejected` only. */
  askedFor?: AskedFor;
  /** Of `meterFault` only. */
  fault?: MeterFault;
  values?: Record<string, string | number>;
}

/** A choice is neutral, what passes by itself is information, what stops the person is a warning or an error. */
export type Tone = "neutral" | "info" | "warning" | "error";

/** What the button does; `actions` of the page carries it out. */
export type Mend =
  | "reload"
  | "reloadPage"
  | "getWallet"
  | "switchNetwork"
  | "switchAdded"
  | "retryServer"
  | "help"
  | "dismiss"
  | "connect"
  | "unlock"
  | "getEther";

interface Kind {
  tone: Tone;
  mend: Mend;
}

const KINDS: Record<NoticeName, Kind> = {
  pageOlder: { tone: "warning", mend: "reloadPage" },
  configFailed: { tone: "error", mend: "reload" },
  noWallet: { tone: "info", mend: "getWallet" },
  wrongNetwork: { tone: "warning", mend: "switchNetwork" },
  walletElsewhere: { tone: "warning", mend: "help" },
  walletOnOldChain: { tone: "warning", mend: "help" },
  nonceAhead: { tone: "warning", mend: "help" },
  chainAnother: { tone: "info", mend: "dismiss" },
  walletOffline: { tone: "warning", mend: "help" },
  walletLocked: { tone: "info", mend: "unlock" },
  noContracts: { tone: "error", mend: "reload" },
  serverGone: { tone: "warning", mend: "retryServer" },
  nodeGone: { tone: "warning", mend: "help" },
  chainSilent: { tone: "warning", mend: "help" },
  busAway: { tone: "warning", mend: "help" },
  rebuilding: { tone: "info", mend: "help" },
  meterHalted: { tone: "error", mend: "help" },
  homeFailed: { tone: "error", mend: "help" },
  meterFault: { tone: "warning", mend: "help" },
  meterGone: { tone: "warning", mend: "help" },
  simulationFailed: { tone: "warning", mend: "dismiss" },
  rejected: { tone: "neutral", mend: "dismiss" },
  accountChanged: { tone: "neutral", mend: "dismiss" },
  windowOpen: { tone: "info", mend: "dismiss" },
  notConnected: { tone: "info", mend: "connect" },
  staleNonce: { tone: "warning", mend: "help" },
  noEther: { tone: "warning", mend: "getEther" },
  chainNotAddable: { tone: "warning", mend: "switchAdded" },
  unsupported: { tone: "warning", mend: "dismiss" },
  failed: { tone: "error", mend: "dismiss" },
};

export const toneOf = ({ name }: Notice): Tone => KINDS[name].tone;
export const mendOf = ({ name }: Notice): Mend => KINDS[name].mend;
export const titleKey = ({ name, askedFor }: Notice): Key =>
  name === "rejected" && askedFor ? `notice.rejected.${askedFor}` : `notice.${name}.title`;
export const textKey = ({ name, fault }: Notice): Key =>
  fault ? `notice.meterFault.${fault}` : `notice.${name}.text`;
/** The panel's sensor meters nothing that is sold: energy flows on. */
const isOfPanel = (fault: MeterFault | undefined) =>
  fault === "panelBackwards" || fault === "panelOutOfRange";
/** Longer help, unfolded by the button of those whose mending is not the page's. */
const HELP = {
  walletElsewhere: "notice.walletElsewhere.help",
  walletOnOldChain: "notice.walletOnOldChain.help",
  nonceAhead: "notice.nonceAhead.help",
  walletOffline: "notice.walletOffline.help",
  nodeGone: "notice.nodeGone.help",
  chainSilent: "notice.chainSilent.help",
  busAway: "notice.busAway.help",
  rebuilding: "notice.rebuilding.help",
  meterHalted: "notice.meterHalted.help",
  homeFailed: "notice.homeFailed.help",
  meterGone: "notice.meterGone.help",
  staleNonce: "notice.staleNonce.help",
} as const;
export const helpKey = ({ name, fault }: Notice): Key | null =>
  fault
    ? `notice.meterFault.${isOfPanel(fault) ? "helpPanel" : "help"}`
    : name in HELP
      ? HELP[name as keyof typeof HELP]
      : null;
export const NOTICE_NAMES = Object.keys(KINDS) as NoticeName[];

const BY_FAILURE = {
  rejected: "rejected",
  windowOpen: "windowOpen",
  notConnected: "notConnected",
  staleNonce: "staleNonce",
  noEther: "noEther",
  unsupported: "unsupported",
  pageOlder: "pageOlder",
  walletOffline: "walletOffline",
  unknownChain: "wrongNetwork",
} as const;

/** What the last action's failure is called. */
export function noticeOf(error: unknown, askedFor?: AskedFor): Notice {
  if (error instanceof ChainNotAddable) return { name: "chainNotAddable" };
  if (error instanceof OldChainError) return { name: "walletOnOldChain" };
  const kind = failureKind(error);
  if (kind === "failed") return { name: "failed", values: { reason: messageOf(error) } };
  if (kind === "rejected" && askedFor) return { name: "rejected", askedFor };
  return { name: BY_FAILURE[kind] };
}
