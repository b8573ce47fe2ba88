import assert from "node:assert/strict";
import { initialState } from "../../public/state";
import { createStore } from "../../public/store";
import { announceWallet, discoverWallets } from "../../public/wallet/discovery";
import { codeOf, type FailureKind, failureKind } from "../../public/wallet/failure";
import { ChainNotAddable, canBeAdded, chainParameters, switchChain } from "../../public/wallet/network";
import { failure, type ProviderDetail } from "../../public/wallet/provider";
import { startSession } from "../../public/wallet/session";
import { config, memoryStorage, refuse, scripted } from "./fixtures";

describe("A wallet's refusal", () => {
  const wrapped = [
    (code: number) => failure(code, "x"),
    (code: number) => ({ code: 100, message: "web3", cause: { code } }),
    (code: number) => ({ code: 100, message: "web3", innerError: { code } }),
    (code: number) => ({ code: -32603, message: "Internal", data: { originalError: { code } } }),
  ];
  for (const code of [4001, -32002, 4902])
    it(`${code} is found however deep it is wrapped`, () => {
      for (const wrap of wrapped) assert.equal(codeOf(wrap(code)), code);
    });

  // Recorded from the released extension: its codes and its sentences.
  const rows: [number, string, FailureKind][] = [
    [4001, "User rejected the request.", "rejected"],
    [4001, "MetaMask Tx Signature: User denied transaction signature.", "rejected"],
    [
      -32002,
      "Request of type 'wallet_requestPermissions' already pending for origin x. Please wait.",
      "windowOpen",
    ],
    [
      4902,
      'Unrecognized chain ID "0x343a". Try adding the chain using wallet_addEthereumChain first.',
      "unknownChain",
    ],
    [-32602, "Invalid parameters: must provide an Ethereum address.", "notConnected"],
    [-32602, "Expected an array with at least one valid string HTTPS url 'rpcUrls'", "failed"],
    [4900, "Disconnected", "walletOffline"],
    [-32601, "The method does not exist", "unsupported"],
    [-32603, "[ethjs-query] nonce too low", "staleNonce"],
    [-32000, "insufficient funds for gas * price + value", "noEther"],
  ];
  for (const [code, message, kind] of rows)
    it(`${code} "${message.slice(0, 40)}" is ${kind}`, () =>
      assert.equal(failureKind(failure(code, message)), kind));

  for (const odd of [null, undefined, "text", 7, {}, { code: "4001" }, new Error("x")])
    it(`${odd instanceof Error ? "an Error" : JSON.stringify(odd)} is a plain failure`, () => {
      assert.equal(codeOf(odd), null);
      assert.equal(failureKind(odd), "failed");
    });
});

describe("The network", () => {
  const addresses: [string, boolean][] = [
    ["http://127.0.0.1:8545", true],
    ["http://localhost:8545", true],
    ["https://node.example", true],
    ["http://192.168.0.9:8545", false],
    ["http://raspberrypi.local:8545", false],
    ["http://127.0.0.1.evil.example", false],
    ["ws://127.0.0.1:8545", false],
  ];
  for (const [address, expected] of addresses)
    it(`at ${address} ${expected ? "can" : "cannot"} be added by a wallet`, () =>
      assert.equal(canBeAdded(address), expected));

  it("is described as MetaMask accepts it", () => {
    assert.deepEqual(chainParameters(config), {
      chainId: "0x343a",
      chainName: "neighborwatt embedded",
      nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
      rpcUrls: ["http://127.0.0.1:8545"],
    });
  });

  it("is switched to without adding where the wallet knows it", async () => {
    const provider = scripted({ wallet_switchEthereumChain: () => null });
    await switchChain(provider, config);
    assert.deepEqual(provider.asked, ["wallet_switchEthereumChain"]);
  });

  it("is added where the wallet does not, and switched to where adding does not switch", async () => {
    for (const [chainAfterAdding, switches] of [
      ["0x343a", 1],
      ["0x1", 2],
    ] as const) {
      let isAdded = false;
      const provider = scripted({
        wallet_switchEthereumChain: () => (isAdded ? null : refuse(4902)()),
        wallet_addEthereumChain: () => {
          isAdded = true;
          return null;
        },
        eth_chainId: () => chainAfterAdding,
      });
      await switchChain(provider, config);
      assert.equal(
        provider.asked.filter((method) => method === "wallet_switchEthereumChain").length,
        switches,
      );
    }
  });

  it("on a LAN by http is never asked of a wallet that must refuse it", async () => {
    const provider = scripted({ wallet_switchEthereumChain: refuse(4902) });
    await assert.rejects(
      switchChain(provider, { ...config, rpcUrl: "http://192.168.0.9:8545" }),
      ChainNotAddable,
    );
    assert.deepEqual(provider.asked, ["wallet_switchEthereumChain"]);
  });

  it("a rejection of the switch stays a rejection", async () => {
    const provider = scripted({ wallet_switchEthereumChain: refuse(4001) });
    await assert.rejects(switchChain(provider, config), { code: 4001 });
  });
});

