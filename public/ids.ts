/**
 * The id of every control and every figure on the page, in one place: the views put them there, and tests or the drive
 * of a real wallet find them. An id never depends on the language.
 */
export const ids = {
  app: "app",
  announcer: "announcer",
  notices: "notices",
  noticeLast: "notice-last",

  // header
  languageEn: "language-en",
  languageKo: "language-ko",
  theme: "theme",
  serverState: "server-state",
  connect: "connect",
  offersConnect: "offers-connect",
  disconnect: "disconnect",
  account: "account",
  walletName: "wallet-name",
  walletMenu: "wallet-menu",
  chooserClose: "chooser-close",
  walletChoice: (rdns: string) => `wallet-choice-${rdns.replace(/[^a-z0-9]+/gi, "-")}`,

  // notices, and the one button that mends each
  notice: (name: string) => `notice-${name}`,
  noticeMend: (name: string) => `notice-${name}-mend`,
  noticeDismiss: (name: string) => `notice-${name}-dismiss`,
  /** Known to the busy list only: two notices have a button for it. */
  switchNetwork: "switch-network",
  copyNetworkName: "copy-network-name",
  copyRpcUrl: "copy-rpc-url",
  copyChainId: "copy-chain-id",
  copySymbol: "copy-symbol",

  // the street
  street: "street",
  streetScale: "street-scale",
  house: (meter: string) => `house-${meter}`,
  sale: (meter: string) => `sale-${meter}`,

  // live power
  flow: "flow",
  panelWatts: "panel-watts",
  batteryVolts: "battery-volts",
  relay: "relay",
  neighbourWatts: "neighbour-watts",
  neighbourAmperes: "neighbour-amperes",
  today: "today",
  register: "register",
  firmware: "firmware",
  meterState: "meter-state",
  houseChoice: "house-choice",
  chart: "chart",
  streetIn: "street-in",
  houseLoad: "house-load",
  houseGrid: "house-grid",
  houseImport: "house-import",
  houseExport: "house-export",
  houseSaved: "house-saved",
  houseEarned: "house-earned",

  // offers
  offers: "offers",
  gridTariff: "grid-tariff",
  offer: (offerId: Id) => `offer-${offerId}`,
  offerPrice: (offerId: Id) => `offer-${offerId}-price`,
  offerSaving: (offerId: Id) => `offer-${offerId}-saving`,
  offerRemaining: (offerId: Id) => `offer-${offerId}-remaining`,
  offerQuantity: (offerId: Id) => `offer-${offerId}-quantity`,
  offerUnit: (offerId: Id) => `offer-${offerId}-unit`,
  offerAll: (offerId: Id) => `offer-${offerId}-all`,
  offerSmallest: (offerId: Id) => `offer-${offerId}-smallest`,
  offerMoneyBack: (offerId: Id) => `offer-${offerId}-money-back`,
  offerPayment: (offerId: Id) => `offer-${offerId}-payment`,
  offerBuy: (offerId: Id) => `offer-${offerId}-buy`,

  // trades
  trades: "trades",
  tradesAll: "trades-all",
  trade: (tradeId: Id) => `trade-${tradeId}`,
  tradeStatus: (tradeId: Id) => `trade-${tradeId}-status`,
  tradeProgress: (tradeId: Id) => `trade-${tradeId}-progress`,
  tradeDelivered: (tradeId: Id) => `trade-${tradeId}-delivered`,
  tradePayment: (tradeId: Id) => `trade-${tradeId}-payment`,
  tradePaid: (tradeId: Id) => `trade-${tradeId}-paid`,
  tradeRefunded: (tradeId: Id) => `trade-${tradeId}-refunded`,
  tradeStep: (tradeId: Id, step: string) => `trade-${tradeId}-step-${step}`,
  tradeRefund: (tradeId: Id) => `trade-${tradeId}-refund`,
  tradeLink: (tradeId: Id) => `trade-${tradeId}-link`,

  // selling
  sell: "sell",
  sellMeter: "sell-meter",
  sellQuantity: "sell-quantity",
  sellUnit: "sell-unit",
  sellPrice: "sell-price",
  sellSmallest: "sell-smallest",
  sellWindow: "sell-window",
  sellList: "sell-list",
  sellOffer: (offerId: Id) => `sell-offer-${offerId}`,
  sellOfferSmallest: (offerId: Id) => `sell-offer-${offerId}-smallest`,
  sellWithdraw: (offerId: Id) => `sell-offer-${offerId}-withdraw`,

  // tokens
  tokens: "tokens",
  balanceNwt: "balance-nwt",
  balanceEth: "balance-eth",
  buyTokensAmount: "buy-tokens-amount",
  buyTokensCost: "buy-tokens-cost",
  buyTokens: "buy-tokens",
  redeemAmount: "redeem-amount",
  redeemAll: "redeem-all",
  redeemWorth: "redeem-worth",
  redeem: "redeem",
  faucet: "faucet",
  watchToken: "watch-token",

  // chain
  chain: "chain",
  chainName: "chain-name",
  chainState: "chain-state",
  chainHead: "chain-head",
  chainSealer: "chain-sealer",
  chainFollowed: "chain-followed",
  chainConfirmations: "chain-confirmations",
  contractToken: "contract-token",
  contractTrade: "contract-trade",
  transactions: "transactions",
  transaction: (txHash: string) => `transaction-${txHash}`,
  transactionStatus: (txHash: string) => `transaction-${txHash}-status`,
  transactionForget: (txHash: string) => `transaction-${txHash}-forget`,

  // the nodes and the blocks
  network: "network",
  networkPeriod: "network-period",
  node: (name: string) => `node-${name}`,
  nodeState: (name: string) => `node-${name}-state`,
  nodeHead: (name: string) => `node-${name}-head`,
  sealers: "sealers",
  blocks: "blocks",
  block: (block: number) => `block-${block}`,
  call: (txHash: string) => `call-${txHash}`,

  // the lab wallet's own window
  lab: "lab",
  labTitle: "lab-title",
  labAccount: (role: string) => `lab-account-${role}`,
  labAction: "lab-action",
  labFrom: "lab-from",
  labTo: "lab-to",
  labFee: "lab-fee",
  labConfirm: "lab-confirm",
  labReject: "lab-reject",
} as const;

/** Of an offer or a trade; a card of a purchase that is no trade yet has a text of its own. */
type Id = bigint | string;
