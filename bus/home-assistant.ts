/**
 * Home Assistant's MQTT discovery: a retained message for each entity makes it, an empty one there removes it. The
 * entities read the signed state of the meter, which is JSON like any other. Its topics have a place for the node that
 * publishes them; here it is the server's key, so that the broker's access list can keep servers apart.
 */
import type { Address } from "../common/address";
import { type BusKey, topicOf } from "./topics";

/** It says `online` here when it has started, and wants to be told everything again. */
export const STATUS_TOPIC = "homeassistant/status";

/** A state is said every ten seconds while it measures. */
const EXPIRES_AFTER_S = 60;

export interface Device {
  meter: Address;
  /** Of its home. */
  name: string;
  model: string;
  /** Of its firmware; null while it is not known. */
  firmware: string | null;
}

export interface Entity {
  topic: string;
  /** As Home Assistant's documentation names the fields. */
  config: Record<string, unknown>;
}

/** Matches what this server has announced, ever. */
export const configFilter = (key: BusKey): string => `homeassistant/+/${key}/+/config`;

export const isConfigTopic = (key: BusKey, topic: string): boolean => {
  const [root, , node, , last, ...rest] = topic.split("/");
  return root === "homeassistant" && node === key && last === "config" && rest.length === 0;
};

export function entitiesOf(key: BusKey, { meter, name, model, firmware }: Device): Entity[] {
  const id = `neighborwatt_${meter.slice(2).toLowerCase()}`;
  const shared = {
    state_topic: topicOf({ kind: "state", key, meter }),
    availability_topic: topicOf({ kind: "availability", key }),
    availability_template: "{{ value_json.body.state }}",
    device: {
      identifiers: [id],
      name,
      manufacturer: "neighborwatt",
      model,
      ...(firmware !== null && { sw_version: firmware }),
    },
  };
  const entity = (component: string, what: string, config: Record<string, unknown>): Entity => {
    const unique = `${id}_${what}`;
    return {
      topic: `homeassistant/${component}/${key}/${unique}/config`,
      config: { unique_id: unique, ...config, ...shared },
    };
  };
  return [
    entity("sensor", "energy", {
      name: "Energy to the neighbours",
      device_class: "energy",
      state_class: "total_increasing",
      unit_of_measurement: "Wh",
      value_template: "{{ value_json.body.registerMilliWh | int / 1000 }}",
    }),
    entity("sensor", "power", {
      name: "Power to the neighbours",
      device_class: "power",
      state_class: "measurement",
      unit_of_measurement: "W",
      expire_after: EXPIRES_AFTER_S,
      value_template: "{{ value_json.body.measured.watts if value_json.body.measured else none }}",
    }),
    entity("binary_sensor", "relay", {
      name: "Relay",
      payload_on: "closed",
      payload_off: "open",
      value_template: "{{ value_json.body.relay }}",
    }),
  ];
}
