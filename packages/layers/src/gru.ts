import { add, mul, sigmoid, split, sub, tanh, zeros, type Tensor } from '@downhill/tensor';
import { Recurrent, type RecurrentOptions, type RecurrentState } from './recurrent.js';

/**
 * Gated recurrent units: one gate says how much of the past a candidate sees, another how far the units move to it.
 * Cho et al. (2014), with the reset gate behind the product, as PyTorch and cuDNN have it. Gates stand in the order
 * reset, update, candidate.
 */
export class GRU extends Recurrent<RecurrentState> {
  constructor(inputs: number, units: number, options: RecurrentOptions = {}) {
    super({ name: 'GRU', gates: 3 }, inputs, units, options);
  }

  override start(count: number): RecurrentState {
    return { hidden: zeros([count, this.units], { dtype: this.hiddenWeight.dtype }) };
  }

  protected override next(fromInput: Tensor, fromHidden: Tensor, { hidden }: RecurrentState): RecurrentState {
    const [inputReset, inputUpdate, inputCandidate] = split(fromInput, 3, { axis: 1 });
    const [hiddenReset, hiddenUpdate, hiddenCandidate] = split(fromHidden, 3, { axis: 1 });
    const reset = sigmoid(add(inputReset, hiddenReset));
    const update = sigmoid(add(inputUpdate, hiddenUpdate));
    const candidate = tanh(add(inputCandidate, mul(reset, hiddenCandidate)));
    return { hidden: add(candidate, mul(update, sub(hidden, candidate))) };
  }
}
