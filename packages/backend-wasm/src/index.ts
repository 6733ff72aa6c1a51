export { wasm, type WasmBackend, type WasmOptions } from './wasm.js';
