/**
 * Writes the CloudFormation template and both cloud-configs, with no CDK command and no network:
 * `npm run synth` or `npm run synth -- --out <folder>`.
 */
import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { cloudConfig } from "./cloud-init";
import { MACHINES, STACK } from "./network";

function synth(out: string): void {
  // Late, so that a missing aws-cdk-lib is told below in plain words.
  const { writeTemplate } = require("./stack") as typeof import("./stack");
  writeTemplate(out);
  for (const machine of MACHINES) {
    fs.writeFileSync(path.join(out, `${machine.name}.cloud-config.yaml`), cloudConfig(machine));
  }
}

const { values } = parseArgs({ options: { out: { type: "string" } } });
const out = path.resolve(values.out ?? path.join(__dirname, "../../build/ec2"));
if (!fs.existsSync(path.join(__dirname, "node_modules", "aws-cdk-lib"))) {
  console.error(
    "aws-cdk-lib is not installed, because only this needs it: run `npm ci --prefix geth/ec2` first.",
  );
  process.exit(1);
}
synth(out);
console.log(
  `${path.join(out, `${STACK}.template.json`)}\n(and node1, node2.cloud-config.yaml beside it, to be read)`,
);
