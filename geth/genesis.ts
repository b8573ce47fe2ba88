/**
 * `npm run geth:genesis`: has puppeth write `geth/genesis.json` again.
 * `npm run geth:genesis -- --fresh FOLDER`: new accounts and a genesis of one's own, outside the tree.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { generateMnemonic, mnemonicToSeedSync } from "ethereum-cryptography/bip39";
import { wordlist } from "ethereum-cryptography/bip39/wordlists/english";
import { HDKey } from "ethereum-cryptography/hdkey";
import { privateKeyToAddress } from "web3-eth-accounts";
import { GETH_CHAIN_ID } from "../common/lab";
import { makeAccount } from "./accounts";
import { GENESIS_FILE, labPlaces, makeFolder, nodeCount, type Place, PROFILES, type Profile } from "./folder";
import { LAB_FUNDED, LAB_SEALERS } from "./lab";
import { lookForGeth, lookForPuppeth, ROOT, requireProgram } from "./programs";
import { type Genesis, type GenesisRequest, makeGenesis } from "./puppeth";

/** What `geth/genesis.json` was asked for. */
export const LAB_REQUEST: GenesisRequest = {
  chainId: GETH_CHAIN_ID,
  period: 1,
  sealers: [LAB_SEALERS[0].address],
  funded: LAB_FUNDED,
};

/** Accounts of a fresh mnemonic that the genesis makes rich: as many as the lab's. */
const FRESH_FUNDED = 10;

const asText = (genesis: Genesis): string => `${JSON.stringify(genesis, null, 2)}\n`;

/** True when the two differ in nothing but the moment puppeth ran. */
export const isSameButForTime = (a: Genesis, b: Genesis): boolean =>
  asText({ ...a, timestamp: "" }) === asText({ ...b, timestamp: "" });

async function rewriteLabGenesis(): Promise<void> {
  const made = await makeGenesis(requireProgram(lookForPuppeth()), LAB_REQUEST);
  const kept = fs.existsSync(GENESIS_FILE)
    ? (JSON.parse(fs.readFileSync(GENESIS_FILE, "utf8")) as Genesis)
    : null;
  if (kept && isSameButForTime(made, kept)) {
    return console.log(
      "puppeth writes what is in geth/genesis.json already, its timestamp aside: left as it is.",
    );
  }
  fs.writeFileSync(GENESIS_FILE, asText(made));
  console.log("geth/genesis.json is new; a lab that is up keeps its own until `npm run geth -- wipe`.");
}

/** Addresses 0 to count − 1 of a mnemonic, by Truffle's and MetaMask's path m/44'/60'/0'/0/i. */
export function addressesOf(mnemonic: string, count: number): string[] {
  const root = HDKey.fromMasterSeed(mnemonicToSeedSync(mnemonic));
  return Array.from({ length: count }, (_, i) => {
    const key = root.derive(`m/44'/60'/0'/0/${i}`).privateKey;
    if (key === null) throw new Error(`no private key at m/44'/60'/0'/0/${i}`);
    return privateKeyToAddress(key);
  });
}

export interface FreshSettings {
  profile: Profile;
  period: number;
  chainId: number;
  /** Addresses made elsewhere, on the machines that will seal: then no account and no network folder is made here. */
  sealers: string[];
  /** Addresses to make rich; without any, a new mnemonic's. */
  funded: string[];
  /** Where the nodes listen; the lab's fixed ports when left out. */
  places?: readonly Place[];
}

