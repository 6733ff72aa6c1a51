import './single-copy.js';
export { isTensor, Tensor, type NestedArray, type TensorLike } from './tensor.js';
export { isVariable, variable, type Variable, type VariableOptions } from './variable.js';
export * from './compile.js';
export { hostInput, weakScalar, type HostInputOptions } from './host-input.js';
export { outsideTrace } from './trace.js';
export * from './errors.js';
export {
  allocateArray,
  bytesPerElement,
  DTYPES,
  isFloating,
  promote,
  promoteNumber,
  resultOf,
  viewArray,
  type DType,
  type TypedArray,
} from './dtype.js';
export { formatShape, sameShape, sizeOf, type Axis, type Shape } from './shape.js';
export type * from './operation.js';
export * from './ops/creation.js';
export * from './ops/elementwise.js';
export * from './ops/reduction.js';
export * from './ops/movement.js';
export * from './ops/contraction.js';
export * from './ops/indexing.js';
export * from './ops/marks.js';
export { generator, random, type Generator, type RandomOptions } from './random.js';
export * from './backend.js';
export { portable } from './portable/portable.js';
export type * from './lowering/graph.js';
export type * from './lowering/program.js';
export {
  addIndices,
  axesOf,
  axisIndex,
  coefficientOf,
  constantIndex,
  indexKey,
  indexOver,
  mapIndex,
  pointsOf,
  rangeOf,
  scaleIndex,
  shiftIndex,
  valuesOf,
  type Atom,
  type IndexExpression,
  type Term,
} from './lowering/index-expression.js';
export {
  binary,
  constantOf,
  load,
  operandsOf,
  registerOf,
  rewrite as rewriteExpression,
} from './lowering/expression.js';
export { accessesIn, loadsIn, type Access } from './lowering/accesses.js';
export { kernelCosts, type KernelCost } from './lowering/explain.js';
export { identityOf } from './lowering/identity.js';
export { countCompilations } from './executables.js';
