/** The two machines and what stands around them, as CloudFormation. */
import {
  App,
  BootstraplessSynthesizer,
  CfnOutput,
  CfnParameter,
  Fn,
  Stack,
  type StackProps,
  Tags,
} from "aws-cdk-lib";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import type { Construct } from "constructs";
import { userData } from "./cloud-init";
import { type Machine, NODE1, NODE2, PEERING_PORT, STACK, SUBNET, UBUNTU_IMAGE } from "./network";

/**
 * One public IPv4 address, and no range: `/32` is added below, so that 0.0.0.0/0 cannot be said. Private, loopback and
 * link-local addresses are refused because AWS would never see them: they are the usual mistake of who asks `ip addr`.
 */
export const ONE_PUBLIC_ADDRESS =
  "^(?!0\\.|10\\.|127\\.|169\\.254\\.|192\\.168\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|2(2[4-9]|[3-5][0-9])\\.)" +
  "((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\\.(?!$)|$)){4}$";

/** The public half of an ssh key of a kind that EC2 imports. */
export const SSH_PUBLIC_KEY = "^ssh-(ed25519|rsa) [A-Za-z0-9+/]+={0,3}( [^\\r\\n]*)?$";

export class PrivateNetwork extends Stack {
  private readonly machines: { vpc: ec2.Vpc; nodes: ec2.SecurityGroup; sshKey: ec2.IKeyPair };

  constructor(scope: Construct, id: string, props: StackProps) {
    super(scope, id, props);
    const operator = new CfnParameter(this, "OperatorAddress", {
      description: "The one public IPv4 address that may use ssh",
      allowedPattern: ONE_PUBLIC_ADDRESS,
      constraintDescription: "one public IPv4 address without /, as https://checkip.amazonaws.com tells it",
    });
    const publicKey = new CfnParameter(this, "SshPublicKey", {
      description: "The operator's public ssh key (ed25519 or rsa), as in ~/.ssh/id_ed25519.pub",
      allowedPattern: SSH_PUBLIC_KEY,
      constraintDescription: "one line that begins with ssh-ed25519 or ssh-rsa",
    });
    const vpc = this.makeVpc();
    this.machines = {
      vpc,
      nodes: this.makeSecurityGroup(vpc, Fn.join("", [operator.valueAsString, "/32"])),
      sshKey: this.importSshKey(publicKey.valueAsString),
    };
    for (const machine of [NODE1, NODE2]) this.addMachine(machine);
  }

  /** One public subnet: the machines fetch packages through it, and no NAT gateway has to be paid for. */
  private makeVpc(): ec2.Vpc {
    return new ec2.Vpc(this, "Vpc", {
      ipAddresses: ec2.IpAddresses.cidr(SUBNET),
      maxAzs: 1,
      natGateways: 0,
      subnetConfiguration: [{ name: "nodes", subnetType: ec2.SubnetType.PUBLIC, cidrMask: 28 }],
      // It would empty the default group by a Lambda with rights of its own; nothing is in that group.
      restrictDefaultSecurityGroup: false,
    });
  }

  /** One group for both machines: ssh from the operator, geth's peering among themselves, packages from the world. */
  private makeSecurityGroup(vpc: ec2.Vpc, operatorRange: string): ec2.SecurityGroup {
    const nodes = new ec2.SecurityGroup(this, "Nodes", {
      vpc,
      description: "The two geth nodes of neighborwatt",
      allowAllOutbound: false,
    });
    const peering = ec2.Port.tcp(PEERING_PORT);
    nodes.addIngressRule(ec2.Peer.ipv4(operatorRange), ec2.Port.tcp(22), "ssh from the operator");
    // TCP only: UDP on this port is node discovery, which is off.
    nodes.addIngressRule(nodes, peering, "geth between the two");
    nodes.addEgressRule(nodes, peering, "geth between the two");
    nodes.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(80), "packages of Ubuntu, signed");
    nodes.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(443), "Go modules, checked against go.sum");
    return nodes;
  }

  /** By the plain resource: CDK's own adds "rsa" and "pem", which are about keys that AWS makes, to any imported key. */
  private importSshKey(publicKeyMaterial: string): ec2.IKeyPair {
    const key = new ec2.CfnKeyPair(this, "SshKey", { keyName: this.stackName, publicKeyMaterial });
    return ec2.KeyPair.fromKeyPairName(this, "ImportedSshKey", key.ref);
  }

  private addMachine(machine: Machine): void {
    const { vpc, nodes, sshKey } = this.machines;
    const disk = (gigabytes: number, deleteOnTermination: boolean) =>
      ec2.BlockDeviceVolume.ebs(gigabytes, {
        encrypted: true,
        volumeType: ec2.EbsDeviceVolumeType.GP3,
        deleteOnTermination,
      });
    const instance = new ec2.Instance(this, machine.name === "node1" ? "Node1" : "Node2", {
      vpc,
      // 2 GB: each of the two processes that build geth takes up to 0.5 GB, geth at work less than one.
      instanceType: new ec2.InstanceType("t3.small"),
      machineImage: ec2.MachineImage.fromSsmParameter(UBUNTU_IMAGE, { userData: ec2.UserData.custom("") }),
      privateIpAddress: machine.address,
      securityGroup: nodes,
      keyPair: sshKey,
      httpTokens: ec2.HttpTokens.REQUIRED,
      httpPutResponseHopLimit: 1,
      creditSpecification: ec2.CpuCredits.STANDARD,
      propagateTagsToVolumeOnCreation: true,
      blockDevices: [
        { deviceName: "/dev/sda1", volume: disk(16, true) },
        // Chain and keys: they outlive the machine and the stack, until somebody deletes the volume itself.
        { deviceName: "/dev/sdf", volume: disk(20, false) },
      ],
    });
    // cloud-init begins at once, and needs the route to the world.
    instance.instance.node.addDependency(vpc);
    Tags.of(instance).add("Name", `neighborwatt-${machine.name}`);
    // CDK would base64 a text; this is compressed, or it would not fit.
    instance.instance.addPropertyOverride("UserData", userData(machine));
    new CfnOutput(this, `${machine.name === "node1" ? "Node1" : "Node2"}PublicAddress`, {
      value: instance.instancePublicIp,
      description: `${machine.name}, the ${machine.role}; changes when the machine is stopped and started`,
    });
  }
}

/** Writes `<STACK>.template.json` into the folder. */
export function writeTemplate(folder: string): void {
  const app = new App({ outdir: folder, analyticsReporting: false });
  // Bootstrapless: the template is deployed by `aws cloudformation deploy`, into an account that never saw the CDK.
  new PrivateNetwork(app, STACK, {
    description: "neighborwatt: a private clique network of two geth nodes",
    synthesizer: new BootstraplessSynthesizer(),
  });
  app.synth();
}
