import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Meter } from "../../common/meter";
import { createMeter } from "../../meter/meter";
import { createTransport } from "../../meter/transport";
import { PluggedArduino } from "../support/arduino";
import { need } from "../support/need";
import { FIRMWARES } from "./bench";

const reaches = (meter: Meter, state: string) =>
  new Promise<void>((resolve) => {
    const forget = meter.onStatus((status) => {
      if (status.state !== state) return;
      forget();
      resolve();
    });
  });

const FIRMWARE_WORDS = {
  neighborwatt: "neighborwatt meter 1.0",
  StandardFirmata: "StandardFirmata.ino 2.3",
};

for (const firmware of FIRMWARES)
  describe(`A meter on a genuine serial port, on the firmware ${firmware}`, function () {
    this.timeout(90_000);
    let arduino: PluggedArduino | undefined;

    before(async function () {
      need(this, "socat");
      arduino = new PluggedArduino(firmware);
      await arduino.start();
    });
    after(() => arduino?.stop());

    it("connects, meters, loses the port and finds it again", async () => {
      const { path } = arduino!;
      const meter = createMeter({ transport: `serial:${path}` });
      try {
        meter.onSample(() => meter.affirm());
        await meter.connect();
        assert.equal(meter.status.detail.split(";")[0], `${FIRMWARE_WORDS[firmware]} on serial:${path}`);
        for (const _ of ["once", "and once more"]) {
          meter.setRelay("closed");
          await new Promise<void>((resolve) => {
            const forget = meter.onSample((sample) => {
              if (sample.relay !== "closed" || sample.watts < 2) return;
              forget();
              resolve();
            });
          });
          const isLost = reaches(meter, "lost");
          assert.equal((await arduino!.tell("unplug")).relay, "open");
          await isLost;
          const isBack = reaches(meter, "online");
          await arduino!.tell("replug");
          await isBack;
        }
      } finally {
        await meter.disconnect();
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
