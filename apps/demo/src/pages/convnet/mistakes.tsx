import type { Examination } from '../../training/examination.js';
import { Picture } from '../../parts/picture.js';
import { percent } from './reading.js';

/** Which digits were taken for which. */
export function ConfusionMatrix({ examination }: { readonly examination: Examination }) {
  const { confusion } = examination;
  const digits = [...confusion.keys()];
  return (
    <div class="scroll">
      <table class="confusion">
        <caption>Held-out digits: what they are, down, and what they were taken for, across.</caption>
        <thead>
          <tr>
            <th scope="col">is</th>
            {digits.map((digit) => (
              <th key={digit} scope="col">
                {digit}
              </th>
            ))}
            <th scope="col">right</th>
          </tr>
        </thead>
        <tbody>
          {confusion.map((row, digit) => {
            const total = row.reduce((sum, count) => sum + count, 0);
            return (
              <tr key={digit}>
                <th scope="row">{digit}</th>
                {row.map((count, taken) => (
                  <td
                    key={taken}
                    class={count === 0 ? 'none' : taken === digit ? 'right' : 'wrong'}
                    // A few mistakes are to be seen beside hundreds that are right.
                    style={{ '--share': Math.sqrt(count / Math.max(1, total)).toFixed(2) }}
                  >
                    {count}
                  </td>
                ))}
                <td>{percent(row[digit] / Math.max(1, total))}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** The held-out digits that the network is most wrong about. */
export function WorstMistakes({
  examination,
  onChoose,
}: {
  readonly examination: Examination;
  readonly onChoose: (index: number) => void;
}) {
  if (examination.worst.length === 0) return <p>Not one mistake.</p>;
  return (
    <ul class="mistakes">
      {examination.worst.map(({ index, image, label, predicted, probability, loss }) => (
        <li key={index}>
          <button
            type="button"
            class="plain"
            aria-label={`A ${label} read as ${predicted}: look at held-out digit ${index}`}
            onClick={() => {
              onChoose(index);
            }}
          >
            <Picture label={`Held-out digit ${index}`} width={28} height={28} values={image} zoom={2} />
          </button>
          <span>
            is {label}, read as {predicted}
          </span>
          <small>
            {percent(probability)}, loss {loss.toFixed(1)}
          </small>
        </li>
      ))}
    </ul>
  );
}
