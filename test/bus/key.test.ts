import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isSignedBy, seal, unseal } from "../../bus/envelope";
import { createBusKey, loadBusKey } from "../../bus/key";

describe("a server's key on the bus", () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "neighborwatt-bus-"));
    file = join(folder, "new", "bus-key.pem");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is made once, for its owner's eyes, and is the same ever after", async () => {
    const made = await loadBusKey(file);
    assert.match(made.key, /^[0-9a-f]{64}$/);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal((await loadBusKey(file)).key, made.key);
  });

  it("is refused when others may read it, with the mend, and not changed", async () => {
    await loadBusKey(file);
    const before = readFileSync(file);
    chmodSync(file, 0o640);
    await assert.rejects(loadBusKey(file), (error: Error) =>
      error.message.includes(`run \`chmod 600 ${file}\``),
    );
    assert.deepEqual(readFileSync(file), before);
  });

  it("is refused when the file is something else, by the file's name", async () => {
    await loadBusKey(file);
    for (const text of ["", "no key", readFileSync(file, "utf8").slice(0, 60)]) {
      writeFileSync(file, text, { mode: 0o600 });
      await assert.rejects(loadBusKey(file), (error: Error) =>
        error.message.includes(`${file} is no Ed25519 key`),
      );
    }
  });
});

describe("a signed message", () => {
  const { key, privateKey } = createBusKey();
  const message = { session: 1, count: 2, atMs: 3, body: { text: 'with "quotes", ö and {braces}' } };

  it("is JSON that anybody can read, and says what was meant", () => {
    const text = seal("some/topic", message, privateKey);
    const { signature, ...rest } = JSON.parse(text) as { signature: string };
    assert.deepEqual(rest, message);
    assert.match(signature, /^[0-9a-f]{128}$/);
    assert.deepEqual(unseal(JSON.parse(text)), { ...message, signature });
    assert.equal(isSignedBy(key, "some/topic", text), true);
  });

  it("counts under its key, on its topic, and byte for byte alone", () => {
    const text = seal("some/topic", message, privateKey);
    assert.equal(isSignedBy(createBusKey().key, "some/topic", text), false);
    assert.equal(isSignedBy(key, "some/other", text), false);
    assert.equal(isSignedBy("f".repeat(64), "some/topic", text), false);
    for (const at of [1, 20, text.length - 140, text.length - 100, text.length - 1])
      assert.equal(isSignedBy(key, "some/topic", `${text.slice(0, at)}~${text.slice(at + 1)}`), false);
    assert.equal(isSignedBy(key, "some/topic", ` ${text}`), false);
    assert.equal(isSignedBy(key, "some/topic", ""), false);
  });
});
