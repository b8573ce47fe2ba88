/**
 * Truffle's settings. Networks:
 * - `embedded`: the chain that `npm start` keeps, on EMBEDDED_PORT (8545);
 * - `geth`: any clique network at RPC_URL, signed for with MNEMONIC; a lab's network needs neither;
 * - `test` and `develop`: Truffle's own ganache. None is called `development`: `truffle test` would take whatever listens there.
 *
 * Commands that need a running chain use `embedded` when no `--network` is given.
 */
import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import HDWalletProvider from "@truffle/hdwallet-provider";
import { EMBEDDED_CHAIN_ID, GETH_CHAIN_ID, isLabChain, LAB_MNEMONIC } from "./common/lab";
import { namingRefusals, printErrorsInOneLine, Refusals } from "./scripts/refusals";

const EMBEDDED_URL = `http://127.0.0.1:${process.env.EMBEDDED_PORT ?? "8545"}`;
const GETH_URL = process.env.RPC_URL ?? "http://127.0.0.1:8547";
/** Of Truffle's own chains. */
const TRUFFLE_CHAIN_ID = 4242;
/** Truffle asks for a receipt this often. */
const POLLING_MS = 200;
const ARTIFACTS_DIR = process.env.ARTIFACTS_DIR ?? join(__dirname, "build", "contracts");

const refusals = new Refusals(ARTIFACTS_DIR);
/** Truffle's commands for a chain that runs. Without a network they would look for one on Truffle's port 7545. */
const NEEDS_CHAIN = ["migrate", "deploy", "console", "exec", "call", "debug"];
/** In a process of its own, for what is typed into its console, Truffle has one argument: `--network embedded -- migrate`. */
const words = process.argv.slice(2).join(" ").split(/\s+/);
const typed = words[words.indexOf("--") + 1] || undefined;
/** Truffle takes a beginning for the whole: `truffle mig`. */
const isCommand = (name: string): boolean => typed !== undefined && name.startsWith(typed);

/** An error that people read: Truffle prints the stack of any that has one. */
function setupError(message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { stack: `Error: ${message}` });
}

/**
 * The chain id the node at `url` answers with. Truffle wants its provider at once, so the question is asked by a child.
 * @throws naming `setting` when nothing answers
 */
function askChainId(url: string, setting: string): number {
  const ask = `fetch(process.argv[1], { method: "POST", headers: { "content-type": "application/json" },
      body: '{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}', signal: AbortSignal.timeout(10_000) })
    .then((response) => response.json()).then(({ result }) => process.stdout.write(String(Number(result))))
    .catch(() => process.exit(1));`;
  try {
    return Number(execFileSync(process.execPath, ["-e", ask, url], { encoding: "utf8" }));
  } catch (cause) {
    throw setupError(
      `No Ethereum node answers at ${url}: start one (\`npm start\`, or \`npm run geth -- up\`), or set ${setting}.`,
      cause,
    );
  }
}

/** Signs with the lab's accounts on a lab's chain, and with MNEMONIC's on any other. */
function connect(url: string, setting: string): () => HDWalletProvider {
  let provider: HDWalletProvider | undefined;
  return () => {
    if (provider) return provider;
    const chainId = askChainId(url, setting);
    const phrase = process.env.MNEMONIC ?? LAB_MNEMONIC;
    if (phrase === LAB_MNEMONIC && !isLabChain(chainId, { rpcUrl: url })) {
      throw setupError(
        `The node at ${url} is on chain ${chainId}, which is no lab's (${EMBEDDED_CHAIN_ID} or ${GETH_CHAIN_ID}, on this machine): ` +
          `the well-known lab keys are refused there. Set MNEMONIC to the deployer's own, or correct ${setting}.`,
      );
    }
    const wallet = new HDWalletProvider({
      mnemonic: { phrase },
      providerOrUrl: url,
      numberOfAddresses: 10,
      pollingInterval: POLLING_MS,
      chainId,
    });
    // It looks for new blocks by itself. A look in vain (the chain has ended, or a compilation took long) is no reason
    // to end the program, which an error that nobody hears would do: the next call tells.
    wallet.engine.on("error", () => {});
    // The tests compare what the contract itself gave back.
    provider = isCommand("test") ? wallet : namingRefusals(wallet, refusals);
    return provider;
  };
}

/**
 * Ganache, inside of `truffle test`. Left to itself Truffle starts one chain for the whole machine, where a second
 * `truffle test` fails to connect; and at Shanghai, where opcodes that a clique network lacks would pass unseen.
 */
function testChain() {
  let provider: object | undefined;
  return () => {
    // Loaded when wanted: no other command needs it.
    const { default: ganache } = require("ganache") as typeof import("ganache");
    provider ??= ganache.provider({
      chain: { hardfork: "london", chainId: TRUFFLE_CHAIN_ID, networkId: TRUFFLE_CHAIN_ID },
      wallet: { mnemonic: LAB_MNEMONIC },
      logging: { quiet: true },
    });
    return provider;
  };
}

if (isCommand("console") || isCommand("develop")) printErrorsInOneLine(refusals);

const config = {
  ...(NEEDS_CHAIN.some(isCommand) && { network: "embedded" }),
  contracts_build_directory: ARTIFACTS_DIR,
  test_directory: "./test/contracts",
  networks: {
    embedded: {
      provider: connect(EMBEDDED_URL, "EMBEDDED_PORT"),
      network_id: EMBEDDED_CHAIN_ID,
      deploymentPollingInterval: POLLING_MS,
    },
    geth: { provider: connect(GETH_URL, "RPC_URL"), network_id: "*", deploymentPollingInterval: POLLING_MS },
    test: { provider: testChain(), network_id: TRUFFLE_CHAIN_ID },
    develop: { network_id: TRUFFLE_CHAIN_ID, hardfork: "london", port: 9545 },
  },
  mocha: { timeout: 120_000 },
  compilers: {
    solc: {
      // A version number here would be downloaded.
      version: dirname(require.resolve("solc/package.json")),
      settings: {
        // What a clique network (geth 1.10) runs at most.
        evmVersion: "london",
        viaIR: true,
        optimizer: { enabled: true, runs: 1_000_000 },
      },
    },
  },
  plugins: ["solidity-coverage"],
};
export = config;
