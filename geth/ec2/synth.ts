/**
 * Writes the CloudFormation template and both cloud-configs, with no CDK command and no network:
 * `npm run synth` or `npm run synth -- --out <folder>`.
 */
import { spawnSync } from "node:child_process";
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
/** aws-cdk-lib is needed by this command alone, so `npm ci` in the root does not bring it. */
function installPackages(): void {
  // npm writes this file last: an installation that was interrupted has no such file.
  if (fs.existsSync(path.join(__dirname, "node_modules", ".package-lock.json"))) return;
  console.log("Installing the packages of geth/ec2 (once) …");
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: __dirname,
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (status === 0) return;
  console.error(
    "npm ci in geth/ec2 failed, see above. Check the connection to the npm registry and try again.",
  );
  process.exit(1);
}

installPackages();
synth(out);
console.log(
  `${path.join(out, `${STACK}.template.json`)}\n(and node1, node2.cloud-config.yaml beside it, to be read)`,
);
