/**
 * Every setting, its default, and what it may be. What it does not know or cannot read stops the
 * server before anything is started.
 */
import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { z } from "zod";
import type { HomeSettings } from "../common/home";
import {
  EMBEDDED_CHAIN_ID,
  GETH_CHAIN_ID,
  isLabChain,
  isThisMachine,
  LAB_ACCOUNTS,
  LAB_MNEMONIC,
} from "../common/lab";
import { LOG_LEVELS } from "../common/log";
import { parseDecimal } from "../common/units";
import { CALIBRATION, CALIBRATION_ALLOWED } from "./homes-fields";
import { MOST_HOMES, readHomes } from "./homes-file";
import { type Host, parseHost } from "./http/hosts";
import { hostProblem } from "./listening";
import { defaultNodes, httpUrl, type NodeAddress, nodeList } from "./node-list";
import { slips } from "./slips";

/** For a lab only, where the operator's key is everybody's as well: see `isLabChain`. */
export const DEVELOPMENT_KEYSTORE_PASSWORD = "development only: this meter sells play energy";

const integer = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .refine((value) => value >= least && value <= most);
const decimal = z
  .string()
  .regex(/^\d{1,12}(\.\d{1,18})?$/)
  .transform((text) => parseDecimal(text, 18));

/** A name and a password have settings of their own: an address is printed. */
const busUrl = z.string().refine((text) => {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, pathname, search, hash } = new URL(text);
  const isBroker = ["mqtt:", "mqtts:"].includes(protocol) && hostname !== "";
  return isBroker && username + password + search + hash === "" && ["", "/"].includes(pathname);
});

interface Setting {
  schema: z.ZodType;
  /** What it may be, and its default where that depends on others: for people. */
  allowed: string;
  fallback?: string;
  isSecret?: boolean;
}

