/*
 * neighborwatt meter: the firmware of the meter's Arduino Uno (ATmega328P, 16 MHz). MIT License, see LICENSE.
 *
 * It speaks the part of Firmata's protocol (github.com/firmata/protocol) that the meter needs: one output, the relay on
 * D7, and six analog inputs, A0 to A5. What it does not know, it ignores.
 *
 * What it adds: the relay opens by itself. A heartbeat is the question for the state of the relay's pin
 * (F0 6D 07 F7), and nothing else is: four given bytes in a row, which noise does not hit.
 *   - A second without a heartbeat opens the relay.
 *   - Without one in the last second it does not close, and after such a trip not before the host has written it low.
 *   - The first heartbeat after a trip is answered with a string ("relay opened: …") before the pin's state.
 *
 * It uses registers and interrupts only, nothing of Arduino's core but setup() and loop(), so that the same file builds
 * in the Arduino IDE and with avr-gcc and avr-libc alone (npm run firmware).
 */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/wdt.h>
#include <stdint.h>
#include <util/atomic.h>

static const char FIRMWARE_NAME[] = "neighborwatt meter";
static const uint8_t FIRMWARE_MAJOR = 1, FIRMWARE_MINOR = 0;
static const uint8_t PROTOCOL_MAJOR = 2, PROTOCOL_MINOR = 5;
static const char TRIP_TEXT[] = "relay opened: no heartbeat for 1 s";

/* D7 is bit 7 of port D. */
static const uint8_t RELAY_PIN = 7;
static const uint8_t RELAY_BIT = 1 << PD7;
/* An Uno's pins: D0 to D13, then A0 to A5. */
static const uint8_t PINS = 20, FIRST_ANALOG_PIN = 14, CHANNELS = 6;

static const uint16_t HEARTBEAT_LIMIT_MS = 1000;
/* Three conversions and nine bytes take 1.9 ms; this leaves room. */
static const uint8_t SHORTEST_INTERVAL_MS = 10;

/* Firmata's words. */
enum {
  PORT_WRITE = 0x90,
  REPORT_ANALOG = 0xC0,
  REPORT_DIGITAL = 0xD0,
  ANALOG_VALUE = 0xE0,
  SYSEX = 0xF0,
  PIN_MODE = 0xF4,
  PIN_WRITE = 0xF5,
  END_SYSEX = 0xF7,
  VERSION = 0xF9,
  SYSTEM_RESET = 0xFF,
  ANALOG_MAPPING_QUERY = 0x69,
  ANALOG_MAPPING_ANSWER = 0x6A,
  CAPABILITY_QUERY = 0x6B,
  CAPABILITY_ANSWER = 0x6C,
  PIN_STATE_QUERY = 0x6D,
  PIN_STATE_ANSWER = 0x6E,
  STRING = 0x71,
  FIRMWARE = 0x79,
  SAMPLING_INTERVAL = 0x7A,
  MODE_OUTPUT = 1,
  MODE_ANALOG = 2,
  NOTHING = 0x7F
};

/* ---- Time, and the relay ---------------------------------------------------------------------------------------- */

static volatile uint16_t clockMs;
static volatile uint16_t silentMs = HEARTBEAT_LIMIT_MS;
/* The relay has opened by itself: the host has not written it low since / has not been told yet. */
static volatile bool isTripped, isTripUntold;

/* Every millisecond. The trip is here and not in loop(), so that no work there can put it off. */
ISR(TIMER0_COMPA_vect) {
  clockMs++;
  if (silentMs < HEARTBEAT_LIMIT_MS) silentMs++;
  else if (PORTD & RELAY_BIT) {
    PORTD &= ~RELAY_BIT;
    isTripped = isTripUntold = true;
  }
}

static uint16_t nowMs() {
  uint16_t now;
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { now = clockMs; }
  return now;
}

static void writeRelay(bool isHigh) {
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
    if (!isHigh) {
      PORTD &= ~RELAY_BIT;
      isTripped = false;
    } else if (silentMs < HEARTBEAT_LIMIT_MS && !isTripped) PORTD |= RELAY_BIT;
  }
}

/* ---- The line --------------------------------------------------------------------------------------------------- */

/* Its index is a byte, which wraps by itself. */
static volatile uint8_t received[256];
static volatile uint8_t receivedEnd;
static volatile uint8_t receivedStart;
static volatile bool isLineBroken;

