import assert from "node:assert/strict";
import { type Device, entitiesOf } from "../../bus/home-assistant";
import { subjectOf } from "../../bus/topics";
import { NOW_MS, sampleOf, TestServer } from "./support";

/**
 * Home Assistant's documentation of MQTT discovery: the fields of either component that these entities use, and the
 * values that it knows. A field that is not here is refused by it or ignored.
 */
const SHARED = ["unique_id", "name", "state_topic", "value_template", "device"];
const AVAILABILITY = ["availability_topic", "availability_template", "expire_after"];
const FIELDS: Record<string, string[]> = {
  sensor: [...SHARED, ...AVAILABILITY, "device_class", "state_class", "unit_of_measurement"],
  binary_sensor: [...SHARED, ...AVAILABILITY, "payload_on", "payload_off"],
};
const UNITS: Record<string, string[]> = {
  energy: ["Wh", "kWh"],
  power: ["W"],
  voltage: ["V"],
  current: ["A"],
};
const DEVICE = ["identifiers", "name", "manufacturer", "model", "sw_version", "via_device"];
/** Its places for component, node and object. */
const TOPIC = /^homeassistant\/(\w+)\/([a-zA-Z0-9_-]+)\/([a-zA-Z0-9_-]+)\/config$/;

const server = new TestServer();
const device: Device = {
  meter: server.meter.meter,
  name: "House 1",
  model: "simulated meter",
  firmware: "neighborwatt 1",
};
const entities = entitiesOf(server.bus.key, device);
const configOf = (what: string) => entities.find(({ topic }) => topic.includes(`_${what}/`))!.config;

/** As Home Assistant's templates have it, as far as these use them. */
function render(template: unknown, payload: string): string {
  const at = (path: string) =>
    path.split(".").reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], {
      value_json: JSON.parse(payload),
    });
  const [, expression] = /^\{\{ (.*) \}\}$/.exec(String(template))!;
  const [, value, condition] = /^(.*?)(?: if (.*) else none)?$/.exec(expression!)!;
  if (condition !== undefined && !at(condition)) return "None";
  const [, path, isWh] = /^([\w.]+)( \| int \/ 1000)?$/.exec(value!)!;
  const found = at(path!);
  return isWh ? String(Number(found) / 1000) : found === null ? "None" : String(found);
}

describe("what Home Assistant is told", () => {
  it("is in the published format: topics, fields, classes and units", () => {
    const identifiers = entities.map(({ topic, config }) => {
      const [, component, node, object] = TOPIC.exec(topic)!;
      assert.equal(node, server.bus.key);
      assert.equal(object, config.unique_id);
      for (const field of Object.keys(config)) assert.ok(FIELDS[component!]!.includes(field), field);
      if (component === "sensor")
        assert.ok(UNITS[String(config.device_class)]!.includes(String(config.unit_of_measurement)));
      for (const field of Object.keys(config.device as object)) assert.ok(DEVICE.includes(field), field);
      assert.ok(subjectOf(String(config.state_topic)) && subjectOf(String(config.availability_topic)));
      return (config.device as { identifiers: string[] }).identifiers;
    });
    assert.equal(new Set(entities.map(({ config }) => config.unique_id)).size, entities.length);
    // One device, with all of them.
    assert.deepEqual(new Set(identifiers.map(String)).size, 1);
    assert.deepEqual(configOf("energy").device, {
      identifiers: [`neighborwatt_${server.meter.meter.slice(2).toLowerCase()}`],
      name: "House 1",
      manufacturer: "neighborwatt",
      model: "simulated meter",
      sw_version: "neighborwatt 1",
    });
  });

  it("gives its energy dashboard a register that only grows", () => {
    const { device_class, state_class, unit_of_measurement } = configOf("energy");
    assert.deepEqual([device_class, state_class, unit_of_measurement], ["energy", "total_increasing", "Wh"]);
  });

  it("gives nobody a way to move the relay", () => {
    for (const { topic, config } of entities) {
      assert.match(topic, /^homeassistant\/(sensor|binary_sensor)\//);
      assert.deepEqual(
        Object.keys(config).filter((field) => field.includes("command")),
        [],
      );
    }
  });

  it("reads the very messages that the server says", () => {
    const measured = { ...sampleOf(device.meter, NOW_MS, 3.5), meter: undefined };
    const state = server.state({ relay: "closed", registerMilliWh: 12_345n, measured }).payload;
    assert.equal(render(configOf("energy").value_template, state), "12.345");
    assert.equal(render(configOf("power").value_template, state), "3.5");
    assert.equal(render(configOf("relay").value_template, state), configOf("relay").payload_on);
    const open = server.state({ relay: "open" }).payload;
    assert.equal(render(configOf("relay").value_template, open), configOf("relay").payload_off);
    assert.equal(render(configOf("power").value_template, open), "None");
    assert.equal(render(configOf("relay").value_template, server.state({ relay: null }).payload), "None");
    for (const say of ["online", "offline"])
      assert.equal(
        render(configOf("energy").availability_template, server.say("availability", { state: say }).payload),
        say,
      );
  });
});
