/** What program.test.ts runs: a meter on the simulated Arduino, in real time, from its start to its end. */
import type { MeterSample } from "../../common/meter";
import { createMeter } from "../../meter/meter";
import { createSimulatedArduino } from "../../meter/sim/simulated";

async function main(): Promise<void> {
  const arduino = createSimulatedArduino();
  const meter = createMeter({ transport: arduino.transport });
  const sampleWhere = (isIt: (sample: MeterSample) => boolean) =>
    new Promise<void>((resolve) => {
      const forget = meter.onSample((sample) => {
        if (!isIt(sample)) return;
        forget();
        resolve();
      });
    });
  meter.onSample(() => meter.affirm());
  arduino.onRelayEdge((position) => console.log(`relay ${position}`));
  meter.onStatus(({ state, detail }) => console.log(`${state}: ${detail}`));

  await meter.connect();
  meter.setRelay("closed");
  await sampleWhere(({ watts }) => watts > 2);
  arduino.garbage(Uint8Array.of(0xf0, 0x79, 0xf7));
  arduino.unplug();
  await new Promise<void>((resolve) => {
    const forget = meter.onStatus(({ state }) => {
      if (state !== "lost") return;
      forget();
      resolve();
    });
  });
  arduino.replug();
  await sampleWhere(({ watts }) => watts > 2);
  console.log("back");
  await meter.disconnect();
  console.log("disconnected");
}

main().catch((error: Error) => {
  console.error(error);
  process.exitCode = 1;
});