const ACCOUNT = "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc";
const CHECKSUMMED = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";

function metamask(answers: Parameters<typeof scripted>[0] = {}) {
  const listeners = new Map<string, (value: never) => void>();
  const provider = {
    ...scripted({
      eth_requestAccounts: () => [ACCOUNT],
      eth_accounts: () => [ACCOUNT],
      eth_chainId: () => "0x343a",
      ...answers,
    }),
    on: (event: string, listener: (value: never) => void) => listeners.set(event, listener),
    removeListener: (event: string) => listeners.delete(event),
  };
  const detail: ProviderDetail = {
    info: { uuid: "u", name: "MetaMask", rdns: "io.metamask", icon: "data:," },
    provider,
  };
  const emit = (event: string, value: unknown) => listeners.get(event)?.(value as never);
  return { detail, emit, listeners };
}

function house(storage = memoryStorage()) {
  const target = new EventTarget();
  const store = createStore({ ...initialState, config: { status: "ready", view: config, chain: "house" } });
  return { target, store, storage, session: startSession(store, target, storage) };
}

describe("The wallet's session", () => {
  it("finds a wallet that is there before the page and one that comes later, and no malformed one", () => {
    const target = new EventTarget();
    const found: string[] = [];
    announceWallet(target, metamask().detail);
    discoverWallets(target, ({ info }) => found.push(info.name));
    const late = { ...metamask().detail, info: { ...metamask().detail.info, uuid: "v", name: "Late" } };
    announceWallet(target, late);
    target.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: { info: {} } }));
    assert.deepEqual(found, ["MetaMask", "Late"]);
  });

  it("connects, follows account and chain, and is over while the wallet shows no account", async () => {
    const { target, store, session } = house();
    const { detail, emit } = metamask();
    announceWallet(target, detail);
    await session.connect("u");
    assert.deepEqual(
      { ...store.state.wallet, found: [] },
      {
        found: [],
        isSearching: true,
        status: "connected",
        name: "MetaMask",
        rdns: "io.metamask",
        account: CHECKSUMMED,
        chainId: 13370,
        isOffline: false,
        isOnOldChain: false,
      },
    );
    emit("chainChanged", "0x1");
    assert.equal(store.state.wallet.chainId, 1);
    emit("disconnect", { code: 4900 });
    assert.equal(store.state.wallet.isOffline, true);
    emit("connect", { chainId: "0x1" });
    assert.equal(store.state.wallet.isOffline, false);
    emit("accountsChanged", []);
    assert.equal(store.state.wallet.status, "locked");
    assert.equal(store.state.wallet.account, null);
    assert.throws(() => session.provider(), /No wallet is connected/);
  });

  const next = () => new Promise(setImmediate);
  const permitted = [{ parentCapability: "eth_accounts" }];
  for (const [what, answers, locked] of [
    ["says that it is permitted still", { wallet_getPermissions: () => permitted }, "locked"],
    ["cannot say whether it is permitted", {}, "locked"],
    ["has taken its permission back", { wallet_getPermissions: () => [] }, "none"],
  ] as const)
    it(`of a wallet that shows no account and ${what} is ${locked}`, async () => {
      const { target, store, session } = house();
      const { detail, emit } = metamask(answers);
      announceWallet(target, detail);
      await session.connect("u");
      emit("accountsChanged", []);
      await next();
      assert.equal(store.state.wallet.status, locked);
      emit("accountsChanged", [ACCOUNT]);
      await next();
      assert.equal(store.state.wallet.status, locked === "locked" ? "connected" : "none");
    });

  it("found locked after a reload says so, and connects when it is unlocked", async () => {
    const storage = memoryStorage();
    storage.setItem("neighborwatt/wallet", "io.metamask");
    const known: Parameters<typeof metamask>[0][] = [{ wallet_getPermissions: () => permitted }, {}];
    for (const answers of known) {
      const { target, store } = house(storage);
      const { detail, emit } = metamask({ eth_accounts: () => [], ...answers });
      announceWallet(target, detail);
      await next();
      const isSaid = "wallet_getPermissions" in (answers ?? {});
      assert.equal(store.state.wallet.status, isSaid ? "locked" : "none");
      emit("accountsChanged", [ACCOUNT]);
      await next();
      assert.deepEqual([store.state.wallet.status, store.state.wallet.account], ["connected", CHECKSUMMED]);
    }
  });

  it("stays locked when unlocking is refused", async () => {
    const { target, store, session } = house();
    let isLocked = false;
    const { detail, emit } = metamask({
      eth_requestAccounts: () => (isLocked ? refuse(4001)() : [ACCOUNT]),
    });
    announceWallet(target, detail);
    await session.connect("u");
    isLocked = true;
    emit("accountsChanged", []);
    await assert.rejects(session.connect("u"), { code: 4001 });
    assert.equal(store.state.wallet.status, "locked");
  });

  it("takes the account that was chosen while it connected", async () => {
    const { target, store, session } = house();
    const other = "0x90f79bf6eb2c4f870365e785982e1f101e93b906";
    const given = metamask({
      eth_chainId: () => {
        given.emit("accountsChanged", [other]);
        return "0x343a";
      },
    });
    announceWallet(target, given.detail);
    await session.connect("u");
    assert.equal(store.state.wallet.account?.toLowerCase(), other);
  });

  it("after a rejection is as if nothing had been asked", async () => {
    const { target, store, session } = house();
    announceWallet(target, metamask({ eth_requestAccounts: refuse(4001) }).detail);
    await assert.rejects(session.connect("u"), { code: 4001 });
    assert.equal(store.state.wallet.status, "none");
  });

  it("waits on when a second press finds the window open", async () => {
    const { target, store, session } = house();
    announceWallet(target, metamask({ eth_requestAccounts: refuse(-32002) }).detail);
    await assert.rejects(session.connect("u"), { code: -32002 });
    assert.equal(store.state.wallet.status, "connecting");
  });

  it("is found again after a reload without a window, and not after a disconnect", async () => {
    const storage = memoryStorage();
    const first = house(storage);
    announceWallet(first.target, metamask().detail);
    await first.session.connect("u");
    const second = house(storage);
    const again = metamask();
    announceWallet(second.target, again.detail);
    await new Promise(setImmediate);
    assert.equal(second.store.state.wallet.account, CHECKSUMMED);
    assert.ok(!(again.detail.provider as ReturnType<typeof scripted>).asked.includes("eth_requestAccounts"));
    await second.session.disconnect();
    const third = house(storage);
    announceWallet(third.target, metamask().detail);
    await new Promise(setImmediate);
    assert.equal(third.store.state.wallet.status, "none");
  });

  it("stops listening to a wallet it has left", async () => {
    const { target, session } = house();
    const { detail, listeners } = metamask();
    announceWallet(target, detail);
    await session.connect("u");
    assert.equal(listeners.size, 4);
    await session.disconnect();
    assert.equal(listeners.size, 0);
  });
});
