export { Dropout, type DropoutOptions } from './dropout.js';
export { type MaskOptions } from './mask.js';
