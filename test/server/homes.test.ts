import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { ConfigError, readConfig } from "../../server/config";
import { parseHomes } from "../../server/homes-file";

type Json = Record<string, unknown>;
const ACCOUNT = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const HOUSE = { roofW: 8, batteryMilliWh: 20_000, loadW: 1.5, seed: 3 };

const delivering = (n: number, more: Json = {}): Json => ({
  role: "delivering",
  kind: "simulated",
  keyFile: `meter-key-${n}.json`,
  ...more,
});
const receiving = (more: Json = {}): Json => ({
  role: "receiving",
  kind: "simulated",
  wireFrom: "House 1",
  ...more,
});
const home = (n: number, more: Json = {}): Json => ({ name: `House ${n}`, meters: [delivering(n)], ...more });
const modelled = (n: number, more: Json = {}): Json =>
  home(n, { meters: [delivering(n, { kind: "modelled" })], house: HOUSE, ...more });

const problemsOf = (list: unknown): string[] => parseHomes(JSON.stringify(list)).problems;

describe("the list of homes", () => {
  it("is read with every field", () => {
    const { homes, problems } = parseHomes(
      JSON.stringify([
        home(1, { account: ACCOUNT.toLowerCase() }),
        modelled(2, { meters: [receiving(), delivering(2, { kind: "modelled" })], account: null }),
        home(3, {
          name: "옆집 ☀️",
          meters: [
            delivering(3, { kind: "serial", port: "/dev/ttyACM0", calibration: "vccVolts=4.92" }),
            { role: "receiving", kind: "serial", port: "/dev/ttyACM1" },
          ],
        }),
        home(4, { meters: [delivering(4, { firmware: "StandardFirmata" })] }),
      ]),
    );
    assert.deepEqual(problems, []);
    const plain = { port: null, firmware: null, calibration: "" };
    const simulated = { kind: "simulated" as const, ...plain };
    assert.deepEqual(homes, [
      {
        name: "House 1",
        account: ACCOUNT,
        meter: { ...simulated, keyFile: "meter-key-1.json" },
        receivingMeter: null,
        house: null,
      },
      {
        name: "House 2",
        account: null,
        meter: { ...plain, kind: "modelled", keyFile: "meter-key-2.json" },
        receivingMeter: { ...simulated, wireFrom: "House 1" },
        house: { roofW: 8, batteryMilliWh: 20_000n, loadW: 1.5, seed: 3 },
      },
      {
        name: "옆집 ☀️",
        account: null,
        meter: {
          kind: "serial",
          port: "/dev/ttyACM0",
          firmware: null,
          calibration: "vccVolts=4.92",
          keyFile: "meter-key-3.json",
        },
        receivingMeter: { ...plain, kind: "serial", port: "/dev/ttyACM1", wireFrom: null },
        house: null,
      },
      {
        name: "House 4",
        account: null,
        meter: { ...simulated, firmware: "StandardFirmata", keyFile: "meter-key-4.json" },
        receivingMeter: null,
        house: null,
      },
    ]);
  });

  const withMeter = (more: Json): Json[] => [home(1, { meters: [delivering(1, more)] })];
  const refusals: [what: string, list: unknown, said: RegExp][] = [
    ["an object", {}, /^holds no list; allowed is \[/],
    ["no home", [], /^lists 0 homes; allowed are 1 to 500$/],
    ["501 homes", Array.from({ length: 501 }, (_, i) => home(i + 1)), /^lists 501 homes; .* 500$/],
    ["a text for a home", ["House 1"], /^home 1: it is "House 1"; allowed is \{ … \} with name, account/],
    ["null for a home", [null], /^home 1: it is null; /],
    ["a list for a home", [[]], /^home 1: it is \[\]; /],
    [
      "an unknown field, near a known one",
      [home(1, { acount: ACCOUNT })],
      /^home 1 "House 1": acount is no field here; account is$/,
    ],
    [
      "an unknown field, near none",
      [home(1, { solar: 1 })],
      /: solar is no field here; known are name, account, meters, house$/,
    ],
    ["a field of the prototype", [{ ...home(1), ["__proto__"]: 1 }], /__proto__ is no field here/],
    ["a home without a name", [home(1, { name: undefined })], /^home 1: name is missing; allowed is 1 to 24/],
    ["a number for a name", [home(1, { name: 7 })], /^home 1: name is 7; /],
    [
      "two homes of one name",
      [home(1), home(2, { name: "House 1" })],
      /^home 2 "House 1": name is not unique: "House 1" has it/,
    ],
    [
      "names that differ by case only",
      [home(1), home(2, { name: "house 1" })],
      /^home 2 "house 1": name is not unique/,
    ],
    ["no account", [home(1, { account: "0x1234" })], /: account is "0x1234"; allowed is the address/],
    [
      "an account with a wrong checksum",
      [home(1, { account: ACCOUNT.replace("C8", "c8") })],
      /: account is "0x7099.*checksum/,
    ],
    ["the account zero", [home(1, { account: `0x${"0".repeat(40)}` })], /: account is "0x0000/],
    [
      "no meters",
      [home(1, { meters: undefined })],
      /^home 1 "House 1": meters is missing; allowed is a list of a delivering/,
    ],
    ["an empty list of meters", [home(1, { meters: [] })], /: meters is \[\]; /],
    [
      "three meters",
      [home(1, { meters: [delivering(1), delivering(2), delivering(3)] })],
      /: meters is \[\{"role/,
    ],
    [
      "two delivering meters",
      [home(1, { meters: [delivering(1), delivering(2)] })],
      /: meters has two delivering meters; /,
    ],
    [
      "a receiving meter alone",
      [home(1), home(2, { meters: [receiving()] })],
      /^home 2 "House 2": meters has a receiving meter alone; /,
    ],
    [
      "a meter that is no object",
      [home(1, { meters: [1] })],
      /: meters\[0\] is 1; allowed is \{ … \} with role, kind/,
    ],
    [
      "an unknown field of a meter",
      withMeter({ keyfile: "a.json" }),
      /: meters\[0\]\.keyfile is no field here; keyFile is$/,
    ],
    [
      "an unknown role",
      withMeter({ role: "both" }),
      /: meters\[0\]\.role is "both"; allowed is delivering or receiving$/,
    ],
    [
      "an unknown kind",
      withMeter({ kind: "usb" }),
      /: meters\[0\]\.kind is "usb"; allowed is serial, simulated or modelled$/,
    ],
    [
      "a serial meter without a port",
      withMeter({ kind: "serial" }),
      /: meters\[0\]\.port is missing; .*\/dev\/ttyACM0/,
    ],
    [
      "a simulated meter with a port",
      withMeter({ port: "/dev/ttyACM0" }),
      /: meters\[0\]\.port is of a serial meter only/,
    ],
    ["an empty port", withMeter({ kind: "serial", port: "" }), /: meters\[0\]\.port is ""; /],
    [
      "unknown firmware",
      withMeter({ firmware: "Marlin" }),
      /: meters\[0\]\.firmware is "Marlin"; allowed is StandardFirmata/,
    ],
    [
      "firmware of a serial meter",
      withMeter({ kind: "serial", port: "/dev/a", firmware: "StandardFirmata" }),
      /: meters\[0\]\.firmware is of a simulated meter only/,
    ],
    [
      "a calibration that is none",
      withMeter({ calibration: "4,92;" }),
      /: meters\[0\]\.calibration is "4,92;"; allowed is what was measured/,
    ],
    [
      "a calibration of what no board has",
      withMeter({ calibration: "vccVolts=4.92,dividerRatoi=2" }),
      /: meters\[0\]\.calibration is "vccVolts=4\.92,dividerRatoi=2"; allowed is .*dividerRatio=0\.5…8/,
    ],
    [
      "a calibration that is a slip of the finger",
      withMeter({ calibration: "vccVolts=49.2" }),
      /: meters\[0\]\.calibration is "vccVolts=49\.2"; allowed is .*vccVolts=1\.25…20/,
    ],
    [
      "a calibration of a modelled meter",
      [modelled(1, { meters: [delivering(1, { kind: "modelled", calibration: "vccVolts=5" })] })],
      /: meters\[0\]\.calibration is of an Arduino/,
    ],
    [
      "no key file",
      withMeter({ keyFile: undefined }),
      /: meters\[0\]\.keyFile is missing; allowed is a file name in DATA_DIR/,
    ],
    [
      "a key file in another folder",
      withMeter({ keyFile: "../key.json" }),
      /: meters\[0\]\.keyFile is "\.\.\/key\.json"; .*without a folder/,
    ],
    [
      "a key file that is the chain's own",
      withMeter({ keyFile: "Running.json" }),
      /: meters\[0\]\.keyFile is "Running\.json"; /,
    ],
    [
      "a key of a receiving meter",
      [home(1), home(2, { meters: [delivering(2), receiving({ keyFile: "a.json" })] })],
      /: meters\[1\]\.keyFile is of a delivering meter only/,
    ],
    [
      "two homes with one key file",
      [home(1), home(2, { meters: [delivering(1)] })],
      /^home 2 "House 2": keyFile is "meter-key-1\.json": "House 1" has it already; /,
    ],
    [
      "a wire of a delivering meter",
      withMeter({ wireFrom: "House 2" }),
      /: meters\[0\]\.wireFrom is not allowed here/,
    ],
    [
      "a simulated receiving meter without a wire",
      [home(1), home(2, { meters: [delivering(2), receiving({ wireFrom: undefined })] })],
      /: meters\[1\]\.wireFrom is missing/,
    ],
    [
      "a wire from nowhere",
      [home(1), home(2, { meters: [delivering(2), receiving({ wireFrom: "House 9" })] })],
      /^home 2 "House 2": wireFrom is "House 9"; allowed is the name of another home/,
    ],
    [
      "a wire from itself",
      [home(1, { meters: [delivering(1), receiving()] })],
      /: wireFrom is "House 1"; allowed is the name of another home/,
    ],
    [
      "a wire between a simulated and a modelled meter",
      [modelled(1), home(2, { meters: [delivering(2), receiving()] })],
      /: wireFrom is "House 1", whose meter is modelled/,
    ],
    [
      "one wire to two homes",
      [home(1), ...[2, 3].map((n) => home(n, { meters: [delivering(n), receiving()] }))],
      /^home 3 "House 3": wireFrom is "House 1": "House 2" has it already/,
    ],
    [
      "a modelled home without a house",
      [modelled(1, { house: undefined })],
      /: house is missing; allowed is \{ … \} with roofW, batteryMilliWh/,
    ],
    [
      "a house of a simulated home",
      [home(1, { house: HOUSE })],
      /: house is of a home whose delivering meter is modelled/,
    ],
    [
      "an unknown field of a house",
      [modelled(1, { house: { ...HOUSE, roofw: 1 } })],
      /: house\.roofw is no field here; roofW is$/,
    ],
    [
      "a roof as a text",
      [modelled(1, { house: { ...HOUSE, roofW: "8" } })],
      /: house\.roofW is "8"; allowed is the roof/,
    ],
    [
      "a roof of a real house",
      [modelled(1, { house: { ...HOUSE, roofW: 8000 } })],
      /: house\.roofW is 8000; .*0 to 100 W$/,
    ],
    [
      "a battery of half a milliwatt-hour",
      [modelled(1, { house: { ...HOUSE, batteryMilliWh: 0.5 } })],
      /: house\.batteryMilliWh is 0\.5; /,
    ],
    ["a load below nothing", [modelled(1, { house: { ...HOUSE, loadW: -1 } })], /: house\.loadW is -1; /],
    ["no seed", [modelled(1, { house: { ...HOUSE, seed: undefined } })], /: house\.seed is missing; /],
  ];
  for (const [what, list, said] of refusals)
    it(`refuses ${what}, in one line that says what is allowed`, () => {
      const problems = problemsOf(list);
      assert.equal(problems.length, 1, problems.join("\n"));
      assert.match(problems[0]!, said);
      assert.doesNotMatch(problems[0]!, /\n/);
    });

  const names: [what: string, name: string][] = [
    ["nothing", ""],
    ["a space", " "],
    ["a space at its end", "House "],
    ["two spaces in a row", "House  1"],
    ["a line break", "House\n1"],
    ["a tab", "House\t1"],
    ["an escape", "House\u001b[2J"],
    ["a space without width", "House\u200b1"],
    ["a joiner without width", "House\u200d"],
    ["an order mark", "\ufeffHouse"],
    ["a turn to the left", "House \u202e1"],
    ["an isolated turn", "\u2067House"],
    ["a soft hyphen", "Hou\u00adse"],
    ["a space that does not break", "House\u00a01"],
    ["a blank letter", "\u3164"],
    ["an invisible style", "House\ufe0f"],
    ["half a character", "House \ud83c"],
    ["a private character", "\ue000"],
    ["a mark on nothing", "\u0301House"],
    ["25 characters", "x".repeat(25)],
    ["one character of a thousand marks", `e${"\u0316".repeat(1000)}`],
  ];
  for (const [what, name] of names)
    it(`refuses a name with ${what}, and shows it harmlessly`, () => {
      const problems = problemsOf([home(1, { name })]);
      assert.equal(problems.length, 1, problems.join("\n"));
      assert.match(problems[0]!, /^home 1 ".*": name is ".*"; allowed is 1 to 24 characters/);
      assert.doesNotMatch(problems[0]!, /[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/u);
    });

  it("takes names of every script, and 24 characters as people count them", () => {
    for (const name of [
      "지붕 위의 햇빛",
      "Haus Müller",
      "Дом № 5",
      "집 1",
      "日の出",
      "☀️ 1",
      "👍🏽".repeat(24),
    ])
      assert.deepEqual(problemsOf([home(1, { name })]), [], name);
  });

  it("knows a name however it was typed", () => {
    const { homes } = parseHomes(JSON.stringify([home(1, { name: "옆집".normalize("NFD") })]));
    assert.equal(homes[0]?.name, "옆집");
    assert.match(problemsOf([home(1, { name: "é" }), home(2, { name: "e\u0301" })])[0]!, /not unique/);
  });

  it("names every problem of every home at once", () => {
    const problems = problemsOf([home(1, { x: 1, account: 2 }), modelled(2, { house: {} }), 3]);
    assert.equal(problems.length, 7, problems.join("\n"));
  });

  it("either reads or refuses, whatever it holds", () => {
    const keys = fc.constantFrom(
      "name",
      "account",
      "meters",
      "house",
      "role",
      "kind",
      "port",
      "keyFile",
      "wireFrom",
      "seed",
    );
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        fc.jsonValue(),
        fc.constantFrom("simulated", "serial", "delivering"),
        tie("object"),
        fc.array(tie("any")),
      ),
      object: fc.dictionary(fc.oneof(keys, fc.string({ unit: "binary" })), tie("any")),
    }));
    fc.assert(
      fc.property(fc.array(value.object, { maxLength: 5 }), (list) => {
        for (const problem of problemsOf(list)) assert.doesNotMatch(problem, /[\p{Cc}\p{Zl}\p{Zp}\u202e]/u);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const { homes, problems } = parseHomes(text);
        assert.ok(homes.length > 0 || problems.length > 0);
      }),
    );
  });

  it("never takes a random change of a right list for another right list with fewer homes", () => {
    const list = [
      home(1),
      modelled(2, { meters: [receiving(), delivering(2, { kind: "modelled" })] }),
      modelled(3),
    ];
    const text = JSON.stringify(list);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ unit: "binary", maxLength: 3 }), (at, put) => {
        const { homes, problems } = parseHomes(text.slice(0, at) + put + text.slice(at + 1));
        assert.ok(problems.length > 0 || homes.length === list.length);
      }),
      { numRuns: 200 },
    );
  });
});

