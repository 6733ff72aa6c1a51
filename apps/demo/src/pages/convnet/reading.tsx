import { NumberField } from '../../parts/fields.js';
import { Picture } from '../../parts/picture.js';
import { DrawingBoard } from './drawing-board.js';
import type { Stroke } from './prepare-drawing.js';

export interface ReadingProps {
  readonly strokes: readonly Stroke[];
  readonly onDraw: (strokes: readonly Stroke[]) => void;
  /** The held-out digit that is shown; undefined while it is the drawing. */
  readonly index: number | undefined;
  readonly onChoose: (index: number) => void;
  readonly count: number;
  /** What the network sees. */
  readonly image: Float32Array;
  /** What the held-out digit is. */
  readonly label: number | undefined;
  /** Of each digit; undefined until the network has looked. */
  readonly probabilities: Float32Array | undefined;
  /** Whether the probabilities are those of another image, because the network has not looked at this one yet. */
  readonly busy: boolean;
}

/** A digit, drawn or chosen, and what the network takes it for. */
export function Reading({
  strokes,
  onDraw,
  index,
  onChoose,
  count,
  image,
  label,
  probabilities,
  busy,
}: ReadingProps) {
  const blank = index === undefined && strokes.length === 0;
  return (
    <section aria-labelledby="reading-heading">
      <h2 id="reading-heading">Have a digit read</h2>
      <div class="reading-row">
        <div>
          <DrawingBoard strokes={strokes} onChange={onDraw} />
          <div class="buttons">
            <button
              type="button"
              class="secondary"
              onClick={() => {
                onDraw([]);
              }}
            >
              Clear
            </button>
            <button
              type="button"
              class="secondary"
              disabled={count === 0}
              onClick={() => {
                onChoose(Math.floor(Math.random() * count));
              }}
            >
              Random held-out digit
            </button>
          </div>
          <NumberField
            label={`Held-out digit, 0 to ${Math.max(0, count - 1)}`}
            value={index ?? 0}
            min={0}
            max={Math.max(0, count - 1)}
            step={1}
            disabled={count === 0}
            onChange={onChoose}
          />
        </div>
        <figure class="seen">
          <Picture label="What the network sees" width={28} height={28} values={image} zoom={5} />
          <figcaption>
            {blank
              ? 'Draw a digit with mouse, finger or arrow keys and space.'
              : index === undefined
                ? 'Your drawing as the network sees it: 28 × 28 pixels, scaled and centred as the digits it learns from were.'
                : `Held-out digit ${index}: a ${label ?? ''}.`}
          </figcaption>
        </figure>
        <Probabilities values={blank ? undefined : probabilities} busy={busy} />
      </div>
    </section>
  );
}

function Probabilities({
  values,
  busy,
}: {
  readonly values: Float32Array | undefined;
  readonly busy: boolean;
}) {
  const likeliest = values === undefined ? -1 : values.indexOf(Math.max(...values));
  return (
    <div class="probabilities" aria-busy={busy}>
      <p role="status" class="verdict">
        {values === undefined || likeliest < 0 ? (
          'Nothing to read yet'
        ) : (
          <>
            Read as <strong>{likeliest}</strong> ({percent(values[likeliest])})
          </>
        )}
      </p>
      <ol aria-label="Probability of each digit">
        {Array.from({ length: 10 }, (_, digit) => {
          const share = values?.[digit] ?? 0;
          return (
            <li key={digit} class={digit === likeliest ? 'likeliest' : undefined}>
              <span>{digit}</span>
              <span class="bar">
                <span style={{ width: `${100 * share}%` }} />
              </span>
              <span>{percent(share)}</span>
            </li>
          );
        })}
      </ol>
    </div>
  );
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
