import { take, variable, type DType, type Generator, type Tensor, type Variable } from '@downhill/tensor';
import { checkExtents } from './extents.js';
import { gaussian, type Initializer } from './initializers.js';
import { Module } from './module.js';

export interface EmbeddingOptions {
  /** Where the rows start; normal with deviation 1 by default. */
  readonly initializer?: Initializer;
  /** What the initializer draws from; the default generator unless given. */
  readonly generator?: Generator;
  /** float32 by default. */
  readonly dtype?: DType;
}

/** A learnt row of numbers for each word of a vocabulary: whole numbers of [...] become [..., features]. */
export class Embedding extends Module {
  /** [count, features]: a row for each word. */
  readonly weight: Variable;

  /** `count` words, from 0 on, of `features` numbers each. */
  constructor(
    readonly count: number,
    readonly features: number,
    { initializer = gaussian(1), generator, dtype = 'float32' }: EmbeddingOptions = {},
  ) {
    super();
    checkExtents('Embedding', { count, features });
    const start = initializer([count, features], { fanIn: count, fanOut: features, generator, dtype });
    this.weight = variable(start, { name: 'weight' });
  }

  /** `words` are int32 or uint8 (else a DTypeError); one outside 0 to count - 1 is a DataError. */
  override forward(words: Tensor | Variable): Tensor {
    return take(this.weight, words);
  }
}
