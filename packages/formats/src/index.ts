export {
  decodeSafetensors,
  encodeSafetensors,
  safetensorsBlob,
  type DecodeOptions,
  type EncodeSafetensorsOptions,
  type Safetensors,
} from './safetensors.js';
export { decodeNpy, encodeNpy, npyBlob } from './npy.js';
