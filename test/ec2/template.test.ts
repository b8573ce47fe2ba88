import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { cloudConfig, userData } from "../../geth/ec2/cloud-init";
import { MACHINES, NODE1, NODE2, STACK } from "../../geth/ec2/network";
import { need } from "../support/need";
import { cdkIsInstalled, EC2, temporaryFolder } from "./support";

/** What we use of aws-cdk-lib/assertions, which only geth/ec2 has installed. */
interface Template {
  hasResourceProperties(type: string, properties: object): void;
  allResourcesProperties(type: string, properties: object): void;
  resourceCountIs(type: string, count: number): void;
  findResources(type: string): Record<string, { Properties: Record<string, unknown> }>;
}
interface Assertions {
  Template: { fromJSON(json: object): Template };
  Match: { absent(): object; arrayEquals(items: unknown[]): object; objectLike(part: object): object };
}
interface Rule {
  IpProtocol: string;
  FromPort: number;
  ToPort: number;
  CidrIp?: unknown;
  SourceSecurityGroupId?: unknown;
  DestinationSecurityGroupId?: unknown;
  GroupId?: unknown;
  Description?: string;
}
interface CloudFormation {
  Parameters: Record<string, { AllowedPattern?: string; Default?: string }>;
  Resources: Record<string, { Type: string; Properties: Record<string, unknown>; DependsOn?: string[] }>;
}

/** CloudFormation's own limit for a template that is sent with the call. */
const LARGEST_TEMPLATE = 51_200;
const OPERATOR_ONLY = { "Fn::Join": ["", [{ Ref: "OperatorAddress" }, "/32"]] };

