/**
 * `npm run meter -- consent --prosumer 0x…`: the meter agrees to be commissioned. Prints what the operator passes to
 * `EnergyTrade.commission`, signed with the key in DATA_DIR; that key never leaves this machine.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import Database from "libsql";
import { readContracts } from "../chain/artifacts";
import { loadMeterKey } from "../chain/meter-key";
import { EthereumNode } from "../chain/node";
import { JsonRpc } from "../chain/rpc";
import { halvesOf } from "../chain/web3";
import { loadConfig } from "../server/config";
import { homeCalled } from "./home-called";

const HELP = `usage: npm run meter -- consent --prosumer 0xADDRESS [--home NAME] [--baseline MILLIWATTHOURS]
  --prosumer   who sells what this meter measures, and is paid for it
  --home       whose meter, where HOMES lists several
  --baseline   the meter's register now, mWh (by default what the journal in DATA_DIR says); nothing below it can be sold
The settings (NETWORK, RPC_URL, CHAIN_ID, DATA_DIR, METER_KEYSTORE_PASSWORD, …) are those of \`npm start\`.`;
const TIMEOUT_MS = 10_000;
const LARGEST_REGISTER = 2n ** 40n - 1n;

/** What was typed, checked. @throws Error saying what is wrong */
function readArguments(): { prosumer: string; home: string | undefined; baselineMilliWh: bigint | null } {
  const { values } = parseArgs({
    args: process.argv.slice(3),
    options: { prosumer: { type: "string" }, home: { type: "string" }, baseline: { type: "string" } },
  });
  const { prosumer, home, baseline } = values;
  if (prosumer === undefined || !/^0x[0-9a-f]{40}$/i.test(prosumer))
    throw new Error("--prosumer must be an address: 0x and 40 hexadecimal digits.");
  if (baseline === undefined) return { prosumer, home, baselineMilliWh: null };
  if (!/^\d{1,13}$/.test(baseline) || BigInt(baseline) > LARGEST_REGISTER)
    throw new Error(`--baseline must be a whole number of milliwatt-hours, 0 to ${LARGEST_REGISTER}.`);
  return { prosumer, home, baselineMilliWh: BigInt(baseline) };
}

/** Where the journal has the meter's register, mWh, rounded up; 0 where there is no journal. Reads only. */
function registerInJournal(dataDir: string, meter: string): bigint {
  const file = join(dataDir, "neighborwatt.sqlite");
  if (!existsSync(file)) return 0n;
  const db = new Database(file, { readonly: true });
  try {
    const row = db
      .prepare("SELECT register_milli_wh, rest_micro_joule FROM registers WHERE meter = ?")
      .get(meter) as { register_milli_wh: string; rest_micro_joule: string } | undefined;
    if (!row) return 0n;
    return BigInt(row.register_milli_wh) + (row.rest_micro_joule === "0" ? 0n : 1n);
  } finally {
    db.close();
  }
}

async function main(): Promise<void> {
  const { prosumer, home: name, baselineMilliWh } = readArguments();
  const config = loadConfig();
  const home = homeCalled(name, config.homes, "--home");
  const deployment = readContracts(config.artifactsDir, config.chainId);
  if (!deployment)
    throw new Error(
      `The artifacts in ${config.artifactsDir} name no contracts on chain ${config.chainId}: run \`npx truffle migrate --network ${config.network}\` first.`,
    );
  const { meter, consent } = await loadMeterKey({
    file: join(config.dataDir, home.meter.keyFile),
    password: config.meterKeystorePassword,
    createIfMissing: true,
  });
  const node = new EthereumNode(new JsonRpc({ url: config.rpcUrl, timeoutMs: TIMEOUT_MS }));
  const nonce = await node.consentNonce(deployment.trade, meter);
  if (nonce > 0n) throw new Error(`Meter ${meter} was commissioned before, and a key never comes back.`);
  const baseline = baselineMilliWh ?? registerInJournal(config.dataDir, meter);
  const domain = { chainId: config.chainId, trade: deployment.trade };
  const { r, vs } = halvesOf(consent(domain, { prosumer, baselineMilliWh: baseline, nonce }));
  console.log(`meter     ${meter}
prosumer  ${prosumer}
baseline  ${baseline} mWh
contract  ${deployment.trade} on chain ${config.chainId}

The operator types this in \`npx truffle console --network ${config.network}\`:

const trade = await EnergyTrade.deployed()
await trade.commission("${meter}", "${prosumer}", "${baseline}", { r: "${r}", vs: "${vs}" }, { from: accounts[0] })`);
}

main().catch((error: Error) => {
  console.error(`${error.message}\n\n${HELP}`);
  process.exitCode = 1;
});
