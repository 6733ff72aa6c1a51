import { useSignal, useSignalEffect, type ReadonlySignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';

/** The clock of a race: at which step it is, and whether it runs. */
export interface Clock {
  /** A whole number from 0 to the last step. */
  readonly step: ReadonlySignal<number>;
  readonly playing: ReadonlySignal<boolean>;
  /** Goes on; from the beginning where it is at the end. */
  readonly play: () => void;
  readonly pause: () => void;
  /** Goes to a step and stays there. */
  readonly seek: (step: number) => void;
  /** From the beginning; straight to the end for those who asked their system for less motion. */
  readonly restart: () => void;
}

/** A clock that goes `speed` steps a second, up to the step `last`. */
export function useClock(last: ReadonlySignal<number>, speed: ReadonlySignal<number>): Clock {
  const step = useSignal(0);
  const playing = useSignal(false);
  useSignalEffect(() => {
    if (!playing.value) return undefined;
    let before = performance.now();
    let exact = step.peek();
    const tick = (now: number): void => {
      // Effects end a little after what they depend on has changed.
      if (!playing.peek()) return;
      if (Math.floor(exact) !== step.peek()) exact = step.peek();
      exact = Math.min(last.peek(), exact + (Math.max(0, now - before) / 1000) * speed.peek());
      before = now;
      step.value = Math.floor(exact);
      if (exact >= last.peek()) playing.value = false;
      else frame = requestAnimationFrame(tick);
    };
    let frame = requestAnimationFrame(tick);
    return () => {
      cancelAnimationFrame(frame);
    };
  });
  return useMemo(() => {
    const seek = (to: number): void => {
      playing.value = false;
      step.value = to;
    };
    return {
      step,
      playing,
      seek,
      play() {
        if (step.peek() >= last.peek()) step.value = 0;
        playing.value = true;
      },
      pause() {
        playing.value = false;
      },
      restart() {
        if (matchMedia('(prefers-reduced-motion: reduce)').matches) {
          seek(last.peek());
        } else {
          step.value = 0;
          playing.value = true;
        }
      },
    };
  }, []);
}