/** The genesis, and unless the sealers are named, a folder that `npm run geth -- up --dir` starts. */
export async function makeFresh(dir: string, settings: FreshSettings): Promise<void> {
  refusePlace(dir);
  refuseLabKeys([...settings.sealers, ...settings.funded]);
  const puppeth = requireProgram(lookForPuppeth());
  const isElsewhere = settings.sealers.length > 0;
  const geth = isElsewhere ? "" : requireProgram(lookForGeth());
  fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  const names = ["node1", "node3", "node4"].slice(0, PROFILES[settings.profile].sealers);
  const sealers = isElsewhere
    ? settings.sealers
    : names.map((name) => makeAccount(geth, path.resolve(dir, name)));
  const funded = settings.funded.length > 0 ? settings.funded : newMnemonicsAddresses(dir);
  const { chainId, period, profile } = settings;
  const genesis = await makeGenesis(puppeth, { chainId, period, sealers, funded });
  if (isElsewhere) fs.writeFileSync(path.join(dir, "genesis.json"), asText(genesis));
  else {
    const places = settings.places ?? labPlaces(nodeCount(profile));
    makeFolder(dir, { genesis, profile, sealers, isLab: false, places });
  }
}

function newMnemonicsAddresses(dir: string): string[] {
  const mnemonic = generateMnemonic(wordlist);
  fs.writeFileSync(path.join(dir, "mnemonic"), `${mnemonic}\n`, { mode: 0o600 });
  return addressesOf(mnemonic, FRESH_FUNDED);
}

/** Keys must not lie where a commit could take them along, nor replace others. */
function refusePlace(dir: string): void {
  const inside = path.relative(ROOT, path.resolve(dir));
  if (inside === "" || !(inside.startsWith("..") || path.isAbsolute(inside))) {
    throw new Error(
      `${dir} is inside the source tree; name a folder outside, such as ~/neighborwatt-network`,
    );
  }
  if (fs.existsSync(dir) && fs.readdirSync(dir).length > 0) {
    throw new Error(`${dir} is not empty: keys are never overwritten. Name a new folder`);
  }
}

function refuseLabKeys(addresses: readonly string[]): void {
  const everybodys = new Set(
    [...LAB_FUNDED, ...LAB_SEALERS.map((key) => key.address)].map((a) => a.toLowerCase()),
  );
  const found = addresses.find((address) => everybodys.has(address.toLowerCase()));
  if (found)
    throw new Error(`${found} is a well-known development key: everybody could use it. Make a new account`);
}

const USAGE = `npm run geth:genesis                          geth/genesis.json again, by puppeth
npm run geth:genesis -- --fresh [FOLDER]      new accounts and a genesis (default ~/neighborwatt-network)
  --profile ${Object.keys(PROFILES).join(" | ")}   --period SECONDS   --chain-id N
  --sealer ADDRESS …   sealers whose accounts were made on their own machines: only the genesis is written
  --fund ADDRESS …     accounts to make rich instead of a new mnemonic's`;

function wholeNumber(name: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${name} ${text}: it is a whole number from 1 up`);
  return Number(text);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      fresh: { type: "boolean" },
      help: { type: "boolean" },
      profile: { type: "string", default: "one-sealer" },
      period: { type: "string", default: "1" },
      "chain-id": { type: "string", default: String(GETH_CHAIN_ID) },
      sealer: { type: "string", multiple: true, default: [] },
      fund: { type: "string", multiple: true, default: [] },
    },
  });
  if (values.help) return console.log(USAGE);
  if (!values.fresh) return rewriteLabGenesis();
  if (!(values.profile in PROFILES)) throw new Error(`--profile ${values.profile}\n\n${USAGE}`);
  const dir = positionals[0] ?? path.join(os.homedir(), "neighborwatt-network");
  await makeFresh(dir, {
    profile: values.profile as Profile,
    period: wholeNumber("period", values.period),
    chainId: wholeNumber("chain-id", values["chain-id"]),
    sealers: values.sealer,
    funded: values.fund,
  });
  if (values.sealer.length > 0) console.log(`Copy ${path.join(dir, "genesis.json")} to each machine.`);
  else {
    console.log(`A network of your own is in ${dir}. Its keys are nowhere else: back the folder up.`);
    console.log(`Start it: npm run geth -- up --dir ${dir}`);
  }
  if (values.fund.length === 0) {
    console.log(
      `Migrate:  MNEMONIC="$(cat ${path.join(dir, "mnemonic")})" npx truffle migrate --network geth`,
    );
  }
}

if (require.main === module) {
  main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
