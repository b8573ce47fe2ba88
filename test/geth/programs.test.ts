import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { linkerFlags, lookForTools, whatIsMissing } from "../../geth/install";
import { lookForGeth, lookForPuppeth, requireProgram, whyUnsuitable } from "../../geth/programs";

describe("which geth is used", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "nw-programs-"));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /** A program that says it is geth of some version. */
  function geth(folder: string, version: string, name = "geth"): string {
    mkdirSync(join(dir, folder), { recursive: true });
    const file = join(dir, folder, name);
    writeFileSync(file, `#!/bin/sh\necho Geth\necho "Version: ${version}"\n`);
    chmodSync(file, 0o755);
    return file;
  }
  const built = () => join(dir, "built");
  const path = (...folders: string[]) => folders.map((folder) => join(dir, folder)).join(":");

  for (const [version, verdict] of [
    ["1.10.26-stable-e5eb32ac", null],
    ["1.11.6-stable", null],
    ["1.13.15-stable", null],
    ["1.14.0-stable", /1\.14\.0-stable cannot seal: from 1\.14 on/],
    ["1.16.7-unstable", /cannot seal/],
    ["2.0.0", /cannot seal/],
    ["1.10.25-stable", /older than 1\.10\.26/],
    ["1.9.25", /older than/],
  ] as const) {
    it(`${version} is ${verdict === null ? "taken" : "refused, with the reason"}`, () => {
      const reason = whyUnsuitable(version);
      if (verdict === null) assert.equal(reason, null);
      else assert.match(reason!, verdict);
    });
  }

  it("GETH_BIN comes first, then the built one, then PATH's", () => {
    const [named, own, found] = [geth("named", "1.13.15"), geth("built", "1.10.26"), geth("bin", "1.12.0")];
    const PATH = path("bin");
    assert.deepEqual(lookForGeth({ GETH_BIN: named, PATH }, built()), { program: named, version: "1.13.15" });
    assert.deepEqual(lookForGeth({ PATH }, built()), { program: own, version: "1.10.26" });
    assert.deepEqual(lookForGeth({ PATH }, join(dir, "none")), { program: found, version: "1.12.0" });
  });

  it("a GETH_BIN that cannot seal is refused with the reason, whatever else is there", () => {
    const named = geth("named", "1.14.3-stable");
    geth("built", "1.10.26");
    const finding = lookForGeth({ GETH_BIN: named, PATH: "" }, built());
    assert.throws(
      () => requireProgram(finding),
      /GETH_BIN=.*geth 1\.14\.3-stable cannot seal.*1\.10\.26 to 1\.13\.15/,
    );
  });

  it("a geth on PATH that cannot seal is named, with the way to one that can", () => {
    geth("bin", "1.15.0-stable");
    const finding = lookForGeth({ PATH: path("bin") }, built());
    assert.throws(() => requireProgram(finding), /1\.15\.0-stable cannot seal.*npm run geth:install/s);
  });

  it("a GETH_BIN that is not there, or no geth at all, says so", () => {
    assert.deepEqual(lookForGeth({ GETH_BIN: "/nowhere/geth" }, built()), {
      missing: "GETH_BIN=/nowhere/geth is not a program",
    });
    assert.throws(() => lookForGeth({ GETH_BIN: "/bin/true" }, built()), /\/bin\/true is no geth/);
    assert.throws(
      () => requireProgram(lookForGeth({ PATH: "" }, built())),
      /run `npm run geth:install`, or set GETH_BIN/,
    );
    assert.throws(
      () => requireProgram(lookForPuppeth({ PATH: "" }, built())),
      /geth:install`, or set PUPPETH_BIN/,
    );
  });
});

describe("npm run geth:install", () => {
  it("says what it will build, and does not send anybody to the command that is running", () => {
    const said: string[] = [];
    const nowhere = join(tmpdir(), "no such folder");
    assert.deepEqual(
      whatIsMissing({ PATH: "" }, nowhere, (line) => said.push(line)),
      ["geth", "puppeth"],
    );
    assert.deepEqual(said, ["geth: not installed yet", "puppeth: not installed yet"]);
  });

  it("names Go and a C compiler when they are missing, and how to get each", () => {
    const tools = lookForTools({ PATH: "/nowhere" }, []);
    assert("missing" in tools);
    assert.equal(tools.missing.length, 2);
    assert.match(tools.missing[0]!, /Go is missing.*apt install golang-go.*brew install go/);
    assert.match(tools.missing[1]!, /C compiler is missing.*apt install build-essential.*xcode-select/);
  });

  for (const [go, flags] of [
    ["go1.19.8", []],
    ["go1.22.2", []],
    ["go1.23", ["-ldflags=-checklinkname=0"]],
    ["go1.26.8", ["-ldflags=-checklinkname=0"]],
    ["go2.0", ["-ldflags=-checklinkname=0"]],
  ] as const) {
    it(`links geth with ${flags[0] ?? "no flag"} under ${go}`, () =>
      assert.deepEqual(linkerFlags(go), flags));
  }
});