describe("HOMES", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "homes-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const write = (content: string | Uint8Array): string => {
    const file = join(folder, "street.json");
    writeFileSync(file, content);
    return file;
  };
  const refusal = (env: Record<string, string>, file = ""): string[] => {
    try {
      readConfig(env, file);
      return [];
    } catch (error) {
      assert.ok(error instanceof ConfigError, String(error));
      return error.problems;
    }
  };

  it("names a file with the homes of this server", () => {
    const file = write(JSON.stringify([home(1), modelled(2)]));
    assert.deepEqual(
      readConfig({ HOMES: file }, "").homes.map(({ name }) => name),
      ["House 1", "House 2"],
    );
    assert.equal(readConfig({}, `HOMES=${file}`).homes.length, 2);
    assert.equal(readConfig({ HOMES: write(`\ufeff${JSON.stringify([home(1)])}`) }, "").homes.length, 1);
  });

  it("reads the list that the documents show", () => {
    const kinds = readConfig({ HOMES: join(__dirname, "..", "..", "docs", "homes.json") }, "").homes.map(
      ({ meter, receivingMeter }) => [meter.kind, receivingMeter?.kind ?? null],
    );
    assert.deepEqual(kinds, [
      ["serial", null],
      ["simulated", "serial"],
      ["modelled", null],
    ]);
  });

  it("is refused by name together with METER or METER_CALIBRATION, wherever they stand", () => {
    const HOMES = write(JSON.stringify([home(1)]));
    assert.match(refusal({ HOMES, METER: "simulated" })[0]!, /^METER: .*HOMES=.*unset METER or HOMES$/);
    assert.match(refusal({ HOMES }, "METER=simulated")[0]!, /^METER: /);
    assert.match(refusal({ METER_CALIBRATION: "" }, `HOMES=${HOMES}`)[0]!, /^METER_CALIBRATION: /);
  });

  it("says which file and why, when it cannot be read", () => {
    const table: [file: string, said: RegExp][] = [
      [join(folder, "none.json"), /^HOMES=.*none\.json: there is no such file; allowed is a JSON file/],
      [folder, /: it is no file; /],
      ["/dev/zero", /^HOMES=\/dev\/zero: it is no file; /],
      [write(""), /street\.json: is no JSON: /],
      [write("{"), /street\.json: is no JSON: /],
      [write(`[${" ".repeat(1024 * 1024)}]`), /: it has 1048578 bytes, and 1048576 are the most/],
      [write(Uint8Array.of(0x5b, 0xff, 0x5d)), /: it is not UTF-8; /],
      [write("\u001b[2J"), /: is no JSON: /],
    ];
    // Each call of `write` replaces the file, so the content is written again.
    const contents: (string | Uint8Array | null)[] = [
      null,
      null,
      null,
      "",
      "{",
      `[${" ".repeat(1024 * 1024)}]`,
      Uint8Array.of(0x5b, 0xff, 0x5d),
      "\u001b[2J",
    ];
    for (const [i, [file, said]] of table.entries()) {
      const content = contents[i];
      if (content != null) write(content);
      const problems = refusal({ HOMES: file });
      assert.equal(problems.length, 1, problems.join("\n"));
      assert.match(problems[0]!, said);
      assert.doesNotMatch(problems[0]!, /\p{Cc}/u);
    }
  });

  it("begins every problem of a home with the file", () => {
    const problems = refusal({ HOMES: write(JSON.stringify([home(1, { x: 1 }), home(1)])) });
    assert.deepEqual(
      problems.map((problem) => /^HOMES=.*street\.json: home \d/.test(problem)),
      [true],
      problems.join("\n"),
    );
  });

  it("knows one port under two names", () => {
    const port = join(folder, "ttyACM0");
    writeFileSync(port, "");
    mkdirSync(join(folder, "by-id"));
    symlinkSync(port, join(folder, "by-id", "arduino"));
    const serial = (n: number, path: string) =>
      home(n, { meters: [delivering(n, { kind: "serial", port: path })] });
    const pair = [serial(1, port), serial(2, join(folder, "by-id", "arduino"))];
    assert.match(problemsOf(pair)[0]!, /^home 2 "House 2": port is ".*arduino": "House 1" has it already/);
    assert.match(
      problemsOf([serial(1, "/dev/none"), serial(2, "/dev/../dev/none")])[0]!,
      /^home 2 .*port is/,
    );
    const own = home(1, {
      meters: [delivering(1, { kind: "serial", port }), { role: "receiving", kind: "serial", port }],
    });
    assert.match(problemsOf([own])[0]!, /: port is .*"House 1" has it already/);
  });
});
