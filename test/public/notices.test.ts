import assert from "node:assert/strict";
import type { MeterFault } from "../../common/meter";
import { translator } from "../../public/i18n";
import { helpKey, mendOf, type Notice, noticeOf, textKey, toneOf } from "../../public/notices";
import { noticesOf, standingNotices } from "../../public/standing-notices";
import { initialState, type PageState } from "../../public/state";
import { ChainNotAddable } from "../../public/wallet/network";
import { failure } from "../../public/wallet/provider";
import { config, METER, meter, readyState, snapshot } from "./fixtures";

const names = (state: PageState) => standingNotices(state).map(({ name }) => name);
const withWallet = (change: Partial<PageState["wallet"]>): PageState => ({
  ...readyState,
  wallet: { ...readyState.wallet, ...change },
});
const withChain = (state: "following" | "silent" | "nodeLost" | "rebuilding" | "noContracts"): PageState => ({
  ...readyState,
  chain: { ...snapshot.chain, state },
});

describe("Standing notices", () => {
  const lan = { ...config, rpcUrl: "http://192.168.0.9:8545" };
  const rows: [string, PageState, string[]][] = [
    ["everything in order", readyState, []],
    ["nothing known yet", initialState, []],
    [
      "no configuration",
      { ...initialState, config: { status: "failed", isWithoutContracts: false } },
      ["configFailed"],
    ],
    [
      "server without contracts",
      { ...initialState, config: { status: "failed", isWithoutContracts: true } },
      ["noContracts"],
    ],
    ["server gone", { ...readyState, server: "lost" }, ["serverGone"]],
    ["no wallet", withWallet({ found: [], status: "none" }), ["noWallet"]],
    ["no wallet yet", withWallet({ found: [], status: "none", isSearching: true }), []],
    ["wallet elsewhere", withWallet({ chainId: 1 }), ["wrongNetwork"]],
    [
      "wallet elsewhere, chain on a LAN by http",
      { ...withWallet({ chainId: 1 }), config: { status: "ready", view: lan, chain: "lan" } },
      ["chainNotAddable"],
    ],
    ["wallet without its node", withWallet({ isOffline: true }), ["walletOffline"]],
    ["wallet on the chain before", withWallet({ isOnOldChain: true }), ["walletOnOldChain"]],
    [
      "page of an earlier build",
      { ...readyState, scripts: { served: "index-b.js", own: "index-a.js" } },
      ["pageOlder"],
    ],
    ["page of this build", { ...readyState, scripts: { served: "index-a.js", own: "index-a.js" } }, []],
    [
      "a transaction numbered too high",
      { ...readyState, nonceAhead: { hash: "0x1", nonce: 7, expected: 2 } },
      ["nonceAhead"],
    ],
    [
      "a phone whose wallet would look for the chain on the phone",
      { ...withWallet({ chainId: 1 }), isElsewhere: true },
      ["walletElsewhere"],
    ],
    [
      "a phone without a wallet",
      { ...withWallet({ found: [], status: "none" }), isElsewhere: true },
      ["walletElsewhere"],
    ],
    ["no contracts", withChain("noContracts"), ["noContracts"]],
    ["node gone", withChain("nodeLost"), ["nodeGone"]],
    ["a bus that is well", { ...readyState, bus: { state: "connected", detail: "" } }, []],
    ["a broker that is away", { ...readyState, bus: { state: "away", detail: "refused" } }, ["busAway"]],
    [
      "a broker that refuses something",
      { ...readyState, bus: { state: "connected", detail: "refused" } },
      ["busAway"],
    ],
    ["sealer stopped", withChain("silent"), ["chainSilent"]],
    ["chain reset", withChain("rebuilding"), ["rebuilding"]],
    [
      "the panel's sensor the wrong way round",
      { ...readyState, meters: { [METER]: { ...meter, fault: "panelBackwards" } } },
      ["meterFault"],
    ],
    [
      "the neighbour's sensor the wrong way round",
      { ...readyState, meters: { [METER]: { ...meter, state: "lost", fault: "currentBackwards" } } },
      ["meterFault"],
    ],
    [
      "a second server with the meter's key",
      {
        ...readyState,
        meters: {
          [METER]: {
            ...meter,
            halt: { reason: "secondSigner", tradeId: 1_000_001n, block: 9, txHash: "0x1" },
          },
        },
      },
      ["meterHalted"],
    ],
    [
      "a second server with the meter's key, and a cable that is out",
      {
        ...readyState,
        meters: {
          [METER]: {
            ...meter,
            state: "lost",
            halt: { reason: "secondSigner", tradeId: 1_000_001n, block: 9, txHash: "0x1" },
          },
        },
      },
      ["meterHalted", "meterGone"],
    ],
    [
      "a house that a fault has stopped",
      { ...readyState, meters: { [METER]: { ...meter, halt: { reason: "fault", detail: "no signature" } } } },
      ["homeFailed"],
    ],
    [
      "a meter of another server, of which this one knows nothing",
      {
        ...readyState,
        meters: { [METER]: { ...meter, state: "elsewhere", relay: null, todayMilliWh: null } },
      },
      [],
    ],
    ["meter lost", { ...readyState, meters: { [METER]: { ...meter, state: "lost" } } }, ["meterGone"]],
  ];
  for (const [situation, state, expected] of rows)
    it(`${situation}: ${expected.join(", ") || "none"}`, () => assert.deepEqual(names(state), expected));

  it("call no page older while the server is gone", () => {
    const failed = { message: "Failed to fetch dynamically imported module: http://x/assets/lab-1.js" };
    assert.deepEqual(noticeOf(failed), { name: "pageOlder" });
    const state = { ...readyState, notice: noticeOf(failed) };
    assert.deepEqual(
      noticesOf(state).map(({ name }) => name),
      ["pageOlder"],
    );
    assert.deepEqual(
      noticesOf({ ...state, server: "lost" }).map(({ name }) => name),
      ["serverGone"],
    );
  });

  it("blame the server alone for what only the server could know", () => {
    const lost = {
      ...readyState,
      server: "lost" as const,
      meters: { [METER]: { ...meter, state: "lost" as const } },
    };
    assert.deepEqual(names(lost), ["serverGone"]);
  });
});

