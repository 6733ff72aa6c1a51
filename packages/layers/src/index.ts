export { isModule, Module, type ForwardOptions, type LoadOptions, type LoadReport } from './module.js';
export { ModuleList } from './module-list.js';
export { Sequential } from './sequential.js';
export { Parallel } from './parallel.js';
export { Concatenate, type ConcatenateOptions } from './concatenate.js';
export { Residual, type ResidualOptions } from './residual.js';
export { Identity } from './identity.js';
export { Flatten } from './flatten.js';
export { substitute } from './substitute.js';
export { summary, type Summary, type SummaryOptions, type SummaryRow } from './summary.js';
export { Linear, type LinearOptions } from './linear.js';
export { Bilinear, type Pair } from './bilinear.js';
export { Embedding, type EmbeddingOptions } from './embedding.js';
export { BatchNorm1d, BatchNorm2d, type BatchNormOptions } from './batch-norm.js';
export { LayerNorm, type NormOptions } from './layer-norm.js';
export { GroupNorm } from './group-norm.js';
export { InstanceNorm, type InstanceNormOptions } from './instance-norm.js';
export { Recurrent, type RecurrentOptions, type RecurrentRun, type RecurrentState } from './recurrent.js';
export { LSTM, type LSTMState } from './lstm.js';
export { GRU } from './gru.js';
export { ReLU, Sigmoid, Softplus, Tanh } from './activations.js';
export { leakyRelu, LeakyReLU, type LeakyReLUOptions } from './leaky-relu.js';
export { PReLU, type PReLUOptions } from './prelu.js';
export { elu, ELU, type ELUOptions } from './elu.js';
export { selu, SELU, SELU_ALPHA, SELU_SCALE } from './selu.js';
export { gelu, GELU, type GELUOptions } from './gelu.js';
export { silu, SiLU } from './silu.js';
export { maxout, Maxout, type MaxoutOptions } from './maxout.js';
export { logSoftmax, LogSoftmax, softmax, Softmax, type SoftmaxOptions } from './softmax.js';
export { type LossOptions } from './loss.js';
export { crossEntropy, type CrossEntropyOptions } from './cross-entropy.js';
export { binaryCrossEntropy, type BinaryCrossEntropyOptions } from './binary-cross-entropy.js';
export { multiclassHinge, type MulticlassHingeOptions } from './multiclass-hinge.js';
export { meanSquaredError } from './mean-squared-error.js';
export { meanAbsoluteError } from './mean-absolute-error.js';
export { huberLoss, type HuberLossOptions } from './huber-loss.js';
export { kullbackLeibler } from './kullback-leibler.js';
export { contrastiveLoss, type MarginOptions } from './contrastive-loss.js';
export { tripletLoss } from './triplet-loss.js';
export {
  constant,
  gaussian,
  heNormal,
  heUniform,
  identity,
  lecunNormal,
  lecunUniform,
  orthogonal,
  xavierNormal,
  xavierUniform,
  type Initializer,
  type InitializerOptions,
} from './initializers.js';
export {
  activationStatistics,
  type ActivationStatisticsOptions,
  type LayerStatistics,
} from './activation-statistics.js';
