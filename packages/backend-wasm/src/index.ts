export { wasm, type WasmBackend, type WasmOptions } from './wasm.js';
export { type Engine } from './engine-flags.js';