ISR(USART_RX_vect) {
  /* The errors belong to the byte that is read next, so they are looked at first. */
  const uint8_t errors = UCSR0A & (_BV(FE0) | _BV(DOR0));
  const uint8_t byte = UDR0;
  const uint8_t end = receivedEnd + 1;
  if (errors || end == receivedStart) isLineBroken = true;
  else {
    received[receivedEnd] = byte;
    receivedEnd = end;
  }
}

static void send(uint8_t byte) {
  while (!(UCSR0A & _BV(UDRE0))) {
  }
  UDR0 = byte;
}

/* As two bytes of seven bits. */
static void sendPair(uint16_t value) {
  send(value & 0x7F);
  send((value >> 7) & 0x7F);
}

static void sendText(const char *text) {
  for (; *text; text++) sendPair(*text);
}

static void sendVersion() {
  send(VERSION);
  send(PROTOCOL_MAJOR);
  send(PROTOCOL_MINOR);
}

static void sendFirmware() {
  send(SYSEX);
  send(FIRMWARE);
  send(FIRMWARE_MAJOR);
  send(FIRMWARE_MINOR);
  sendText(FIRMWARE_NAME);
  send(END_SYSEX);
}

static void sendCapabilities() {
  send(SYSEX);
  send(CAPABILITY_ANSWER);
  for (uint8_t pin = 0; pin < PINS; pin++) {
    if (pin == RELAY_PIN) {
      send(MODE_OUTPUT);
      send(1);
    } else if (pin >= FIRST_ANALOG_PIN) {
      send(MODE_ANALOG);
      send(10);
    }
    send(NOTHING);
  }
  send(END_SYSEX);
}

static void sendAnalogMapping() {
  send(SYSEX);
  send(ANALOG_MAPPING_ANSWER);
  for (uint8_t pin = 0; pin < PINS; pin++) send(pin < FIRST_ANALOG_PIN ? NOTHING : pin - FIRST_ANALOG_PIN);
  send(END_SYSEX);
}

static void sendPinState(uint8_t pin) {
  send(SYSEX);
  send(PIN_STATE_ANSWER);
  send(pin);
  send(pin == RELAY_PIN ? MODE_OUTPUT : pin >= FIRST_ANALOG_PIN ? MODE_ANALOG : NOTHING);
  send(pin == RELAY_PIN && (PORTD & RELAY_BIT));
  send(END_SYSEX);
}

/* ---- Sampling --------------------------------------------------------------------------------------------------- */

static uint8_t reportedChannels;
static uint16_t intervalMs = 19;
static uint16_t sampledAtMs;

static uint16_t convert(uint8_t channel) {
  /* AVCC is the reference. */
  ADMUX = _BV(REFS0) | channel;
  ADCSRA |= _BV(ADSC);
  while (ADCSRA & _BV(ADSC)) {
  }
  return ADC;
}

static void sampleWhenDue() {
  const uint16_t now = nowMs();
  if ((uint16_t)(now - sampledAtMs) < intervalMs) return;
  sampledAtMs = now;
  for (uint8_t channel = 0; channel < CHANNELS; channel++)
    if (reportedChannels & (1 << channel)) {
      const uint16_t counts = convert(channel);
      send(ANALOG_VALUE | channel);
      sendPair(counts);
    }
}

/* ---- Messages from the host ------------------------------------------------------------------------------------- */

/* The longest that is known is a sampling interval: three bytes between SYSEX and END_SYSEX. */
static uint8_t message[4];
static uint8_t length;
static bool isSysex, isTooLong;
/* The command whose bytes are being gathered, and how many there must be; 0 between messages. */
static uint8_t command, wanted;

static void startAnew() {
  writeRelay(false);
  reportedChannels = 0;
  intervalMs = 19;
}

static void heartbeat() {
  bool isNews;
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
    silentMs = 0;
    isNews = isTripUntold;
    isTripUntold = false;
  }
  if (isNews) {
    send(SYSEX);
    send(STRING);
    sendText(TRIP_TEXT);
    send(END_SYSEX);
  }
}

