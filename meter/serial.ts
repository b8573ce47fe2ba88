import type { EventEmitter } from "node:events";
import { readdir } from "node:fs/promises";
import { SerialPort } from "serialport";
import type { Line, LineEvents } from "./line";

/** The speed of StandardFirmata and of our own firmware, bit/s. */
const BAUD_RATE = 57_600;
/** How long closing waits for bytes on their way, ms. */
const DRAIN_MS = 100;
/** Device names of USB serial adapters and Arduinos, where the system cannot list its ports. */
const LIKELY_PORT = /^(ttyACM|ttyUSB|cu\.usb)/;

/**
 * Opens a serial port at the firmware's speed. An Uno resets when its port is opened.
 * @throws Error that says what to do: no such port, no permission, in use.
 */
export async function openSerialLine(path: string, events: LineEvents): Promise<Line> {
  const port = new SerialPort({ path, baudRate: BAUD_RATE, autoOpen: false });
  let isClosing = false;
  const gone = (reason: string) => {
    if (isClosing) return;
    isClosing = true;
    events.closed(reason);
  };
  // A port without an `error` listener ends the process.
  port.on("error", (error: Error) => gone(`${path}: ${error.message}`));
  port.on("close", (error: Error | null) =>
    gone(`${path} was unplugged${error ? ` (${error.message})` : ""}`),
  );
  port.on("data", (bytes: Buffer) => events.data(bytes));

  await new Promise<void>((resolve, reject) => {
    port.open((error) => {
      if (error === null) resolve();
      else {
        isClosing = true;
        explainOpenError(path, error.message).then((message) => reject(new Error(message)), reject);
      }
    });
  });

  keepReading(port);

  return {
    write: (bytes) => {
      if (port.isOpen) port.write(Buffer.from(bytes));
    },
    close: () =>
      new Promise((resolve) => {
        isClosing = true;
        if (!port.isOpen) return resolve();
        // The last command, to open the relay, should still go out; a port that is gone never drains. Closing one that
        // is gone answers with an error, and it is closed all the same.
        const close = () => {
          clearTimeout(timer);
          if (port.isOpen) port.close(() => resolve());
          else resolve();
        };
        const timer = setTimeout(close, DRAIN_MS);
        port.drain(close);
      }),
  };
}

/**
 * From Node 26.4 on, serialport 13.0.0 leaves the bytes that its poller reports unread until something else happens in
 * the process (serialport/node-serialport#3148; mended by serialport/bindings-cpp#239, not released). An empty
 * immediate is something else.
 */
function keepReading(port: SerialPort): void {
  const { poller } = port.port as unknown as { poller?: EventEmitter };
  for (const event of ["readable", "writable", "disconnect"]) poller?.on(event, () => setImmediate(() => {}));
}

/** What `message`, a failure to open `path`, means to its user. */
async function explainOpenError(path: string, message: string): Promise<string> {
  if (/permission denied|EACCES|access denied/i.test(message))
    return `no permission for ${path}: add yourself to its group ("sudo usermod -aG dialout $USER"), then log in again`;
  if (/cannot lock port|resource busy|EBUSY|temporarily unavailable/i.test(message))
    return `${path} is in use by another program (an Arduino serial monitor?): close that one`;
  if (/no such file|file not found|cannot open|ENOENT|ENXIO/i.test(message)) {
    const others = await listSerialPorts();
    const hint =
      others.length > 0 ? `ports here: ${others.join(", ")}` : "no serial port is here: is the USB cable in?";
    return `there is no port ${path}; ${hint}`;
  }
  return `${path} cannot be opened: ${message}`;
}

/** Serial ports that may have an Arduino. Never throws: a machine without udevadm is asked for its device files. */
export async function listSerialPorts(): Promise<string[]> {
  const listed = await SerialPort.list().then(
    (ports) => ports.filter((port) => port.vendorId !== undefined || LIKELY_PORT.test(port.path.slice(5))),
    // `SerialPort.list` runs udevadm, which containers lack: it rejects with ENOENT.
    () => null,
  );
  if (listed !== null) return listed.map((port) => port.path);
  const names = await readdir("/dev").catch(() => []);
  return names.filter((name) => LIKELY_PORT.test(name)).map((name) => `/dev/${name}`);
}
