/** The systemd unit that keeps geth running on one machine. */
import { CHAIN_ID, DATA_FOLDER, type Machine, PEERING_PORT, RPC_PORT, SETTINGS } from "./network";

/** systemd's own notation for what is known only once node 1 has made the genesis, and stands in sealer.env. */
const fromEnvironment = (name: "SEALER" | "RECOMMIT") => `\${${name}}`;

/** geth's command line on that machine, one option a line. */
export function gethOptions(machine: Machine): string[] {
  const both = [
    `--datadir ${DATA_FOLDER}`,
    `--networkid ${CHAIN_ID}`,
    // Anything less than an archive node may lose its newest blocks to `kill -9` and seal a fork from where it woke.
    "--syncmode full",
    "--gcmode archive",
    "--cache 512",
    `--port ${PEERING_PORT}`,
    // Fences around a peering protocol with known remote crashes: no discovery, one peer by name, one address at all.
    "--nodiscover",
    `--config ${SETTINGS}/peers.toml`,
    `--netrestrict ${machine.peerAddress}/32`,
    // Places, not peers: geth keeps a third of them, at least one, for calls of its own; with 1 nobody could call it.
    "--maxpeers 2",
    "--nat none",
  ];
  if (machine.role === "sealer") {
    return [
      ...both,
      // Unlocking is safe only because no HTTP or WebSocket option stands here: whoever reached one could spend.
      `--unlock ${fromEnvironment("SEALER")}`,
      "--password %d/sealer-password",
      "--mine",
      `--miner.etherbase ${fromEnvironment("SEALER")}`,
      // With geth's default, a transaction that tips less than 1 gwei would wait for ever.
      "--miner.gasprice 1",
      `--miner.recommit ${fromEnvironment("RECOMMIT")}`,
    ];
  }
  return [
    ...both,
    "--http --http.addr 127.0.0.1",
    `--http.port ${RPC_PORT}`,
    "--http.api eth,net,web3,txpool,clique",
    // The two names by which a tunnel's near end is addressed; any other Host header is a page rebinding its DNS.
    "--http.vhosts localhost,127.0.0.1",
  ];
}

/** Whole text of `geth.service`. */
export function gethUnit(machine: Machine): string {
  const command = ["/usr/local/bin/geth", ...gethOptions(machine)].join(" \\\n  ");
  const sealerOnly =
    machine.role === "sealer"
      ? [
          `EnvironmentFile=${SETTINGS}/sealer.env`,
          // systemd reads the password as root and shows it to this service alone.
          `LoadCredential=sealer-password:${DATA_FOLDER}/sealer-password`,
        ]
      : [];
  return `# geth on ${machine.name}, the ${machine.role}. Written by cloud-init; see geth/ec2/README.md of neighborwatt.
[Unit]
Description=neighborwatt's geth (${machine.role})
After=network-online.target chrony.service
Wants=network-online.target chrony.service
RequiresMountsFor=${DATA_FOLDER}
StartLimitIntervalSec=0

[Service]
User=geth
Group=geth
${sealerOnly.map((line) => `${line}\n`).join("")}# clique refuses a block from the future without any tolerance: no geth before the clock is within 0.1 s.
ExecStartPre=/usr/bin/chronyc -h 127.0.0.1 waitsync 60 0.1 0 1
ExecStart=${command}
TimeoutStartSec=120
# SIGINT is what geth writes its state for; a SIGKILL in the middle of that costs blocks.
KillSignal=SIGINT
TimeoutStopSec=300
Restart=always
RestartSec=5
LimitNOFILE=65536

# It may talk to its peer and to its own machine, whatever a security group says one day.
IPAddressDeny=any
IPAddressAllow=localhost ${machine.peerAddress}
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX

# It may write its data folder and see next to nothing else.
ReadWritePaths=${DATA_FOLDER}
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
DevicePolicy=closed
PrivateUsers=yes
PrivateIPC=yes
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
KeyringMode=private
UMask=0077
SystemCallArchitectures=native
# Not without @resources: geth raises its limit of open files at start, and ends when it may not.
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`;
}
