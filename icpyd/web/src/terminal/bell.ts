// The sound of a bell: short, soft and made here.

const FREQUENCY_HZ = 660;
const LENGTH_S = 0.12;
let context: AudioContext | null = null;

/** Rings it. Browsers allow that once the page was clicked or typed into. */
export function ring(): void {
  context ??= new AudioContext();
  const [tone, volume] = [context.createOscillator(), context.createGain()];
  const now = context.currentTime;
  tone.frequency.value = FREQUENCY_HZ;
  volume.gain.setValueAtTime(0.15, now);
  volume.gain.exponentialRampToValueAtTime(0.001, now + LENGTH_S);
  tone.connect(volume).connect(context.destination);
  tone.start(now);
  tone.stop(now + LENGTH_S);
}
