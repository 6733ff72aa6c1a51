import { useSignal } from '@preact/signals';
import { Select } from '../../parts/fields.js';
import type { Run } from '../../training/runs.js';
import { finalLoss, lowest } from './lowest.js';

/** What one can answer, and what is to be said of it. */
const ANSWERS: Readonly<Record<string, { readonly title: string; readonly reply: string }>> = {
  low: {
    title: 'The low one',
    reply: 'It is the safest, but it would take many times the steps, and steps are what training costs.',
  },
  good: {
    title: 'The good one',
    reply: 'If one rate has to do for the whole way, yes. But why should it?',
  },
  high: {
    title: 'The high one',
    reply: 'It gets near quickly and then bounces from wall to wall: its steps are too long to settle.',
  },
  veryHigh: {
    title: 'The very high one',
    reply: 'It climbs out of the valley that it should go down into.',
  },
  all: { title: 'All of them, one after another', reply: 'That is it.' },
};

/** The trick question: which rate is best? */
export function Question({
  runs,
  decay,
  options,
  onDecay,
  onAnswer,
}: {
  /** The constant rates, and last the decayed one. */
  readonly runs: readonly Run[];
  readonly decay: string;
  readonly options: Readonly<Record<string, string>>;
  readonly onDecay: (decay: string) => void;
  readonly onAnswer: () => void;
}) {
  const guess = useSignal('');
  const answer = useSignal('');
  return (
    <section class="controls" aria-labelledby="question">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          answer.value = guess.value;
          onAnswer();
        }}
      >
        <fieldset>
          <legend id="question">
            <strong>Which of these learning rates is best to use?</strong>
          </legend>
          <div class="choices">
            {Object.entries(ANSWERS).map(([name, { title }]) => (
              <label key={name}>
                <input
                  type="radio"
                  name="guess"
                  value={name}
                  required
                  checked={guess.value === name}
                  onChange={() => {
                    guess.value = name;
                  }}
                />
                {title}
              </label>
            ))}
          </div>
        </fieldset>
        <div class="buttons">
          <button type="submit">Answer</button>
        </div>
      </form>
      <div aria-live="polite">
        {answer.value !== '' && (
          <>
            <p>
              {ANSWERS[answer.value].reply} All of them are best, one after another: begin with a high rate
              and decay it over time, so that the steps are long while there is far to go and short where the
              valley is narrow. {verdict(runs)}
            </p>
            <Select label="How the high rate decays" value={decay} options={options} onChange={onDecay} />
          </>
        )}
      </div>
    </section>
  );
}

/** What the picture says, in figures. */
function verdict(runs: readonly Run[]): string {
  const decayed = runs.at(-1);
  const best = lowest(runs.slice(0, -1));
  if (decayed === undefined || best === undefined || Number.isNaN(finalLoss(decayed))) {
    return 'Its curve is drawn with the others.';
  }
  const figures = `the decayed rate ends at a loss of ${finalLoss(decayed).toPrecision(2)}, the best constant one (${best.label.toLowerCase()}) at ${finalLoss(best).toPrecision(2)}`;
  return finalLoss(decayed) < finalLoss(best)
    ? `The picture agrees: ${figures}.`
    : `Not with these settings, though: ${figures}. ${decayed.options.rule === 'adagrad' ? 'AdaGrad shortens its steps by itself, and a decay on top is one too many.' : 'Try a “high” rate nearer the good one, more steps, or another decay.'}`;
}
