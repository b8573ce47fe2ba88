import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { Meter } from "../../common/meter";
import { createMeter } from "../../meter/meter";
import { createTransport } from "../../meter/transport";
import { need } from "../support/need";

const ROOT = resolve(__dirname, "../..");

/** A genuine serial port with the simulated Arduino behind it; killing it draws the plug. */
async function plugIn(path: string): Promise<ChildProcess> {
  const socat = spawn(
    "socat",
    [`PTY,link=${path},raw,echo=0,wait-slave`, "EXEC:node --require tsx/cjs meter/sim/stdio.ts"],
    {
      cwd: ROOT,
      env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` },
      stdio: "ignore",
    },
  );
  await once(socat, "spawn");
  return socat;
}

async function unplug(socat: ChildProcess): Promise<void> {
  if (socat.exitCode !== null || socat.signalCode !== null) return;
  socat.kill();
  await once(socat, "exit");
}

const reaches = (meter: Meter, state: string) =>
  new Promise<void>((resolve) => {
    const forget = meter.onStatus((status) => {
      if (status.state !== state) return;
      forget();
      resolve();
    });
  });

describe("A meter on a genuine serial port", function () {
  this.timeout(90_000);

  it("connects, meters, loses the port and finds it again", async function () {
    need(this, "socat");
    const folder = await mkdtemp(join(tmpdir(), "meter-"));
    const path = join(folder, "arduino");
    let socat = await plugIn(path);
    const meter = createMeter({ transport: `serial:${path}` });
    try {
      await meter.connect();
      assert.match(meter.status.detail, new RegExp(`^neighborwatt meter 1\\.0 on serial:${path};`));
      for (const _ of ["once", "and once more"]) {
        meter.onSample(() => meter.affirm());
        meter.setRelay("closed");
        await new Promise<void>((resolve) => {
          const forget = meter.onSample((sample) => {
            if (sample.relay !== "closed" || sample.watts < 2) return;
            forget();
            resolve();
          });
        });
        const isLost = reaches(meter, "lost");
        await unplug(socat);
        await isLost;
        const isBack = reaches(meter, "online");
        socat = await plugIn(path);
        await isBack;
      }
    } finally {
      await meter.disconnect();
      await unplug(socat);
      await rm(folder, { recursive: true });
    }
    assert.equal(meter.status.state, "stopped");
  });
});

describe("A meter on a serial port that cannot be opened", () => {
  it("says that there is no such port, and which there are", async () => {
    const transport = createTransport("serial:/dev/ttyNOWHERE");
    await assert.rejects(transport.open({ data: () => {}, closed: () => {} }), {
      message:
        /^there is no port \/dev\/ttyNOWHERE; (ports here: .+|no serial port is here: is the USB cable in\?)$/,
    });
  });

  it("says that a file is no serial port", async () => {
    const folder = await mkdtemp(join(tmpdir(), "meter-"));
    try {
      await assert.rejects(
        createTransport(`serial:${folder}`).open({ data: () => {}, closed: () => {} }),
        (error: Error) => error.message.includes(folder),
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("keeps trying, says so, and stops when it is told to", async () => {
    const meter = createMeter({ transport: "serial:/dev/ttyNOWHERE" });
    const refused = new Promise<string>((resolve) => {
      meter.onStatus(({ detail }) => detail.includes("next attempt") && resolve(detail));
    });
    void meter.connect();
    assert.match(await refused, /^there is no port \/dev\/ttyNOWHERE; .*; next attempt in 0.5 s$/);
    assert.equal(meter.status.state, "connecting");
    await meter.disconnect();
    assert.equal(meter.status.state, "stopped");
  });
});
