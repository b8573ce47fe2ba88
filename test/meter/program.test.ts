import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const ROOT = resolve(__dirname, "../..");

/** Runs a program to its own end; `react` sees its output so far and may signal it, once. */
async function run(
  script: string,
  args: string[],
  react: (output: string, signal: (name: NodeJS.Signals) => void) => void = () => {},
  more: Record<string, string> = {},
): Promise<{ output: string; code: number | null; signal: NodeJS.Signals | null }> {
  const { METER: _, HOMES: __, ...env } = { ...process.env };
  Object.assign(env, more);
  const child = spawn(process.execPath, ["--require", "tsx/cjs", script, ...args], { cwd: ROOT, env });
  let output = "";
  let isSignalled = false;
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (text: Buffer) => {
      output += text.toString();
      react(output, (name) => {
        if (!isSignalled) isSignalled = child.kill(name);
      });
    });
  return new Promise((done, failed) => {
    child.on("error", failed);
    child.on("close", (code, signal) => done({ output, code, signal }));
  });
}

describe("A process with a meter in it", function () {
  this.timeout(90_000);

  it("lives through an unplug, meters in real time, and ends by itself after disconnect", async () => {
    const { output, code } = await run("test/meter/lifecycle-program.ts", []);
    assert.equal(code, 0, output);
    assert.match(output, /relay closed\nrelay open\n/);
    assert.match(output, /lost: the simulated Arduino was unplugged/);
    assert.match(output, /relay closed\nback\nrelay open\nstopped: disconnected\ndisconnected\n$/);
  });
});

describe("npm run meter", function () {
  this.timeout(90_000);
  const folder = mkdtempSync(join(tmpdir(), "nw-meter-"));
  const HOMES = { HOMES: join(folder, "homes.json") };
  before(() => {
    const [role, keyFile] = ["delivering", "key.json"];
    const house = { roofW: 8, batteryMilliWh: 150, loadW: 2, seed: 3 };
    const homes = [
      { name: "House 1", meters: [{ role, kind: "serial", port: "/dev/ttyNOWHERE", keyFile }] },
      { name: "House 3", meters: [{ role, kind: "modelled", keyFile: "key-3.json" }], house },
    ];
    writeFileSync(HOMES.HOMES, JSON.stringify(homes));
  });
  after(() => rmSync(folder, { recursive: true }));

  it("shows the simulated Arduino in plain lines where there is no terminal, until it is ended", async () => {
    const { output, code } = await run("meter/cli.ts", [], (text, signal) => {
      if (/relay open/.test(text)) signal("SIGTERM");
    });
    assert.equal(code, 0, output);
    assert.match(
      output,
      /^connecting: opening simulated\nonline: neighborwatt meter 1\.0 on simulated; it opens the relay by itself [^\n]*\n/,
    );
    assert.match(
      output,
      /\n6\.\d\d V {2}0\.000 A {2}0\.00 W {2}0\.000 Wh {2}relay open {2}panel +\d\.\d\d W\n/,
    );
    assert.match(output, /stopped: disconnected\n$/);
  });

  it("runs StandardFirmata on the simulated Arduino when told to, and says what that does not do", async () => {
    const { output } = await run("meter/cli.ts", ["simulated:StandardFirmata"], (text, signal) => {
      if (/relay open/.test(text)) signal("SIGTERM");
    });
    assert.match(output, /\nonline: StandardFirmata\.ino 2\.3 on simulated; it leaves the relay as it is/);
  });

  it("shows a modelled house, which needs no Arduino", async () => {
    const { output, code } = await run("meter/cli.ts", ["modelled"], (text, signal) => {
      if (/relay open/.test(text)) signal("SIGTERM");
    });
    assert.equal(code, 0, output);
    assert.match(output, /\nonline: a model of the firmware on modelled; it opens the relay by itself/);
    assert.match(output, /\n\d\.\d\d V {2}0\.000 A {2}0\.00 W {2}0\.000 Wh {2}relay open {2}panel/);
  });

  it("says what is wrong with a port, and keeps trying", async () => {
    const { output, code } = await run("meter/cli.ts", ["serial:/dev/ttyNOWHERE"], (text, signal) => {
      if (/next attempt in 1 s/.test(text)) signal("SIGINT");
    });
    assert.equal(code, 0, output);
    assert.match(output, /there is no port \/dev\/ttyNOWHERE; .*; next attempt in 0.5 s\n/);
  });

  it("names the choices when it is given a transport that is none", async () => {
    const { output, code } = await run("meter/cli.ts", ["usb"]);
    assert.equal(code, 1);
    assert.match(
      output,
      /no meter transport is called "usb"; the choices are: serial:.*, simulated, simulated:StandardFirmata, modelled\n\nusage: /,
    );
  });

  it("shows the meter of a home in HOMES by the home's name, with its kind and its port", async () => {
    const modelled = await run(
      "scripts/meter.ts",
      ["house 3"],
      (text, signal) => {
        if (/relay open/.test(text)) signal("SIGTERM");
      },
      HOMES,
    );
    assert.equal(modelled.code, 0, modelled.output);
    assert.match(modelled.output, /\nonline: a model of the firmware on modelled;/);
    const serial = await run(
      "scripts/meter.ts",
      ["House 1"],
      (text, signal) => {
        if (/next attempt/.test(text)) signal("SIGTERM");
      },
      HOMES,
    );
    assert.match(serial.output, /^connecting: opening serial:\/dev\/ttyNOWHERE\n/);
  });

  it("lists the homes of HOMES when it is given a name that none of them has", async () => {
    const { output, code } = await run("scripts/meter.ts", ["House 9"], undefined, HOMES);
    assert.equal(code, 1);
    assert.match(output, /^"House 9" names no home: the homes are "House 1", "House 3"\.\n\nusage: /);
  });

  it("explains itself", async () => {
    const { output, code } = await run("meter/cli.ts", ["--help"]);
    assert.equal(code, 0);
    assert.match(output, /^usage: npm run meter/);
  });
});

describe("The simulated Arduino at a port of its own", () => {
  for (const args of [[], ["/tmp/arduino", "Marlin"]])
    it(`explains itself when it is given ${args.join(" ") || "nothing"}`, async () => {
      const { output, code } = await run("meter/sim/port.ts", args);
      assert.equal(code, 1);
      assert.match(output, /^usage: .*\nPATH is .*; FIRMWARE is neighborwatt or StandardFirmata\.\n$/);
    });
});
