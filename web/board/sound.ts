import { storedSignal } from '../page/stored-signal.ts';

/** Whether a new order plays a sound. */
export const isSoundOn = storedSignal('crema.board.sound', false);

let context: AudioContext | undefined;
let playsUntil = 0;

async function unlock(): Promise<void> {
  context ??= new AudioContext();
  await context.resume();
}

export async function switchSound(): Promise<void> {
  isSoundOn.value = !isSoundOn.value;
  if (isSoundOn.value) {
    await unlock();
    playTwoTones();
  }
}

/** After a reload, the first touch anywhere switches a sound on again that was on before. */
for (const type of ['click', 'keydown']) {
  addEventListener(type, () => isSoundOn.value && context?.state !== 'running' && void unlock());
}

/** Plays the sound of a new order, once for orders that arrive together. */
export function announceNewOrder(): void {
  if (isSoundOn.value) playTwoTones();
}

function playTwoTones(): void {
  if (context?.state !== 'running' || context.currentTime < playsUntil) return;
  playsUntil = context.currentTime + 0.5;
  for (const [index, frequency] of [660, 880].entries()) {
    const start = context.currentTime + index * 0.16;
    const tone = new OscillatorNode(context, { frequency });
    const volume = new GainNode(context, { gain: 0 });
    volume.gain.setValueAtTime(0.3, start);
    volume.gain.exponentialRampToValueAtTime(0.001, start + 0.3);
    tone.connect(volume).connect(context.destination);
    tone.start(start);
    tone.stop(start + 0.3);
  }
}