/** In the order of `.env.example`. */
export const SETTINGS = {
  NETWORK: { schema: z.enum(["embedded", "geth"]), allowed: "embedded or geth", fallback: "embedded" },
  HOST: {
    schema: z.string().regex(/^[0-9A-Za-z.:-]{1,253}$/),
    allowed: "an address or host name to listen on, such as 127.0.0.1 or 0.0.0.0",
    fallback: "127.0.0.1",
  },
  PORT: { schema: integer(0, 65_535), allowed: "a TCP port, 0 to 65535 (0: any free one)", fallback: "3000" },
  ALLOWED_HOSTS: {
    schema: z
      .string()
      .max(4000)
      .transform((text) => text.split(",").filter((entry) => entry.trim() !== ""))
      .transform((entries) => entries.map((entry) => parseHost(entry.trim())))
      .refine((hosts): hosts is Host[] => hosts.every((host) => host !== null && !host.name.includes("*"))),
    allowed:
      "names under which browsers ask for the page besides the addresses it is served at, such as house.example or house.example:8443, separated by commas",
    fallback: "",
  },
  RPC_URL: {
    schema: httpUrl.optional(),
    allowed:
      "an http(s) address of an Ethereum node without a password in it (by default http://127.0.0.1:EMBEDDED_PORT on embedded, http://127.0.0.1:8547 on geth)",
  },
  CHAIN_ID: {
    schema: integer(1, 4_294_967_295).optional(),
    allowed: `the node's chain id on geth (by default ${GETH_CHAIN_ID}); on embedded it is ${EMBEDDED_CHAIN_ID}`,
  },
  PUBLIC_RPC_URL: {
    schema: httpUrl.optional(),
    allowed: "an http(s) address at which wallets reach the node (by default RPC_URL)",
  },
  PAGE_RPC: {
    schema: z.enum(["on", "off"]).optional(),
    allowed:
      "on or off: whether the page and everybody who reaches it may read the chain and send signed transactions at /rpc (by default on where the chain is a lab's, else off)",
  },
  CHAIN_NODES: {
    schema: nodeList.optional(),
    allowed:
      "the nodes that the chain view shows, such as node1=/data/node1/geth.ipc,node2=http://127.0.0.1:8547: names of their own, each with an http(s) address without a password or the absolute path of an IPC socket (by default the one node of RPC_URL; `npm start` names all of a geth lab's)",
  },
  MNEMONIC: {
    schema: z
      .string()
      .regex(/^[a-z]+( [a-z]+){11,23}$/)
      .optional(),
    allowed:
      "12 to 24 lower-case words, of which the account m/44'/60'/0'/0/SETTLER_INDEX pays for settlements (by default the lab's well-known words, on a node of this machine only)",
    isSecret: true,
  },
  SETTLER_INDEX: {
    schema: integer(0, 2_147_483_647),
    allowed:
      "the number n of the account m/44'/60'/0'/0/n that pays for settlements: 0 to 2147483647, another one for each server on a chain, and with the lab's words none of 0, 1, 2, 3 and 5, which are others' there",
    fallback: "4",
  },
  HOMES: {
    schema: z.string().min(1).max(1000).optional(),
    allowed:
      "a JSON file that lists the homes of this server (docs/homes.md); by default one home, whose meter METER and METER_CALIBRATION describe",
  },
  STREET_HOMES: {
    schema: integer(1, MOST_HOMES)
      .or(z.literal("").transform(() => undefined))
      .optional(),
    allowed: `1 to ${MOST_HOMES} homes that \`npm start\` makes on a lab's chain where neither HOMES nor METER names any (by default, and where it is empty, 6 on embedded and 1 on geth)`,
  },
  METER: {
    schema: z.string().regex(/^(simulated(:StandardFirmata)?|serial:.+)$/),
    allowed: "simulated, simulated:StandardFirmata, or serial: and a port such as serial:/dev/ttyACM0",
    fallback: "simulated",
  },
  METER_CALIBRATION: {
    schema: CALIBRATION,
    allowed: CALIBRATION_ALLOWED,
    fallback: "",
  },
  METER_KEYSTORE_PASSWORD: {
    schema: z.string().min(8).optional(),
    allowed:
      "at least 8 characters of your own that lock the meter's key; needed on every chain but a lab's (embedded or geth, with the lab's words and chain id on this machine)",
    isSecret: true,
  },
  CONFIRMATIONS: {
    schema: integer(1, 200),
    allowed: "1 to 200 blocks, the block of the purchase included",
    fallback: "2",
  },
  POLL_INTERVAL_MS: {
    schema: integer(10, 60_000),
    allowed: "10 to 60000 ms between two questions to the node",
    fallback: "75",
  },
  JOURNAL_INTERVAL_MS: {
    schema: integer(50, 60_000),
    allowed: "50 to 60000 ms; what a crash can lose is the power times this",
    fallback: "1000",
  },
  DATA_DIR: {
    schema: z.string().min(1).max(1000).optional(),
    allowed: "a folder (by default data/ and the network's name)",
  },
  ARTIFACTS_DIR: {
    schema: z.string().min(1).max(1000),
    allowed: "the folder of Truffle's artifacts, which say where the contracts are",
    fallback: "build/contracts",
  },
  SETTLE_INTERVAL_S: {
    schema: integer(1, 86_400),
    allowed: "1 to 86400 s between two readings of one long trade",
    fallback: "900",
  },
  NO_FLOW_S: {
    schema: integer(5, 3600),
    allowed: "5 to 3600 s without any current through the closed relay, until the next trade has its turn",
    fallback: "60",
  },
  BLOCK_SILENCE_S: {
    schema: integer(2, 3600).optional(),
    allowed:
      "2 to 3600 s without a block, until the page and /healthz say so; above the longest pause of the network's sealer (by default 75 on embedded, which seals nothing for up to 30 s, and 20 on geth)",
  },
  GRID_TARIFF_PER_KWH: {
    schema: decimal,
    allowed: "NWT per kWh, a plain decimal such as 180 or 0.18",
    fallback: "180",
  },
  FEED_IN_PER_KWH: {
    schema: decimal,
    allowed: "NWT per kWh, a plain decimal such as 60 or 0.06",
    fallback: "60",
  },
  SIM_DAY_MINUTES: {
    schema: integer(1, 1440),
    allowed: "1 to 1440 minutes for a day of the simulated sun",
    fallback: "10",
  },
  EMBEDDED_PORT: {
    schema: integer(1, 65_535),
    allowed: "the embedded chain's TCP port, 1 to 65535",
    fallback: "8545",
  },
  BLOCK_TIME_S: {
    schema: integer(1, 60),
    allowed: "1 to 60 s between two blocks of the embedded chain",
    fallback: "1",
  },
  BUS: {
    schema: busUrl.optional(),
    allowed:
      "mqtt:// or mqtts://, a host and perhaps a port, such as mqtt://192.168.1.10:1883, without a name or password in it (docs/bus.md); by default no bus",
  },
  BUS_USER: {
    schema: z
      .string()
      .regex(/^\P{Cc}{1,100}$/u)
      .optional(),
    allowed: "this server's name at the broker, 1 to 100 characters; needs BUS",
  },
  BUS_PASSWORD: {
    schema: z
      .string()
      .regex(/^\P{Cc}{1,200}$/u)
      .optional(),
    allowed: "its password there, 1 to 200 characters; needs BUS_USER",
    isSecret: true,
  },
  LOG_LEVEL: { schema: z.enum(LOG_LEVELS), allowed: LOG_LEVELS.join(", "), fallback: "info" },
} as const satisfies Record<string, Setting>;