describe("The notice of a meter that is wired wrong", () => {
  const t = translator("en");
  const rows: [MeterFault, RegExp, RegExp][] = [
    ["currentBackwards", /Swap the two wires .*A0/, /relay is open/],
    ["currentOutOfRange", /wire to A0/, /relay is open/],
    ["currentThroughOpenRelay", /contact is welded/, /relay is open/],
    ["noBatteryVolts", /A1/, /relay is open/],
    ["batteryOutOfRange", /divider at A1/, /relay is open/],
    ["panelBackwards", /Swap the two wires .*A2/, /metered and sold as before/],
    ["panelOutOfRange", /wire to A2/, /metered and sold as before/],
  ];
  for (const [fault, mend, help] of rows)
    it(`says of ${fault} what to do, and what it means for the sale`, () => {
      const notice: Notice = { name: "meterFault", fault };
      assert.match(t(textKey(notice)), mend);
      assert.match(t(helpKey(notice)!), help);
      assert.doesNotMatch(t(textKey(notice)) + t(helpKey(notice)!), /USB/);
    });
});

describe("The last action's notice", () => {
  const rows: [unknown, string, string, string][] = [
    [failure(4001, "User rejected the request."), "rejected", "neutral", "dismiss"],
    [failure(-32002, "already pending"), "windowOpen", "info", "dismiss"],
    [failure(4902, "Unrecognized chain ID"), "wrongNetwork", "warning", "switchNetwork"],
    [failure(4100, ""), "notConnected", "info", "connect"],
    [failure(4900, ""), "walletOffline", "warning", "help"],
    [failure(-32603, "nonce too high"), "staleNonce", "warning", "help"],
    [failure(-32000, "insufficient funds for gas"), "noEther", "warning", "getEther"],
    [new ChainNotAddable("http://192.168.0.9:8545"), "chainNotAddable", "warning", "switchAdded"],
    [failure(-32603, "boom"), "failed", "error", "dismiss"],
    [new Error("a bug"), "failed", "error", "dismiss"],
  ];
  for (const [error, name, tone, mend] of rows)
    it(`is ${name}, ${tone}, mended by ${mend}`, () => {
      const notice = noticeOf(error);
      assert.equal(notice.name, name);
      assert.equal(toneOf(notice), tone);
      assert.equal(mendOf(notice), mend);
    });

  it("is not shown beside a standing one of the same name", () => {
    const state = { ...withWallet({ chainId: 1 }), notice: { name: "wrongNetwork" as const } };
    assert.deepEqual(
      noticesOf(state).map(({ name }) => name),
      ["wrongNetwork"],
    );
  });
});
