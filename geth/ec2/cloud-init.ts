/** What each machine is told at its first start: cloud-init's user data. */
import fs from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { LAB_ACCOUNTS } from "../../common/lab";
import { LAB_FUNDED, LAB_SEALERS } from "../lab";
import {
  CHAIN_ID,
  GO_BINARY,
  GO_PACKAGE,
  HOUSE,
  type Machine,
  PEERING_PORT,
  PUBLISHED,
  SETTINGS,
  TIME_SERVER,
} from "./network";
import { gethModule } from "./tools";
import { gethUnit } from "./unit";

export interface MachineFile {
  /** Absolute path on the machine. Owned by root. */
  path: string;
  /** As chmod takes it, `0644`. */
  mode: string;
  content: string;
}

/** EC2's limit of user data, in bytes before base64. */
export const USER_DATA_LIMIT = 16_384;

const SCRIPTS: Record<Machine["name"], readonly string[]> = {
  node1: ["lib.sh", "install", "refuse-lab-accounts", "status", "genesis", "authorise", "seal"],
  node2: ["lib.sh", "install", "refuse-lab-accounts", "status", "join"],
};

/** Every address whose private key is printed in this repository, lower case, without 0x, one a line. */
export function labAccounts(): string {
  const known = [...Object.values(LAB_ACCOUNTS), ...LAB_SEALERS].map(({ address }) => address);
  const bare = [...known, ...LAB_FUNDED].map((address) => address.slice(2).toLowerCase());
  return `${[...new Set(bare)].sort().join("\n")}\n`;
}

/** What the scripts must know of the machine they run on; a shell reads it. */
function settings(machine: Machine): string {
  return `ROLE=${machine.role}
ADDRESS=${machine.address}
CHAIN_ID=${CHAIN_ID}
PEERING_PORT=${PEERING_PORT}
GO=${GO_BINARY}
PEER_ADDRESS=${machine.peerAddress}
`;
}

/** All files that the machine is given. */
export function machineFiles(machine: Machine): MachineFile[] {
  const scripts = SCRIPTS[machine.name].map((name) => ({
    path: `${HOUSE}/bin/${name}`,
    mode: name.endsWith(".sh") ? "0644" : "0755",
    content: fs.readFileSync(path.join(__dirname, "bin", name), "utf8"),
  }));
  const tools = Object.entries(gethModule()).map(([name, content]) => ({
    path: `${HOUSE}/tools/${name}`,
    mode: "0644",
    content,
  }));
  return [
    ...scripts,
    ...tools,
    { path: `${HOUSE}/lab-accounts`, mode: "0644", content: labAccounts() },
    { path: `${SETTINGS}/settings`, mode: "0644", content: settings(machine) },
    { path: "/etc/systemd/system/geth.service", mode: "0644", content: gethUnit(machine) },
  ];
}

/** A YAML literal block: the text as it is, only moved in. */
function block(text: string, indent: number): string {
  const margin = " ".repeat(indent);
  if (!text.endsWith("\n") || /^[ \n]|\n\n$|\r/.test(text)) {
    throw new RangeError("a file for cloud-init must begin with a letter and end with exactly one newline");
  }
  return `|\n${text.replace(/^(?=.)/gm, margin)}`;
}

/** The account on node 1 that node 2's key opens, for one command; nobody can become it by a password. */
const FETCHER = `  - name: genesis
    system: true
    homedir: ${PUBLISHED}
    no_create_home: true
    shell: /bin/sh
`;

/** cloud-config of the machine, as text. */
export function cloudConfig(machine: Machine): string {
  const files = machineFiles(machine).map(
    ({ path: where, mode, content }) => `  - path: ${where}
    permissions: "${mode}"
    content: ${block(content, 6)}`,
  );
  return `#cloud-config
hostname: neighborwatt-${machine.name}
manage_etc_hosts: true
ssh_pwauth: false
disable_root: true
package_update: true
package_upgrade: true
package_reboot_if_required: false
packages: [chrony, gcc, ${GO_PACKAGE}, jq, libc6-dev]
ntp:
  enabled: true
  ntp_client: chrony
  servers: [${TIME_SERVER}]
users:
  - default
  - name: geth
    system: true
    homedir: /var/lib/geth
    no_create_home: true
    shell: /usr/sbin/nologin
${machine.role === "sealer" ? FETCHER : ""}write_files:
${files.join("")}runcmd:
  - [${HOUSE}/bin/install]
`;
}

/**
 * User data as EC2 takes it: base64 of the gzipped cloud-config, which cloud-init unpacks by itself.
 * @throws RangeError when it is larger than EC2 allows
 */
export function userData(machine: Machine): string {
  const packed = gzipSync(cloudConfig(machine), { level: 9 });
  if (packed.length > USER_DATA_LIMIT) {
    throw new RangeError(
      `user data of ${machine.name} is ${packed.length} bytes; EC2 takes ${USER_DATA_LIMIT}`,
    );
  }
  return packed.toString("base64");
}
