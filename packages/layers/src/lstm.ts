import { mul, sigmoid, split, tanh, zeros, type Tensor, type Variable } from '@downhill/tensor';
import { Recurrent, type RecurrentOptions, type RecurrentState } from './recurrent.js';

/** The hidden units and the cell, [N, units] each. */
export interface LSTMState extends RecurrentState {
  readonly cell: Tensor | Variable;
}

/**
 * Long short-term memory: a cell that gates decide to keep, to add to and to show. Hochreiter & Schmidhuber (1997) with
 * the forget gate of Gers, Schmidhuber & Cummins (2000). Gates stand in the order input, forget, cell, output.
 */
export class LSTM extends Recurrent<LSTMState> {
  constructor(inputs: number, units: number, options: RecurrentOptions = {}) {
    super({ name: 'LSTM', gates: 4 }, inputs, units, options);
  }

  override start(count: number): LSTMState {
    const nothing = zeros([count, this.units], { dtype: this.hiddenWeight.dtype });
    return { hidden: nothing, cell: nothing };
  }

  protected override next(fromInput: Tensor, fromHidden: Tensor, { cell: before }: LSTMState): LSTMState {
    const [input, forget, candidate, output] = split(fromInput.add(fromHidden), 4, { axis: 1 });
    const cell = mul(sigmoid(forget), before).add(mul(sigmoid(input), tanh(candidate)));
    return { hidden: mul(sigmoid(output), tanh(cell)), cell };
  }
}
