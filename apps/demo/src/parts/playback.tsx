import type { Clock } from '../race/clock.js';
import { LogSlider, Slider } from './fields.js';

/** Play, pause, restart, a slider over the steps, and one for the speed. */
export function Playback({
  clock,
  last,
  speed,
  onSpeed,
}: {
  readonly clock: Clock;
  readonly last: number;
  /** Steps a second. */
  readonly speed: number;
  readonly onSpeed: (speed: number) => void;
}) {
  const playing = clock.playing.value;
  return (
    <div class="playback">
      <div class="buttons">
        <button type="button" onClick={playing ? clock.pause : clock.play}>
          {playing ? 'Pause' : 'Play'}
        </button>
        <button
          type="button"
          class="secondary"
          onClick={() => {
            clock.seek(0);
            clock.play();
          }}
        >
          Restart
        </button>
      </div>
      <Slider label="Step" min={0} max={last} value={clock.step.value} onChange={clock.seek} />
      <LogSlider
        label="Speed"
        min={1}
        max={1000}
        value={speed}
        format={(rate) => `${Math.round(rate)} steps/s`}
        onChange={onSpeed}
      />
    </div>
  );
}
