import assert from "node:assert/strict";
import { bench, FIRMWARES } from "./bench";

/** One step of the ADC at the pin, V, and what a step of the sensors is worth. */
const STEP_VOLTS = 5 / 1024;
const STEP_AMPERES = STEP_VOLTS / 0.185;
const SCAN_S = 0.019;
const ZERO_SCANS = 50;
/** Four sigma: one run in 16,000 may fall outside; with a fixed seed, none. */
const SIGMAS = 4;

/**
 * How far the register may be from the truth, as a part of it.
 *
 * Current: a reading errs by the step it is cut to (uniform, variance 1/12) and by the sensor's noise, which also
 * spreads it over several steps; the mean over n scans errs by that over √n, once in the zero and once in the delivery.
 * Volts: half a step, since nothing spreads them. Time: the contact moves between two scans, at either end.
 */
function errorBound(truth: { volts: number; amperes: number; seconds: number; noiseVolts: number }): number {
  const scanSteps = Math.sqrt(1 / 12 + (truth.noiseVolts / STEP_VOLTS) ** 2);
  const means = 1 / Math.sqrt(ZERO_SCANS) + 1 / Math.sqrt(truth.seconds / SCAN_S);
  const current = (SIGMAS * scanSteps * means * STEP_AMPERES) / truth.amperes;
  const volts = STEP_VOLTS / (truth.volts / 2);
  const time = SCAN_S / truth.seconds;
  return current + volts + time;
}

for (const firmware of FIRMWARES)
  describe(`The error of metering, through sensors, ADC and the firmware ${firmware}`, function () {
    this.timeout(120_000);

    const loads: [loadOhms: number, seconds: number][] = [
      [3, 30],
      [8, 30],
      [15, 30],
      [30, 30],
      [15, 5],
    ];
    for (const [loadOhms, seconds] of loads)
      it(`is within what quantisation and noise allow: ${loadOhms} Ω for ${seconds} s`, async () => {
        const { arduino, meter, registerMicroJoule, online, over } = bench({ loadOhms }, { firmware });
        await online();
        meter.setRelay("closed");
        await arduino.advance(seconds * 1000);
        const { batteryVolts, neighborAmperes } = arduino.world.truth;
        await over();
        const metered = Number(registerMicroJoule()) / 1e6;
        const error = metered / arduino.world.deliveredJ - 1;
        const bound = errorBound({
          volts: batteryVolts,
          amperes: neighborAmperes,
          seconds,
          noiseVolts: 0.0035,
        });
        console.log(
          `      ${batteryVolts.toFixed(2)} V ${neighborAmperes.toFixed(3)} A: ${(arduino.world.deliveredJ / 3.6).toFixed(2)} mWh sold, metered ${(100 * error).toFixed(2)} % (bound ${(100 * bound).toFixed(2)} %)`,
        );
        assert.ok(bound < 0.12, `a bound of ${bound} proves nothing`);
        assert.ok(Math.abs(error) <= bound, `${100 * error} % is beyond ${100 * bound} %`);
      });

    it("stays the same over many short deliveries as over one long one", async () => {
      const { arduino, meter, registerMicroJoule, online, over } = bench({}, { firmware });
      await online();
      for (let delivery = 0; delivery < 20; delivery++) {
        meter.setRelay("closed");
        await arduino.advance(477);
        meter.setRelay("open");
        await arduino.advance(233);
      }
      await over();
      const error = Number(registerMicroJoule()) / 1e6 / arduino.world.deliveredJ - 1;
      console.log(`      twenty deliveries of half a second: ${(100 * error).toFixed(2)} %`);
      const bound = errorBound({ volts: 6.3, amperes: 0.42, seconds: 20 * 0.477, noiseVolts: 0.0035 });
      // Each delivery has two edges between scans, which fall early as often as late.
      assert.ok(Math.abs(error) <= bound + (SCAN_S / 0.477 / Math.sqrt(20)) * 2, `${100 * error} %`);
    });
  });
