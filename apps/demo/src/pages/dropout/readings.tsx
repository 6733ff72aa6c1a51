import { useSignal } from '@preact/signals';
import type { Remote } from 'comlink';
import { useEffect, useMemo } from 'preact/hooks';
import { Slider } from '../../parts/fields.js';
import { Picture } from '../../parts/picture.js';
import { latestOnly } from '../../parts/latest-only.js';
import type { DropoutSettings } from './defaults.js';
import type { DropoutWorker, Reading } from './worker.js';

/** What the network with dropout says of a digit that it was not trained on, in the two ways of testing. */
export function Readings({
  settings,
  worker,
  finished,
}: {
  readonly settings: DropoutSettings;
  readonly worker: Remote<DropoutWorker>;
  /** How often a training has ended. */
  readonly finished: number;
}) {
  const { digit, passes } = settings.current.value;
  const reading = useSignal<Reading | undefined>(undefined);
  const ask = useMemo(
    () =>
      latestOnly(async ([index, count]: readonly [number, number]) => {
        reading.value = await worker.read(index, count);
      }),
    [],
  );
  useEffect(() => {
    if (finished > 0) ask([digit, passes]);
  }, [digit, passes, finished]);
  return (
    <div class="workbench">
      <section class="controls" aria-label="Settings of the test">
        <Slider
          label="Held-out digit"
          min={0}
          max={199}
          value={digit}
          onChange={(digit) => {
            settings.set({ digit });
          }}
        />
        <Slider
          label="Passes that drop"
          min={2}
          max={500}
          value={passes}
          onChange={(passes) => {
            settings.set({ passes });
          }}
        />
        {reading.value !== undefined && (
          <Picture
            label={`The digit, a ${reading.value.label}`}
            width={28}
            height={28}
            values={reading.value.image.map((ink) => 1 - ink)}
            zoom={4}
          />
        )}
      </section>
      <section aria-label="Probabilities">
        <p class="prose">
          Testing wants the average over all masks, which are far too many. Dropout as trained here (inverted:
          what is kept is scaled up) takes one pass with nothing dropped instead; Monte-Carlo dropout averages
          as many random passes as one likes, and their spread tells how sure the network is.
        </p>
        <div aria-live="polite">
          {reading.value === undefined ? (
            <p>Train above: then the network with dropout is asked here.</p>
          ) : (
            <>
              <Probabilities reading={reading.value} />
              <p>
                <small>
                  Bar: scaled pass. Dot and whiskers: average of the passes, and one standard deviation each
                  way.
                </small>
              </p>
            </>
          )}
        </div>
      </section>
    </div>
  );
}

function Probabilities({ reading: { label, scaled, average, spread } }: { readonly reading: Reading }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Probabilities of the classes">
      <table class="probabilities">
        <thead>
          <tr>
            <th scope="col">Class</th>
            <th scope="col">Scaled pass</th>
            <th scope="col">Average</th>
            <th scope="col">± spread</th>
            <th scope="col">From 0 to 1</th>
          </tr>
        </thead>
        <tbody>
          {scaled.map((probability, i) => (
            <tr key={i}>
              <th scope="row">
                {i}
                {i === label ? ' (true)' : ''}
              </th>
              <td>{probability.toFixed(3)}</td>
              <td>{average[i].toFixed(3)}</td>
              <td>{spread[i].toFixed(3)}</td>
              <td>
                <Bar scaled={probability} average={average[i]} spread={spread[i]} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Bar({ scaled, average, spread }: { scaled: number; average: number; spread: number }) {
  const share = (value: number): string => `${100 * Math.min(1, Math.max(0, value))}%`;
  return (
    <svg class="bar" width="100%" height="20" aria-hidden="true">
      <rect class="scaled" x="0" y="4" height="12" width={share(scaled)} />
      <line class="spread" x1={share(average - spread)} x2={share(average + spread)} y1="10" y2="10" />
      <circle class="average" cx={share(average)} cy="10" r="4" />
    </svg>
  );
}
