/**
 * Everything about the two machines that is decided before they exist. Private addresses are fixed, so that each
 * machine's firewall, unit and peer are known when the template is written, and because CloudFormation cannot start a
 * replacement on an address in use: an update that would replace a machine fails instead of losing its chain.
 */
import { GETH_CHAIN_ID } from "../../common/lab";

export interface Machine {
  name: "node1" | "node2";
  /** node1 seals and has no RPC port; node2 validates and serves RPC on its own loopback. */
  role: "sealer" | "validator";
  /** Private address in the subnet. */
  address: string;
  /** The only other machine that geth talks to. */
  peerAddress: string;
}

export const STACK = "neighborwatt-geth";
export const SUBNET = "10.13.71.0/28";
export const NODE1: Machine = {
  name: "node1",
  role: "sealer",
  address: "10.13.71.11",
  peerAddress: "10.13.71.12",
};
export const NODE2: Machine = {
  name: "node2",
  role: "validator",
  address: "10.13.71.12",
  peerAddress: "10.13.71.11",
};
export const MACHINES: readonly Machine[] = [NODE1, NODE2];

export const CHAIN_ID = GETH_CHAIN_ID;
export const PEERING_PORT = 30303;
export const RPC_PORT = 8545;

/** Canonical's own name for its newest Ubuntu 24.04 image; each region resolves it when the stack is deployed. */
export const UBUNTU_IMAGE =
  "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id";

/**
 * Ubuntu 24.04's own Go, signed by apt like everything else there. It is below 1.23, from which on geth 1.10.26 links
 * only with `-checklinkname=0`, and above the 1.19 that go.mod asks for.
 */
export const GO_PACKAGE = "golang-1.22-go";
export const GO_BINARY = "/usr/lib/go-1.22/bin/go";

/** Amazon's clock, on the link itself: needs no rule in any firewall. */
export const TIME_SERVER = "169.254.169.123";

export const DATA_FOLDER = "/var/lib/geth";
export const HOUSE = "/opt/neighborwatt";
export const SETTINGS = "/etc/neighborwatt";
/** What node 2 may fetch, and the home of the account that may fetch it. */
export const PUBLISHED = "/srv/neighborwatt";
