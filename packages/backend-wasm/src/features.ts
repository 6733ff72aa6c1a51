/** What the engine knows of WebAssembly: a flag may change it while it runs. */
import { ModuleBuilder, type FunctionBuilder } from './assembler.js';

/** Whether the engine accepts what `write` emits: code that leaves one vector. */
function accepts(write: (f: FunctionBuilder) => void): boolean {
  const module = new ModuleBuilder(true);
  write(module.function([], ['v128']));
  return WebAssembly.validate(module.finish());
}

/** Whether the engine has 128-bit vectors. */
export function hasVectors(): boolean {
  return accepts((f) => f.f32x4Const(0));
}

/** Whether the engine has relaxed multiply-add. */
export function isRelaxed(): boolean {
  return accepts((f) =>
    f
      .f32x4Const(0)
      .f32x4Const(0)
      .multiplyAdd(() => f.f32x4Const(0)),
  );
}
