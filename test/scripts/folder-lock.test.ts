/** Which data folders are refused, and in which words. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockFolder } from "../../scripts/folder-lock";

const NOBODY = 65534;

describe("a data folder", () => {
  let parent: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), "nw folder-"));
  });
  afterEach(() => {
    chmodSync(parent, 0o700);
    rmSync(parent, { recursive: true });
  });
  const lockAndRelease = (folder: string) => lockFolder(folder, { program: "test" }).release();

  /** root may write everywhere. */
  function asOrdinaryUser(act: () => void): void {
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid!(NOBODY);
    try {
      act();
    } finally {
      if (isRoot) process.seteuid!(0);
    }
  }

  it("may have spaces in its path, be missing, or be a link to a folder", () => {
    lockAndRelease(join(parent, "not there", "yet"));
    symlinkSync(join(parent, "not there"), join(parent, "link"));
    lockAndRelease(join(parent, "link"));
  });

  it("that is a file, is below a file, or is a link to nowhere is refused by name", () => {
    const file = join(parent, "file");
    const link = join(parent, "link");
    writeFileSync(file, "mine");
    symlinkSync(join(parent, "nowhere"), link);
    for (const folder of [file, join(file, "data"), link])
      assert.throws(
        () => lockAndRelease(folder),
        ({ message }: Error) =>
          message.startsWith(`Cannot use ${folder} (`) && /choose another folder with DATA_DIR/.test(message),
      );
  });

  for (const folderName of [".", "new"])
    it(`that this user may not write in is refused with that reason (${folderName})`, function () {
      // Windows keeps other rights.
      if (!process.geteuid) this.skip();
      chmodSync(parent, 0o555);
      const folder = join(parent, folderName);
      asOrdinaryUser(() =>
        assert.throws(() => lockAndRelease(folder), {
          message: new RegExp(`^This user may not write in ${folder} .*change its owner, or .*DATA_DIR`),
        }),
      );
    });
});
