/** The server stands still, or is started twice. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Fault, Scene } from "./scene";

async function standStill(scene: Scene, ms: number): Promise<void> {
  const { arduino, house } = scene.bench;
  const pid = house.serverPid;
  // The world that it leaves strikes itself: see FaultBench.killServer.
  scene.atS = (await arduino.tell(`signal SIGSTOP ${pid}`)).atS;
  try {
    await sleep(ms);
  } finally {
    process.kill(pid, "SIGCONT");
  }
}

const trips = (name: string, ms: number, isShort = false): Fault => ({
  name,
  isShort,
  async strike(scene) {
    await standStill(scene, ms);
    await scene.mustOpen();
    await scene.mustLog(/meter lost: the relay opened by itself.*/);
  },
});

export const SERVER_FAULTS: Fault[] = [
  {
    name: "the server stands still for 300 to 450 ms",
    isShort: true,
    async strike(scene) {
      await standStill(scene, scene.between(300, 450));
      // Whatever it would do would be done within the firmware's second.
      await sleep(1500);
      await scene.mustNotHaveOpened();
    },
  },
  trips("the server stands still for 1.5 s", 1500, true),
  trips("the server stands still for 10 s", 10_000),
  {
    name: "a second server on the same data folder",
    async strike(scene) {
      const { house } = scene.bench;
      const said = await house.refusedServer();
      await scene.mustSay("the second server says why", /.* is in use by another server: .*/, () => said);
      await scene.mustNotHaveOpened();
    },
    orderMilliWh: 6n,
  },
];