/** Read by other programs: the tests, geth's commands, the migrations. They may stand in `.env`; the server ignores them. */
export const SETTINGS_OF_OTHERS = ["GETH_BIN", "PUPPETH_BIN", "CHROMIUM_BIN", "OPERATOR", "GRACE_PERIOD_S"];

export interface Config {
  network: "embedded" | "geth";
  host: string;
  port: number;
  /** Names that are the server's besides the addresses it listens on. */
  allowedHosts: Host[];
  /** Where the server reaches the chain. */
  rpcUrl: string;
  /** What the node must say it serves. */
  chainId: number;
  /** Where wallets reach it. */
  publicRpcUrl: string;
  /**
   * A lab's chain (`isLabChain`): `npm start` migrates and commissions, the lab wallet and the faucet are there, and the
   * meter's key needs no password.
   */
  isLab: boolean;
  /** The page reads the chain by the server's own `/rpc`. */
  hasRpcDoor: boolean;
  /** What the chain view shows. */
  nodes: NodeAddress[];
  mnemonic: string;
  /** Of the account that pays for settlements: m/44'/60'/0'/0/settlerIndex. */
  settlerIndex: number;
  /** `simulated`, `simulated:StandardFirmata` or `serial:/dev/…`. */
  meter: string;
  /** For `parseCalibration` of the meter. */
  meterCalibration: string;
  /** What this server runs, one at least. METER and METER_CALIBRATION are short for a list of one. */
  homes: HomeSettings[];
  /** How many `npm start` makes instead on a lab's chain; null where `homes` are somebody's choice, or the chain no lab's. */
  streetHomes: number | null;
  meterKeystorePassword: string;
  confirmations: number;
  pollIntervalMs: number;
  journalIntervalMs: number;
  dataDir: string;
  /** Truffle's artifacts; migrations write the contracts' addresses into them. */
  artifactsDir: string;
  settleIntervalMs: number;
  noFlowMs: number;
  blockSilenceMs: number;
  /** Token base units per kWh. */
  gridTariffPerKWh: bigint;
  /** What the grid pays for what is fed in, token base units per kWh. */
  feedInPerKWh: bigint;
  simDayMinutes: number;
  embeddedPort: number;
  blockTimeS: number;
  /** The broker that servers share, and this server's name there; null without one. */
  broker: { url: string; user: string | null; password: string | null } | null;
  logLevel: (typeof LOG_LEVELS)[number];
}

