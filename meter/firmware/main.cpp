// What Arduino's core does with a sketch, for the build without it. Outside the sketch's folder, or the IDE would build it.
void setup();
void loop();

int main() {
  setup();
  for (;;) loop();
}
