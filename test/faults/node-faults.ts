/** The node that the server asks dies, or stands still. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Fault } from "./scene";

/** Longer than the server waits for an answer. */
const FROZEN_MS = 15_000;

export const NODE_FAULTS: Fault[] = [
  {
    name: "the node is killed, and started again",
    async strike(scene) {
      const { node } = scene.bench;
      await node.kill();
      try {
        await scene.mustComplain(/chain nodeLost: .*/);
        await sleep(scene.between(0, 3000));
        await scene.mustNotHaveOpened();
      } finally {
        await node.start();
      }
    },
  },
  {
    name: "the node stands still for 15 s",
    async strike(scene) {
      const { node } = scene.bench;
      node.freeze();
      try {
        const thawed = sleep(FROZEN_MS);
        await scene.mustComplain(/chain nodeLost: .*/);
        await thawed;
        await scene.mustNotHaveOpened();
      } finally {
        node.thaw();
      }
    },
  },
];