/** Settings that cannot be used. One line for each, saying what is allowed. */
export class ConfigError extends Error {
  override name = "ConfigError";
  constructor(readonly problems: string[]) {
    super(`The settings cannot be used:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
  }
}

const envFile = (): string => (existsSync(".env") ? readFileSync(".env", "utf8") : "");

/** The settings of this process: its environment over the file `.env` of the folder it runs in. */
export function loadConfig(): Config {
  return readConfig(process.env, envFile());
}

/**
 * The same for a program that serves the page: that this machine has the address HOST is looked at too.
 * @throws ConfigError naming each problem and what is allowed
 */
export async function loadServedConfig(env = process.env, file = envFile()): Promise<Config> {
  const problems: string[] = [];
  let config: Config | null = null;
  try {
    config = readConfig(env, file);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
  }
  const host = env.HOST ?? parseEnv(file).HOST ?? SETTINGS.HOST.fallback;
  if (SETTINGS.HOST.schema.safeParse(host).success) {
    const problem = await hostProblem(host);
    if (problem !== null)
      problems.push(
        `HOST=${host}: this machine cannot listen there (${problem}); allowed is ${SETTINGS.HOST.allowed}`,
      );
  }
  if (config === null || problems.length > 0) throw new ConfigError(problems);
  return config;
}

/**
 * @param envFile text of `.env`, where every name must be known; in the environment, which is everybody's, only a
 * name that looks like a slip of one of ours is refused.
 * @throws ConfigError naming each problem and what is allowed
 */
export function readConfig(env: Record<string, string | undefined>, envFile: string): Config {
  const problems = [...problemsOfFile(envFile), ...slips(Object.keys(env), isKnown, Object.keys(SETTINGS))];
  const given: Record<string, string | undefined> = { ...parseEnv(envFile), ...env };
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries<Setting>(SETTINGS)) {
    const text = given[name] ?? setting.fallback;
    const result = setting.schema.safeParse(text);
    if (result.success) values[name] = result.data;
    else {
      // An address with an @ may hold a password.
      const shown = setting.isSecret || text?.includes("@") ? "(not shown)" : text;
      problems.push(`${name}=${shown}: allowed is ${setting.allowed}`);
    }
  }
  if (given.HOMES !== undefined)
    for (const name of ["METER", "METER_CALIBRATION"])
      if (given[name] !== undefined)
        problems.push(`${name}: the meters of HOMES=${given.HOMES} are in that file; unset ${name} or HOMES`);
  if (problems.length > 0) throw new ConfigError(problems);
  const hasOwnHomes = ["HOMES", "METER", "METER_CALIBRATION"].some((name) => given[name] !== undefined);
  return assemble(
    values as { [N in keyof typeof SETTINGS]: z.output<(typeof SETTINGS)[N]["schema"]> },
    hasOwnHomes,
  );
}

function assemble(
  values: { [N in keyof typeof SETTINGS]: z.output<(typeof SETTINGS)[N]["schema"]> },
  hasOwnHomes: boolean,
): Config {
  const isEmbedded = values.NETWORK === "embedded";
  const rpcUrl = values.RPC_URL ?? `http://127.0.0.1:${isEmbedded ? values.EMBEDDED_PORT : 8547}`;
  const isHere = isThisMachine(rpcUrl);
  const problems: string[] = [];
  if (!isHere && (values.MNEMONIC === undefined || values.MNEMONIC === LAB_MNEMONIC))
    problems.push(
      `MNEMONIC: the well-known lab words are refused for a node on another machine (RPC_URL=${rpcUrl}); ` +
        `allowed is ${SETTINGS.MNEMONIC.allowed}`,
    );
  const nodePorts = [isHere ? Number(new URL(rpcUrl).port) : 0, isEmbedded ? values.EMBEDDED_PORT : 0];
  if (values.PORT !== 0 && nodePorts.includes(values.PORT))
    problems.push(
      `PORT=${values.PORT}: the chain's node has that port (${isEmbedded ? "EMBEDDED_PORT" : rpcUrl}); ` +
        "the page needs another one",
    );
  const chainId = isEmbedded ? EMBEDDED_CHAIN_ID : (values.CHAIN_ID ?? GETH_CHAIN_ID);
  const mnemonic = values.MNEMONIC ?? LAB_MNEMONIC;
  // Everybody holds the operator's key there, and may commission a meter of his own: a password would protect nothing.
  const isLab = isLabChain(chainId, { rpcUrl, mnemonic });
  const password = values.METER_KEYSTORE_PASSWORD ?? (isLab ? DEVELOPMENT_KEYSTORE_PASSWORD : undefined);
  if (password === undefined || (!isLab && password === DEVELOPMENT_KEYSTORE_PASSWORD))
    problems.push(`METER_KEYSTORE_PASSWORD: ${SETTINGS.METER_KEYSTORE_PASSWORD.allowed}`);
  const others = Object.values(LAB_ACCOUNTS).filter((account) => account !== LAB_ACCOUNTS.settler);
  if (mnemonic === LAB_MNEMONIC && others.some(({ index }) => index === values.SETTLER_INDEX))
    problems.push(`SETTLER_INDEX=${values.SETTLER_INDEX}: allowed is ${SETTINGS.SETTLER_INDEX.allowed}`);
  if (isEmbedded && values.CHAIN_ID !== undefined && values.CHAIN_ID !== EMBEDDED_CHAIN_ID)
    problems.push(`CHAIN_ID=${values.CHAIN_ID}: allowed is ${SETTINGS.CHAIN_ID.allowed}`);
  if (values.STREET_HOMES !== undefined && (hasOwnHomes || !isLab))
    problems.push(
      `STREET_HOMES=${values.STREET_HOMES}: ` +
        (isLab
          ? "HOMES or METER names the homes; unset it, or those"
          : "a street is made on a lab's chain only"),
    );
  const { homes, problems: problemsOfHomes } =
    values.HOMES === undefined
      ? { homes: [homeOfOne(values.METER, values.METER_CALIBRATION)], problems: [] }
      : readHomes(values.HOMES);
  problems.push(...problemsOfHomes);
  if (values.BUS_USER !== undefined && values.BUS === undefined)
    problems.push(`BUS_USER=${values.BUS_USER}: BUS is not set; allowed is ${SETTINGS.BUS_USER.allowed}`);
  if (values.BUS_PASSWORD !== undefined && values.BUS_USER === undefined)
    problems.push(`BUS_PASSWORD: BUS_USER is not set; allowed is ${SETTINGS.BUS_PASSWORD.allowed}`);
  if (password === undefined || problems.length > 0) throw new ConfigError(problems);
  return {
    network: values.NETWORK,
    host: values.HOST,
    port: values.PORT,
    allowedHosts: values.ALLOWED_HOSTS as Host[],
    rpcUrl,
    chainId,
    publicRpcUrl: values.PUBLIC_RPC_URL ?? rpcUrl,
    isLab,
    hasRpcDoor: values.PAGE_RPC === undefined ? isLab : values.PAGE_RPC === "on",
    nodes: values.CHAIN_NODES ?? defaultNodes(values.NETWORK, rpcUrl),
    mnemonic,
    settlerIndex: values.SETTLER_INDEX,
    meter: values.METER,
    meterCalibration: values.METER_CALIBRATION,
    homes,
    streetHomes: hasOwnHomes || !isLab ? null : (values.STREET_HOMES ?? (isEmbedded ? 6 : 1)),
    meterKeystorePassword: password,
    confirmations: values.CONFIRMATIONS,
    pollIntervalMs: values.POLL_INTERVAL_MS,
    journalIntervalMs: values.JOURNAL_INTERVAL_MS,
    dataDir: values.DATA_DIR ?? `data/${values.NETWORK}`,
    artifactsDir: values.ARTIFACTS_DIR,
    settleIntervalMs: values.SETTLE_INTERVAL_S * 1000,
    noFlowMs: values.NO_FLOW_S * 1000,
    blockSilenceMs: (values.BLOCK_SILENCE_S ?? (isEmbedded ? 75 : 20)) * 1000,
    gridTariffPerKWh: values.GRID_TARIFF_PER_KWH,
    feedInPerKWh: values.FEED_IN_PER_KWH,
    simDayMinutes: values.SIM_DAY_MINUTES,
    embeddedPort: values.EMBEDDED_PORT,
    blockTimeS: values.BLOCK_TIME_S,
    broker:
      values.BUS === undefined
        ? null
        : { url: values.BUS, user: values.BUS_USER ?? null, password: values.BUS_PASSWORD ?? null },
    logLevel: values.LOG_LEVEL,
  };
}

/** The list that METER and METER_CALIBRATION are short for. */
export function homeOfOne(meter: string, calibration: string): HomeSettings {
  const port = /^serial:(.+)$/.exec(meter)?.[1] ?? null;
  const firmware = /^simulated:(.+)$/.exec(meter)?.[1] ?? null;
  return {
    name: "House 1",
    account: null,
    meter: {
      kind: port === null ? "simulated" : "serial",
      port,
      firmware,
      calibration,
      keyFile: "meter-key.json",
    },
    receivingMeter: null,
    house: null,
  };
}

const isKnown = (name: string): boolean => Object.hasOwn(SETTINGS, name) || SETTINGS_OF_OTHERS.includes(name);

function problemsOfFile(envFile: string): string[] {
  const problems: string[] = [];
  for (const [i, line] of envFile.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const name = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=/.exec(line)?.[1];
    if (name === undefined) problems.push(`.env line ${i + 1} is not NAME=value: ${line.slice(0, 40)}`);
    else if (!isKnown(name))
      problems.push(
        `.env line ${i + 1}: ${name} is not a setting; known are ${Object.keys(SETTINGS).join(", ")}`,
      );
  }
  return problems;
}
