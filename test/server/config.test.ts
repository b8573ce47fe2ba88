import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { LAB_MNEMONIC } from "../../common/lab";
import {
  ConfigError,
  DEVELOPMENT_KEYSTORE_PASSWORD,
  loadServedConfig,
  readConfig,
  SETTINGS,
} from "../../server/config";

const OWN_MNEMONIC = "legal winner thank year wave sausage worth useful legal winner thank yellow";

function problemsOf(env: Record<string, string | undefined>, file = ""): string[] {
  try {
    readConfig(env, file);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems;
  }
}

describe("the settings", () => {
  it("have a default for everything on the embedded network", () => {
    assert.deepEqual(readConfig({}, ""), {
      network: "embedded",
      host: "127.0.0.1",
      port: 3000,
      allowedHosts: [],
      rpcUrl: "http://127.0.0.1:8545",
      chainId: 13370,
      publicRpcUrl: "http://127.0.0.1:8545",
      isLab: true,
      hasRpcDoor: true,
      nodes: [{ name: "anvil", address: "http://127.0.0.1:8545" }],
      mnemonic: LAB_MNEMONIC,
      settlerIndex: 4,
      meter: "simulated",
      meterCalibration: "",
      homes: [
        {
          name: "House 1",
          account: null,
          meter: {
            kind: "simulated",
            port: null,
            firmware: null,
            calibration: "",
            keyFile: "meter-key.json",
          },
          receivingMeter: null,
          house: null,
        },
      ],
      streetHomes: 6,
      meterKeystorePassword: DEVELOPMENT_KEYSTORE_PASSWORD,
      confirmations: 2,
      pollIntervalMs: 75,
      journalIntervalMs: 1000,
      dataDir: "data/embedded",
      artifactsDir: "build/contracts",
      settleIntervalMs: 900_000,
      noFlowMs: 60_000,
      blockSilenceMs: 75_000,
      gridTariffPerKWh: 180n * 10n ** 18n,
      feedInPerKWh: 60n * 10n ** 18n,
      simDayMinutes: 10,
      embeddedPort: 8545,
      blockTimeS: 1,
      broker: null,
      logLevel: "info",
    });
  });

  it("follow the network, and each other", () => {
    const geth = readConfig({ NETWORK: "geth", METER_KEYSTORE_PASSWORD: "long enough" }, "");
    assert.deepEqual(
      [geth.rpcUrl, geth.chainId, geth.dataDir, geth.mnemonic],
      ["http://127.0.0.1:8547", 13371, "data/geth", LAB_MNEMONIC],
    );
    assert.equal(readConfig({ EMBEDDED_PORT: "9000" }, "").rpcUrl, "http://127.0.0.1:9000");
    assert.equal(readConfig({ RPC_URL: "http://localhost:1" }, "").publicRpcUrl, "http://localhost:1");
  });

  it("take METER and METER_CALIBRATION for a list of one home", () => {
    const meterOf = (env: Record<string, string>) => readConfig(env, "").homes.map(({ meter }) => meter);
    const [serial] = meterOf({ METER: "serial:/dev/ttyACM0", METER_CALIBRATION: "vccVolts=4.92" });
    assert.deepEqual(serial, {
      kind: "serial",
      port: "/dev/ttyACM0",
      firmware: null,
      calibration: "vccVolts=4.92",
      keyFile: "meter-key.json",
    });
    const [standard] = meterOf({ METER: "simulated:StandardFirmata" });
    assert.deepEqual([standard?.kind, standard?.firmware], ["simulated", "StandardFirmata"]);
  });

  it("let `npm start` make a street where nobody names homes, on a lab's chain only", () => {
    const streetOf = (env: Record<string, string>) => readConfig(env, "").streetHomes;
    assert.equal(streetOf({ STREET_HOMES: "200" }), 200);
    assert.equal(streetOf({ STREET_HOMES: "" }), 6);
    assert.equal(streetOf({ METER: "simulated" }), null);
    assert.equal(streetOf({ METER: "simulated:StandardFirmata" }), null);
    assert.equal(streetOf({ METER_CALIBRATION: "vccVolts=5" }), null);
    assert.equal(streetOf({ HOMES: join(__dirname, "..", "..", "docs", "homes.json") }), null);
    assert.equal(streetOf({ NETWORK: "geth" }), 1);
    assert.equal(
      streetOf({ NETWORK: "geth", CHAIN_ID: "4711", METER_KEYSTORE_PASSWORD: "long enough" }),
      null,
    );
  });

  it("are read from .env, and from the environment before it", () => {
    const config = readConfig(
      { PORT: "4000" },
      "# mine\nPORT=5000\nexport HOST='0.0.0.0'\n\nGETH_BIN=/opt/geth\n",
    );
    assert.deepEqual([config.port, config.host], [4000, "0.0.0.0"]);
  });

  const refusals: [env: Record<string, string>, said: RegExp][] = [
    [{ NETWORK: "mainnet" }, /^NETWORK=mainnet: allowed is embedded or geth$/],
    [{ NETWORK: "" }, /^NETWORK=: allowed is embedded or geth$/],
    [{ HOST: "a b" }, /^HOST=a b: .*127\.0\.0\.1/],
    [{ PORT: "65536" }, /^PORT=65536: .*0 to 65535/],
    [{ PORT: "-1" }, /^PORT=-1: /],
    [{ PORT: "3000.5" }, /^PORT=/],
    [{ PORT: "0x10" }, /^PORT=/],
    [{ PORT: " 3000" }, /^PORT=/],
    [{ PORT: "8545" }, /^PORT=8545: the chain's node has that port \(EMBEDDED_PORT\).*another/],
    [{ EMBEDDED_PORT: "3000" }, /^PORT=3000: the chain's node has that port/],
    [{ NETWORK: "geth", PORT: "8547" }, /^PORT=8547: the chain's node has that port \(http:.*8547\)/],
    [{ PORT: "1e3" }, /^PORT=/],
    [{ RPC_URL: "127.0.0.1:8545" }, /^RPC_URL=.*http/],
    [{ RPC_URL: "file:///etc/passwd" }, /^RPC_URL=/],
    [{ RPC_URL: "http://user:secret@127.0.0.1" }, /^RPC_URL=.*without a password/],
    [{ ALLOWED_HOSTS: "*" }, /^ALLOWED_HOSTS=\*: .*house\.example/],
    [{ ALLOWED_HOSTS: "house.example,http://house.example" }, /^ALLOWED_HOSTS=/],
    [{ ALLOWED_HOSTS: "house.example:99999" }, /^ALLOWED_HOSTS=/],
    [{ PAGE_RPC: "yes" }, /^PAGE_RPC=yes: .*on or off/],
    [{ PUBLIC_RPC_URL: "nowhere" }, /^PUBLIC_RPC_URL=/],
    [{ CHAIN_ID: "1" }, /^CHAIN_ID=1: .*13370/],
    [{ MNEMONIC: "one two three" }, /^MNEMONIC=\(not shown\): .*12 to 24/],
    [{ SETTLER_INDEX: "-1" }, /^SETTLER_INDEX=-1: allowed is the number n/],
    [{ SETTLER_INDEX: "2147483648" }, /^SETTLER_INDEX=2147483648: /],
    ...["0", "1", "2", "3", "5"].map((SETTLER_INDEX): [Record<string, string>, RegExp] => [
      { SETTLER_INDEX },
      /^SETTLER_INDEX=\d: .*another one for each server on a chain/,
    ]),
    [{ STREET_HOMES: "0" }, /^STREET_HOMES=0: allowed is 1 to 500 homes/],
    [{ STREET_HOMES: "501" }, /^STREET_HOMES=501: allowed is 1 to 500 homes/],
    [{ STREET_HOMES: "6", METER: "serial:/dev/ttyACM0" }, /^STREET_HOMES=6: HOMES or METER names the homes/],
    [
      { STREET_HOMES: "6", NETWORK: "geth", CHAIN_ID: "4711", METER_KEYSTORE_PASSWORD: "long enough" },
      /^STREET_HOMES=6: a street is made on a lab's chain only/,
    ],
    [{ METER: "serial" }, /^METER=serial: .*serial:\/dev\/ttyACM0/],
    [{ METER: "/dev/ttyACM0" }, /^METER=/],
    [
      { METER_KEYSTORE_PASSWORD: "short" },
      /^METER_KEYSTORE_PASSWORD=\(not shown\): at least|allowed is at least 8/,
    ],
    [{ CONFIRMATIONS: "0" }, /^CONFIRMATIONS=0: .*1 to 200/],
    [{ POLL_INTERVAL_MS: "5" }, /^POLL_INTERVAL_MS=5: .*10 to 60000/],
    [{ JOURNAL_INTERVAL_MS: "0" }, /^JOURNAL_INTERVAL_MS=0: /],
    [{ DATA_DIR: "" }, /^DATA_DIR=: .*a folder/],
    [{ SETTLE_INTERVAL_S: "0" }, /^SETTLE_INTERVAL_S=0: /],
    [{ NO_FLOW_S: "4" }, /^NO_FLOW_S=4: /],
    [{ BLOCK_SILENCE_S: "1" }, /^BLOCK_SILENCE_S=1: /],
    [{ GRID_TARIFF_PER_KWH: "1,5" }, /^GRID_TARIFF_PER_KWH=1,5: .*decimal/],
    [{ GRID_TARIFF_PER_KWH: "0.1234567890123456789" }, /^GRID_TARIFF_PER_KWH=/],
    [{ FEED_IN_PER_KWH: "-1" }, /^FEED_IN_PER_KWH=-1: .*decimal/],
    [{ SIM_DAY_MINUTES: "0" }, /^SIM_DAY_MINUTES=0: /],
    [{ EMBEDDED_PORT: "0" }, /^EMBEDDED_PORT=0: /],
    [{ BLOCK_TIME_S: "0.5" }, /^BLOCK_TIME_S=0.5: /],
    [{ BUS: "http://127.0.0.1" }, /^BUS=http.*: .*mqtt:\/\/ or mqtts:/],
    [{ BUS: "127.0.0.1:1883" }, /^BUS=127.0.0.1:1883: /],
    [{ BUS: "mqtt://127.0.0.1/path" }, /^BUS=/],
    [{ BUS: "mqtt://house:secret@127.0.0.1" }, /^BUS=\(not shown\): .*without a name or password/],
    [{ BUS_USER: "house-a" }, /^BUS_USER=house-a: BUS is not set/],
    [{ BUS: "mqtt://127.0.0.1", BUS_PASSWORD: "secret" }, /^BUS_PASSWORD: BUS_USER is not set/],
    [{ LOG_LEVEL: "loud" }, /^LOG_LEVEL=loud: .*debug, info, warn, error/],
    [{ NETWORK: "geth", MNEMONIC: OWN_MNEMONIC }, /^METER_KEYSTORE_PASSWORD: at least 8/],
    [{ MNEMONIC: OWN_MNEMONIC }, /^METER_KEYSTORE_PASSWORD: .*lab's words and chain id on this machine/],
    [{ MNEMONIC: OWN_MNEMONIC, RPC_URL: "http://10.0.0.2:8545" }, /^METER_KEYSTORE_PASSWORD: /],
    [{ NETWORK: "geth", CHAIN_ID: "4711" }, /^METER_KEYSTORE_PASSWORD: at least 8/],
    [
      { NETWORK: "geth", MNEMONIC: OWN_MNEMONIC, METER_KEYSTORE_PASSWORD: DEVELOPMENT_KEYSTORE_PASSWORD },
      /^METER_KEYSTORE_PASSWORD: /,
    ],
    [{ CHAIN_NODES: "http://127.0.0.1:8545" }, /^CHAIN_NODES=http.*: .*such as node1=/],
    [{ CHAIN_NODES: "" }, /^CHAIN_NODES=: /],
    [{ CHAIN_NODES: "a=relative/geth.ipc" }, /^CHAIN_NODES=/],
    [{ CHAIN_NODES: "a=ftp://127.0.0.1" }, /^CHAIN_NODES=/],
    [{ CHAIN_NODES: "a=http://user:secret@127.0.0.1" }, /^CHAIN_NODES=\(not shown\)/],
    [{ CHAIN_NODES: "a=/one,a=/two" }, /^CHAIN_NODES=.*names of their own/],
  ];
  for (const [env, said] of refusals)
    it(`refuse ${JSON.stringify(env)} and say what is allowed`, () => {
      const problems = problemsOf(env);
      assert.equal(problems.length, 1, problems.join("\n"));
      assert.match(problems[0]!, said);
    });

  it("name the nodes of the chain view: one by default, or as many as are given", () => {
    const geth = readConfig({ NETWORK: "geth" }, "");
    assert.deepEqual(geth.nodes, [{ name: "node2", address: "http://127.0.0.1:8547" }]);
    assert.deepEqual(readConfig({ CHAIN_NODES: "a=/run/geth.ipc, b=https://node.example/x=1" }, "").nodes, [
      { name: "a", address: "/run/geth.ipc" },
      { name: "b", address: "https://node.example/x=1" },
    ]);
  });

  it("name a broker, and this server there, where there is one", () => {
    const { broker } = readConfig({ BUS: "mqtts://broker.example:8883" }, "");
    assert.deepEqual(broker, { url: "mqtts://broker.example:8883", user: null, password: null });
    const named = readConfig({ BUS: "mqtt://10.0.0.1", BUS_USER: "house-a", BUS_PASSWORD: "secret" }, "");
    assert.deepEqual(named.broker, { url: "mqtt://10.0.0.1", user: "house-a", password: "secret" });
  });

  it("open /rpc to the page on a lab's chain, elsewhere only when told to", () => {
    const own = { NETWORK: "geth", METER_KEYSTORE_PASSWORD: "long enough" };
    const table: [env: Record<string, string>, isLab: boolean, hasDoor: boolean][] = [
      [{}, true, true],
      [{ PAGE_RPC: "off" }, true, false],
      [{ NETWORK: "geth" }, true, true],
      [{ METER_KEYSTORE_PASSWORD: "long enough", MNEMONIC: OWN_MNEMONIC }, false, false],
      [{ ...own, CHAIN_ID: "4711" }, false, false],
      [{ ...own, CHAIN_ID: "1" }, false, false],
      [{ ...own, MNEMONIC: OWN_MNEMONIC }, false, false],
      [{ ...own, MNEMONIC: OWN_MNEMONIC, RPC_URL: "http://10.0.0.2:8545" }, false, false],
      [{ ...own, MNEMONIC: OWN_MNEMONIC, PAGE_RPC: "on" }, false, true],
    ];
    for (const [env, isLab, hasDoor] of table) {
      const config = readConfig(env, "");
      assert.deepEqual([config.isLab, config.hasRpcDoor], [isLab, hasDoor], JSON.stringify(env));
    }
  });

  it("know the names of the house behind a proxy", () => {
    const { allowedHosts } = readConfig({ ALLOWED_HOSTS: " House.Example. , [FD00:0::1]:99," }, "");
    assert.deepEqual(allowedHosts, [
      { name: "house.example", port: null },
      { name: "[fd00::1]", port: 99 },
    ]);
  });

  it("refuse a HOST that this machine has not, at once and with the others", async () => {
    const problems = async (env: Record<string, string>) => {
      try {
        await loadServedConfig(env, "");
        return [];
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
        return error.problems;
      }
    };
    for (const HOST of ["203.0.113.1", "no-such-host.invalid", "2001:db8::1", "999.1.1.1"]) {
      const found = await problems({ HOST, PORT: "x" });
      assert.equal(found.length, 2, HOST);
      assert.match(found[1]!, new RegExp(`^HOST=${HOST}: this machine cannot listen there .*0\\.0\\.0\\.0`));
    }
    for (const HOST of ["127.0.0.1", "localhost", "0.0.0.0"]) assert.deepEqual(await problems({ HOST }), []);
  });

  it("need no password in a lab, where the operator's key is everybody's too", () => {
    assert.equal(readConfig({ NETWORK: "geth" }, "").meterKeystorePassword, DEVELOPMENT_KEYSTORE_PASSWORD);
    const away = { NETWORK: "geth", MNEMONIC: OWN_MNEMONIC, RPC_URL: "http://10.0.0.2:8545" };
    assert.match(problemsOf(away).join(), /METER_KEYSTORE_PASSWORD/);
  });

  it("refuse the lab's mnemonic for a node on another machine", () => {
    const away = { NETWORK: "geth", METER_KEYSTORE_PASSWORD: "long enough", RPC_URL: "http://10.0.0.2:8545" };
    assert.match(problemsOf(away)[0]!, /^MNEMONIC: the well-known lab words are refused/);
    assert.match(problemsOf({ ...away, MNEMONIC: LAB_MNEMONIC })[0]!, /^MNEMONIC: /);
    assert.equal(readConfig({ ...away, MNEMONIC: OWN_MNEMONIC }, "").mnemonic, OWN_MNEMONIC);
  });

  it("name all problems at once", () => {
    assert.equal(problemsOf({ PORT: "x", METER: "y", LOG_LEVEL: "z" }).length, 3);
  });

  it("never show a secret", () => {
    const secret = "correct horse battery staple";
    const said = problemsOf({ MNEMONIC: secret, METER_KEYSTORE_PASSWORD: "hunter2" }).join("\n");
    assert.doesNotMatch(said, /horse|hunter2/);
  });

  const slips = [
    "PROT",
    "PORt",
    "NETWROK",
    "NETWORKS",
    "CONFIRMATION",
    "METTER",
    "POLL_INTERVALL_MS",
    "DATADIR",
    "MNEUMONIC",
  ];
  for (const name of slips)
    it(`take ${name} for a slip and refuse it`, () => {
      assert.match(problemsOf({ [name]: "1" })[0]!, new RegExp(`^${name} is not a setting; [A-Z_]+ is`));
    });

  it("leave everybody else's variables alone", () => {
    const others =
      "PATH HOME HOSTNAME USER SHELL LANG TERM PWD PORTS HOSTS NODE_ENV CI EDITOR REDIS_PORT npm_config_port _";
    assert.deepEqual(problemsOf(Object.fromEntries(others.split(" ").map((name) => [name, "x"]))), []);
    assert.deepEqual(problemsOf(process.env), []);
  });

  it("refuse a name in .env that is not theirs, and a line that is none", () => {
    assert.match(
      problemsOf({}, "PORT=1\nDATABASE_URL=x")[0]!,
      /^\.env line 2: DATABASE_URL is not a setting; known are NETWORK/,
    );
    assert.match(problemsOf({}, "PORT 3000")[0]!, /^\.env line 1 is not NAME=value/);
    assert.match(problemsOf({}, "toString=1")[0]!, /toString is not a setting/);
  });

  it("either read or refuse, whatever the environment holds", () => {
    const names = fc.constantFrom(...Object.keys(SETTINGS));
    fc.assert(
      fc.property(fc.dictionary(names, fc.string({ unit: "binary" })), fc.string(), (env, file) => {
        problemsOf(env, file);
      }),
    );
  });
});

describe(".env.example", () => {
  const text = readFileSync(join(__dirname, "..", "..", ".env.example"), "utf8");
  const lines = text.split("\n").flatMap((line) => {
    const match = /^# ([A-Z_]+)=(.*)$/.exec(line);
    return match ? [[match[1]!, match[2]!] as const] : [];
  });

  it("names every setting once, in order", () => {
    assert.deepEqual(
      lines.map(([name]) => name),
      Object.keys(SETTINGS),
    );
  });

  it("shows the defaults as they are", () => {
    const shown = Object.fromEntries(lines.filter(([, value]) => value !== ""));
    const { CHAIN_ID: gethOnly, ...embedded } = shown;
    assert.equal(gethOnly, "13371");
    assert.deepEqual(readConfig(embedded, ""), readConfig({}, ""));
  });

  it("changes nothing when copied as it is", () => {
    assert.deepEqual(readConfig({}, text), readConfig({}, ""));
  });
});