static void obeySysex() {
  if (isTooLong || length == 0) return;
  if (length == 1 && message[0] == FIRMWARE) sendFirmware();
  else if (length == 1 && message[0] == CAPABILITY_QUERY) sendCapabilities();
  else if (length == 1 && message[0] == ANALOG_MAPPING_QUERY) sendAnalogMapping();
  else if (length == 2 && message[0] == PIN_STATE_QUERY && message[1] < PINS) {
    if (message[1] == RELAY_PIN) heartbeat();
    sendPinState(message[1]);
  } else if (length == 3 && message[0] == SAMPLING_INTERVAL) {
    const uint16_t asked = message[1] | ((uint16_t)message[2] << 7);
    intervalMs = asked < SHORTEST_INTERVAL_MS ? SHORTEST_INTERVAL_MS : asked;
  }
}

static void obeyCommand() {
  if (command == VERSION) sendVersion();
  else if (command == SYSTEM_RESET) startAnew();
  else if (command == PORT_WRITE) writeRelay(message[1] & 1);
  else if (command == PIN_WRITE && message[0] == RELAY_PIN && message[1] <= 1) writeRelay(message[1]);
  else if ((command & 0xF0) == REPORT_ANALOG && (command & 0x0F) < CHANNELS) {
    const uint8_t channel = 1 << (command & 0x0F);
    if (message[0]) reportedChannels |= channel;
    else reportedChannels &= ~channel;
  }
  /* The modes of the pins never change: the relay's is an output, the analog ones are inputs. */
}

/* Bytes that follow a command; a command that is not known gets none, so that what follows it is passed over. */
static uint8_t bytesAfter(uint8_t byte) {
  switch (byte < SYSEX ? byte & 0xF0 : byte) {
    case PORT_WRITE:
    case ANALOG_VALUE:
    case PIN_MODE:
    case PIN_WRITE:
      return 2;
    case REPORT_ANALOG:
    case REPORT_DIGITAL:
      return 1;
    default:
      return 0;
  }
}

/* Forgets the message under way; what is left of it is passed over. */
static void abandonMessage() {
  isSysex = isTooLong = false;
  length = wanted = 0;
}

static void take(uint8_t byte) {
  if (byte < 0x80) {
    if (!isSysex && wanted == 0) return;
    if (length == sizeof message) isTooLong = true;
    else message[length++] = byte;
    if (!isSysex && length == wanted) {
      wanted = 0;
      obeyCommand();
    }
  } else if (byte == END_SYSEX) {
    if (isSysex) obeySysex();
    abandonMessage();
  } else {
    /* A command in the middle of a message means that the rest of that was lost. */
    abandonMessage();
    command = byte;
    isSysex = byte == SYSEX;
    wanted = bytesAfter(byte);
    if (!isSysex && wanted == 0) obeyCommand();
  }
}

/* ---- The program ------------------------------------------------------------------------------------------------ */

/*
 * After a watchdog's reset the watchdog runs on, at its shortest limit: it is switched off before anything else, or the
 * reset would repeat for ever.
 */
extern "C" void quietWatchdog() __attribute__((naked, used, section(".init3")));
extern "C" void quietWatchdog() {
  MCUSR = 0;
  wdt_disable();
}

void setup() {
  cli();
  /* Low first, then an output: the relay's pin goes from floating to low. */
  PORTD &= ~RELAY_BIT;
  DDRD |= RELAY_BIT;
  /* Timer 0 counts to 250 at 250 kHz. Arduino's core has it for millis(), which is not used here. */
  TCCR0A = _BV(WGM01);
  TCCR0B = _BV(CS01) | _BV(CS00);
  OCR0A = 249;
  TIMSK0 = _BV(OCIE0A);
  /* 57,600 bit/s (57,143), 8N1. */
  UCSR0A = _BV(U2X0);
  UBRR0 = 34;
  UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
  UCSR0B = _BV(RXCIE0) | _BV(RXEN0) | _BV(TXEN0);
  /* The ADC at 125 kHz: 104 µs a conversion. */
  ADCSRA = _BV(ADEN) | _BV(ADPS2) | _BV(ADPS1) | _BV(ADPS0);
  sei();
  /* A sketch that hangs is started again. */
  wdt_enable(WDTO_500MS);
  sendVersion();
  sendFirmware();
}

void loop() {
  wdt_reset();
  if (isLineBroken) {
    /* What stands around a lost byte cannot be trusted. */
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
      isLineBroken = false;
      receivedStart = receivedEnd;
    }
    abandonMessage();
  }
  if (receivedStart != receivedEnd) take(received[receivedStart++]);
  sampleWhenDue();
}
