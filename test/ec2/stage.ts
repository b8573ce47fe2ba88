/** The stage that bring-up.test.ts plays on: see there. */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { parseEnv } from "node:util";
import { type Machine, NODE1, NODE2, PEERING_PORT, RPC_PORT } from "../../geth/ec2/network";
import { gethOptions } from "../../geth/ec2/unit";

/** Where node 1 sees the tunnel come from. */
const OPERATOR = "127.0.0.1";

export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

export async function until(what: string, isSo: () => boolean, seconds = 60): Promise<void> {
  for (let tries = seconds * 10; !isSo(); tries--) {
    if (tries <= 0) throw new Error(`waited ${seconds} s in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Node 1's sshd, with the authorized_keys that the scripts write. StrictModes is off for the folder is below /tmp. */
export async function startSshd(folder: string, binary: string, port: number): Promise<ChildProcess> {
  const inside = (machine: Machine, ...parts: string[]) => path.join(folder, machine.name, ...parts);
  if (process.getuid?.() === 0) fs.mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const config = path.join(folder, "sshd_config");
  const lines = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${path.join(folder, "host_key")}`,
    `AuthorizedKeysFile ${inside(NODE1, "srv/neighborwatt/.ssh/authorized_keys")}`,
    "PidFile none",
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin yes",
  ];
  fs.writeFileSync(config, `${lines.join("\n")}\n`);
  const child = spawn(binary, ["-D", "-e", "-f", config], { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => {
    log += chunk.toString();
  });
  await until("sshd listens", () => log.includes("listening") || child.exitCode !== null);
  assert.equal(child.exitCode, null, log);
  return child;
}

/** sudo, cloud-init, systemctl and the operator's ssh, as few lines each as will do. */
export function writeStandIns(folder: string, sshPort: number): void {
  const inside = (machine: Machine, ...parts: string[]) => path.join(folder, machine.name, ...parts);
  const bin = path.join(folder, "bin");
  fs.mkdirSync(bin);
  const program = (name: string, body: string) =>
    fs.writeFileSync(path.join(bin, name), `#!/bin/bash\nset -e\n${body}\n`, { mode: 0o755 });
  program("sudo", 'exec "$@"');
  program("cloud-init", "exit 2");
  // Asks the test to start this node's geth, and waits for it, as systemd would.
  program(
    "systemctl",
    `case "$*" in "start geth" | "restart geth") ;; *) exit 0 ;; esac
touch "$NEIGHBORWATT_ROOT/start"
for _ in $(seq 300); do [ -S "$NEIGHBORWATT_ROOT/var/lib/geth/geth.ipc" ] && exit 0; sleep 0.1; done; exit 1`,
  );
  // ssh [options] ubuntu@nodeN command...: only the operator's; a call with -F is node 2's own, and goes to the real one.
  program(
    "ssh",
    `[ "$1" = -F ] && exec "${execFileSync("sh", ["-c", "command -v ssh"], { encoding: "utf8" }).trim()}" "$@"
while [[ $1 != ubuntu@* ]]; do if [ "$1" = -R ]; then echo "$2" >"${folder}/tunnel"; fi; shift; done
node=\${1#ubuntu@}; shift
while [ "$1" = -o ] || [ "$1" = -R ]; do if [ "$1" = -R ]; then echo "$2" >"${folder}/tunnel"; fi; shift 2; done
export NEIGHBORWATT_ROOT="${folder}/$node" SSH_CONNECTION="${OPERATOR} 50000 10.13.71.11 22"
command="$*"
command=\${command//\\/opt\\/neighborwatt/$NEIGHBORWATT_ROOT\\/opt\\/neighborwatt}
command=\${command// 2201/ ${sshPort}}
command=\${command//\\/etc\\/ssh\\/ssh_host_ed25519_key.pub/${folder}\\/host_key.pub}
exec bash -c "$command"`,
  );
  // Disks and compilers are not tried here.
  for (const machine of [NODE1, NODE2]) {
    fs.writeFileSync(inside(machine, "opt/neighborwatt/bin/install"), "#!/bin/sh\nexit 0\n");
  }
}

/** geth with the unit's own options; only folders, ports and addresses are this test's. */
export function startGeth(
  folder: string,
  geth: string,
  machine: Machine,
  ports: Record<Machine["name"], number>,
): ChildProcess {
  const inside = (machine: Machine, ...parts: string[]) => path.join(folder, machine.name, ...parts);
  const environment = inside(machine, "etc/neighborwatt/sealer.env");
  const settings = fs.existsSync(environment) ? parseEnv(fs.readFileSync(environment, "utf8")) : {};
  const options = gethOptions(machine)
    .join(" ")
    .replace("/var/lib/geth", inside(machine, "var/lib/geth"))
    .replace("/etc/neighborwatt", inside(machine, "etc/neighborwatt"))
    .replace("%d", inside(machine, "var/lib/geth"))
    .replace(
      /\$\{(\w+)\}/g,
      (_, name: string) => settings[name] ?? assert.fail(`${name} is not in sealer.env`),
    )
    .replace(`--port ${PEERING_PORT}`, `--port ${ports[machine.name]}`)
    .replace(`--http.port ${RPC_PORT}`, "--http.port 0")
    .replace(machine.peerAddress, "127.0.0.1");
  const peers = inside(machine, "etc/neighborwatt/peers.toml");
  if (fs.existsSync(peers)) {
    const text = fs.readFileSync(peers, "utf8");
    const other = machine === NODE1 ? ports.node2 : ports.node1;
    fs.writeFileSync(peers, text.replace(`${machine.peerAddress}:${PEERING_PORT}`, `127.0.0.1:${other}`));
  }
  const log = fs.openSync(inside(machine, "geth.log"), "w");
  const child = spawn(geth, [...options.split(" "), "--authrpc.port", "0"], { stdio: ["ignore", log, log] });
  fs.closeSync(log);
  return child;
}