describe("the CloudFormation template of the two EC2 machines", () => {
  let folder: string;
  let text: string;
  let json: CloudFormation;
  let template: Template;
  let Match: Assertions["Match"];

  before(function () {
    this.timeout(120_000);
    need(this, "aws-cdk-lib", cdkIsInstalled);
    folder = temporaryFolder();
    execFileSync(
      process.execPath,
      ["--require", "tsx/cjs", path.join(EC2, "synth.ts"), "--out", folder],
      // A proxy where nothing listens: whatever reached for the network would fail.
      { env: { ...process.env, HTTPS_PROXY: "http://127.0.0.1:9", HTTP_PROXY: "http://127.0.0.1:9" } },
    );
    text = fs.readFileSync(path.join(folder, `${STACK}.template.json`), "utf8");
    json = JSON.parse(text) as CloudFormation;
    const assertions = createRequire(path.join(EC2, "package.json"))("aws-cdk-lib/assertions") as Assertions;
    template = assertions.Template.fromJSON(json);
    Match = assertions.Match;
  });
  after(() => folder && fs.rmSync(folder, { recursive: true }));

  const rules = (direction: "Ingress" | "Egress"): Rule[] => [
    ...Object.values(template.findResources("AWS::EC2::SecurityGroup")).flatMap(
      ({ Properties }) => (Properties[`SecurityGroup${direction}`] ?? []) as Rule[],
    ),
    ...Object.values(template.findResources(`AWS::EC2::SecurityGroup${direction}`)).map(
      ({ Properties }) => Properties as unknown as Rule,
    ),
  ];

  it("lets in ssh from the operator and 30303/tcp from the other machine, and nothing else", () => {
    const group = {
      "Fn::GetAtt": [Object.keys(template.findResources("AWS::EC2::SecurityGroup"))[0], "GroupId"],
    };
    const told = rules("Ingress").map(({ Description: _, ...rule }) => rule);
    assert.deepEqual(told, [
      { IpProtocol: "tcp", FromPort: 22, ToPort: 22, CidrIp: OPERATOR_ONLY },
      { IpProtocol: "tcp", FromPort: 30303, ToPort: 30303, GroupId: group, SourceSecurityGroupId: group },
    ]);
    template.resourceCountIs("AWS::EC2::SecurityGroup", 1);
  });

  it("lets out web traffic for packages and 30303/tcp to the other machine, and nothing else", () => {
    const told = rules("Egress").map((rule) => [rule.IpProtocol, rule.FromPort, rule.ToPort, rule.CidrIp]);
    assert.deepEqual(told, [
      ["tcp", 80, 80, "0.0.0.0/0"],
      ["tcp", 443, 443, "0.0.0.0/0"],
      ["tcp", 30303, 30303, undefined],
    ]);
  });

  it("describes its rules in the letters that EC2 takes", () => {
    const descriptions = [...rules("Ingress"), ...rules("Egress")].map((rule) => rule.Description ?? "");
    for (const description of descriptions)
      assert.match(description, /^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]{1,255}$/);
  });

  it("takes one public address for ssh, must be told it, and cannot be told the world", () => {
    const { AllowedPattern, Default } = json.Parameters.OperatorAddress!;
    assert.equal(Default, undefined);
    const rows: [string, boolean][] = [
      ["203.0.113.7", true],
      ["8.8.8.8", true],
      ["172.15.0.1", true],
      ["223.255.255.254", true],
      ["0.0.0.0/0", false],
      ["0.0.0.0", false],
      ["203.0.113.7/32", false],
      ["203.0.113.0/24", false],
      ["10.0.0.5", false],
      ["127.0.0.1", false],
      ["192.168.1.5", false],
      ["172.16.0.1", false],
      ["169.254.169.254", false],
      ["224.0.0.1", false],
      ["255.255.255.255", false],
      ["203.0.113.256", false],
      ["203.0.113", false],
      ["203.0.113.7.", false],
      ["203.0.113.7\n0.0.0.0/0", false],
      ["::/0", false],
      ["", false],
    ];
    for (const [address, allowed] of rows) {
      assert.equal(new RegExp(AllowedPattern!).test(address), allowed, JSON.stringify(address));
    }
  });

  it("imports a public ssh key, and takes no private one", () => {
    const pattern = new RegExp(json.Parameters.SshPublicKey!.AllowedPattern!);
    assert.match("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJfs me@home", pattern);
    assert.doesNotMatch("-----BEGIN OPENSSH PRIVATE KEY-----", pattern);
    assert.doesNotMatch("ssh-ed25519 AAAA\nssh-ed25519 BBBB", pattern);
    template.hasResourceProperties("AWS::EC2::KeyPair", { PublicKeyMaterial: { Ref: "SshPublicKey" } });
  });

  it("encrypts every volume, and keeps the data volume when the machine goes", () => {
    const ebs = (VolumeSize: number, DeleteOnTermination: boolean) => ({
      Ebs: { Encrypted: true, VolumeType: "gp3", VolumeSize, DeleteOnTermination },
    });
    template.allResourcesProperties("AWS::EC2::Instance", {
      BlockDeviceMappings: Match.arrayEquals([
        { DeviceName: "/dev/sda1", ...ebs(16, true) },
        { DeviceName: "/dev/sdf", ...ebs(20, false) },
      ]),
    });
    template.resourceCountIs("AWS::EC2::Volume", 0);
  });

  it("runs two machines of Ubuntu 24.04, with IMDSv2 only, each with its own user data and address", () => {
    template.resourceCountIs("AWS::EC2::Instance", 2);
    template.resourceCountIs("AWS::EC2::LaunchTemplate", 0);
    for (const machine of MACHINES) {
      template.hasResourceProperties("AWS::EC2::Instance", {
        PrivateIpAddress: machine.address,
        UserData: userData(machine),
        MetadataOptions: { HttpTokens: "required", HttpPutResponseHopLimit: 1 },
      });
    }
    const images = Object.values(json.Parameters).filter(({ Default }) =>
      Default?.includes("/ubuntu/server/24.04/"),
    );
    assert.equal(images.length, 1);
  });

  it("starts no machine before it has a way to the packages", () => {
    const route = Object.entries(json.Resources).find(([, { Type }]) => Type === "AWS::EC2::Route")![0];
    for (const { Type, DependsOn } of Object.values(json.Resources)) {
      if (Type === "AWS::EC2::Instance") assert.ok(DependsOn?.includes(route));
    }
  });

  it("gives the machines a role without a single right", () => {
    template.resourceCountIs("AWS::IAM::Policy", 0);
    template.resourceCountIs("AWS::IAM::ManagedPolicy", 0);
    template.resourceCountIs("AWS::IAM::Role", 2);
    template.allResourcesProperties("AWS::IAM::Role", {
      Policies: Match.absent(),
      ManagedPolicyArns: Match.absent(),
    });
  });

  it("brings no function, bucket, NAT gateway or anything else that was not asked for", () => {
    const types = new Set(Object.values(json.Resources).map(({ Type }) => Type.replace("AWS::", "")));
    const network = [
      "VPC",
      "Subnet",
      "RouteTable",
      "SubnetRouteTableAssociation",
      "Route",
      "InternetGateway",
    ];
    const rest = [
      "VPCGatewayAttachment",
      "SecurityGroup",
      "SecurityGroupIngress",
      "SecurityGroupEgress",
      "KeyPair",
    ];
    const ec2 = [...network, ...rest, "Instance"].map((name) => `EC2::${name}`);
    assert.deepEqual([...types].sort(), [...ec2, "IAM::InstanceProfile", "IAM::Role"].sort());
  });

  it("is small enough to be deployed without a bucket", () => {
    assert.ok(Buffer.byteLength(text) <= LARGEST_TEMPLATE, `${Buffer.byteLength(text)} bytes`);
  });

  it("lies beside both cloud-configs in plain text, for who wants to read them", () => {
    for (const machine of [NODE1, NODE2]) {
      const file = path.join(folder, `${machine.name}.cloud-config.yaml`);
      assert.equal(fs.readFileSync(file, "utf8"), cloudConfig(machine));
    }
  });

  it("refuses an option it does not know", function () {
    this.timeout(60_000);
    const args = ["--require", "tsx/cjs", path.join(EC2, "synth.ts"), "--operator", "0.0.0.0/0"];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    assert.notEqual(status, 0);
    assert.match(stderr, /--operator/);
  });
});
